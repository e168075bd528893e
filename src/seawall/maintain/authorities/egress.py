"""What leaves towards authorities: to the hosts that are named, and to no other."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from seawall.errors import SeawallError


class HostForbidden(SeawallError):
    """A host is not one that this environment names. Nothing was sent."""

    code = "host_forbidden"


class Unreached(SeawallError):
    """Nothing was sent: the host could not be reached. It is safe to try again."""

    code = "authority_unreached"


class Unanswered(SeawallError):
    """What was sent may have been taken or not: no answer came that can be read."""

    code = "authority_unanswered"


class GuardedTransport(httpx.BaseTransport):
    """Reaches named hosts alone, and each without being asked to repeat anything.

    Args:
        hosts: Those that may be reached, as `host` or `host:port`; none for none at all.
        inner: What reaches them; by default the network.
    """

    def __init__(self, hosts: Collection[str], inner: httpx.BaseTransport | None = None) -> None:
        self._hosts = frozenset(hosts)
        self._inner = inner if inner is not None else httpx.HTTPTransport(retries=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, if its host may be reached.

        Raises:
            HostForbidden: If not; nothing was sent then.
        """
        url = request.url
        named = url.host if url.port is None else f"{url.host}:{url.port}"
        if named not in self._hosts:
            raise HostForbidden("the host of this call is not one that the environment names")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close connections."""
        self._inner.close()
