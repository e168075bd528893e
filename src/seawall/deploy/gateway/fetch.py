"""Fetching an address that somebody else has written: from allowed hosts alone, to a public address that was looked at.

The address is resolved once and the connection goes to exactly that one, so that a name cannot change its mind between
the look and the fetch. Redirects are looked at like the first address. Nothing touches a disk.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from seawall.deploy.gateway.errors import FetchFailed, FetchRefused
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.spool import MediaBudget, SpooledMedia

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at.

    Attributes:
        url: As it was written.
        scheme: `http` or `https`.
        host: The name.
        port: The port.
        path: Path and query.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """How a list may name it: with its port, or without if it is the usual one."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        exact = f"{shown}:{self.port}"
        return (exact, shown, self.host) if self.port == _PORTS[self.scheme] else (exact,)


class SafeFetcher:
    """Fetches from hosts that are allowed.

    Args:
        hosts: Names; a name with a port allows that port, one without the usual ports.
        limit: Most bytes.
        seconds: Most seconds, redirects included.
        allow_private: Those of the hosts that may be on private addresses, such as the model server itself.
        budget: Memory shared with everything else under way.
        resolve: Resolves names; the system's by default.
    """

    def __init__(
        self,
        hosts: Collection[str],
        *,
        limit: int = 64 << 20,
        seconds: float = 30.0,
        allow_private: Collection[str] = frozenset(),
        budget: MediaBudget | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._private = frozenset(_folded(each) for each in allow_private)
        self._hosts = frozenset(_folded(each) for each in hosts) | self._private
        self._limit = limit
        self._seconds = seconds
        self._budget = budget
        self._resolve = resolve or _system

    async def fetch(self, url: str) -> Media:
        """Return the bytes under an address.

        Raises:
            FetchRefused: If it, or one that it leads to, is not allowed.
            FetchFailed: If it cannot be fetched within its bounds.
        """
        import httpx

        media = SpooledMedia.create(self._limit, self._budget)
        try:
            async with asyncio.timeout(self._seconds), httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
                for _ in range(MAX_REDIRECTS + 1):
                    target = self.looked_at(url)
                    following = await self._once(client, target, await self._address(target), media)
                    if following is None:
                        return media.seal()
                    url = following
            raise FetchFailed("the address leads to another too often")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError):
            media.close()
            raise FetchFailed from None
        except BaseException:
            media.close()
            raise

    def looked_at(self, url: str) -> Target:
        """Return the parts of an address that is allowed.

        Raises:
            FetchRefused: If it is not.
        """
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
            port = parts.port or _PORTS.get(scheme, 0)
        except ValueError:
            raise FetchRefused("the address cannot be read") from None
        if scheme not in _PORTS or not host:
            raise FetchRefused("only http and https addresses are fetched")
        if "@" in parts.netloc or "\\" in url or any(ord(sign) <= 0x20 or ord(sign) == 0x7F for sign in url):
            raise FetchRefused("the address has a name, a password or stray signs in it")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = Target(url, scheme, host, port, path)
        if not self._hosts.intersection(target.names):
            raise FetchRefused("the host or port of the address is not allowed")
        return target

    async def _address(self, target: Target) -> str:
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise FetchFailed("the host of the address is not known") from None
        if not found:
            raise FetchFailed("the host of the address is not known")
        # One bad address among several is enough to refuse: which of them is used must not be a matter of chance.
        if not self._private.intersection(target.names) and not all(public(each) for each in found):
            raise FetchRefused("the host of the address is not on a public address")
        return found[0]

    async def _once(self, client: httpx.AsyncClient, target: Target, address: str, media: SpooledMedia) -> str | None:
        """Fetch, and return where it leads, if it leads on."""
        shown = f"[{address}]" if ":" in address else address
        host = f"[{target.host}]" if ":" in target.host else target.host
        headers = {"host": f"{host}:{target.port}", "accept": "*/*", "accept-encoding": "identity"}
        if target.port == _PORTS[target.scheme]:
            headers["host"] = host
        async with client.stream(
            "GET",
            f"{target.scheme}://{shown}:{target.port}{target.path}",
            headers=headers,
            extensions={"sni_hostname": target.host},
            follow_redirects=False,
        ) as answer:
            if answer.status_code in _REDIRECTS:
                return urljoin(target.url, str(answer.headers.get("location", "")))
            if answer.status_code != 200:
                raise FetchFailed("the address does not answer with a file")
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchFailed("the file is encoded")
            async for chunk in answer.aiter_raw():
                media.write(chunk)
        return None


class BlockingFetcher:
    """The same for threads, as the server's `url=` asks for it.

    Args:
        hosts: Names that are allowed.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(hosts)

    def fetch(self, url: str, limit: int) -> Media:
        """Return the bytes under an address.

        Raises:
            SeawallError: As `SafeFetcher.fetch`.
        """
        return asyncio.run(SafeFetcher(self._hosts, limit=limit).fetch(url))


def public(address: str) -> bool:
    """Whether an address is one of the public internet, in whatever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _NAT64):
            return False
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _folded(host: str) -> str:
    return host.strip().lower().rstrip(".")


async def _system(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]
