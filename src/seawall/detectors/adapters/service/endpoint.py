"""Where a service is and how patiently it is asked; whether content leaves this host on the way is computed here.

Secrets come from the environment by name, in header values alone: addresses end up in logs, and files in backups.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.errors import SecretMissing

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_SECRET = re.compile(r"auth|key|token|secret|cookie|passw|signature|\bsig\b|credential", re.IGNORECASE)
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "content-encoding", "accept-encoding"})
_LOOPBACK_NAME = re.compile(r"(?:.+\.)?localhost\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service.

    Attributes:
        url: Address, without secrets.
        headers: Headers to send; `${NAME}` in a value stands for an environment variable.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait for the next bytes.
        total_seconds: Longest time for one request, its retries and waits included.
        retries: How often a request is sent again when the service was busy or not there.
        longest_wait: Longest wait between two attempts; a service that asks for more has failed.
        proxy: Address of a proxy; the environment's are not used.
        unix_socket: Socket file to connect to instead of the address's host.
        ca_file: Certificates to trust instead of the public ones.
        forwards_off_host: Whether the operator says that a service on this host passes content on to another.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    total_seconds: float = 60.0
    retries: int = 2
    longest_wait: float = 20.0
    proxy: str | None = None
    unix_socket: Path | None = None
    ca_file: Path | None = None
    forwards_off_host: bool = False

    @property
    def leaves_host(self) -> bool:
        """Whether what is sent leaves this host; a private network and any proxy count as leaving it."""
        if self.forwards_off_host or self.proxy is not None:
            return True
        return self.unix_socket is None and not is_loopback(urlsplit(self.url).hostname or "")

    def with_secrets(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the headers as they are sent.

        Raises:
            SecretMissing: If a variable is not set, or holds what no header can.
        """
        return {name: _filled(value, environment) for name, value in self.headers.items()}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this very host."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _LOOPBACK_NAME.fullmatch(host) is not None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def read_endpoint(section: Section, *, key: str = "url", path: str = "") -> Endpoint:
    """Read the keys of a service.

    Args:
        section: The model's keys.
        key: Name of the key that has the address.
        path: What is added to the address.

    Raises:
        ConfigurationError: If one is not as it must be.
    """
    cleartext = section.flag("allow_cleartext", False)
    unix_socket = section.path("unix_socket") if section.text_or_none("unix_socket") else None
    url = _checked_url(section, key, cleartext=cleartext or unix_socket is not None)
    if path and (urlsplit(url).query or url.rstrip("/").endswith("/v1")):
        raise section.wrong(key, f"is what comes before {path}")
    headers = section.section("headers", optional=True)
    return Endpoint(
        url=url.rstrip("/") + path if path else url,
        headers={name: _checked_header(headers, name) for name in headers.names()},
        connect_seconds=section.number("connect_seconds", 5.0, least=0.01, most=60),
        read_seconds=section.number("read_seconds", 30.0, least=0.01, most=600),
        total_seconds=section.number("total_seconds", 60.0, least=0.01, most=900),
        retries=section.whole("retries", 2, least=0, most=10),
        longest_wait=section.number("longest_wait_seconds", 20.0, least=0, most=300),
        proxy=_checked_url(section, "proxy", cleartext=cleartext) if section.text_or_none("proxy") else None,
        unix_socket=unix_socket,
        ca_file=section.path("ca_file") if section.text_or_none("ca_file") else None,
        forwards_off_host=section.flag("forwards_off_host", False),
    )


def _checked_url(section: Section, key: str, *, cleartext: bool) -> str:
    url = section.text(key)
    try:
        parts = urlsplit(url)
        _ = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise section.wrong(key, "is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not _VISIBLE.fullmatch(url) or " " in url:
        raise section.wrong(key, "is an http or https address")
    if parts.username is not None or parts.password is not None or parts.fragment or "${" in url:
        raise section.wrong(key, "holds no user, password, fragment or variable", "secrets go into headers")
    if any(_SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise section.wrong(key, "holds what looks like a secret", "addresses end up in logs: use a header")
    if _sends_in_the_clear(parts) and not cleartext:
        raise section.wrong(
            key, "would send content unencrypted to another host", "use https, or allow_cleartext: true"
        )
    return parts._replace(scheme=parts.scheme.lower()).geturl()


def _sends_in_the_clear(parts: SplitResult) -> bool:
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _checked_header(section: Section, name: str) -> str:
    value = section.text(name)
    if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS or not _VISIBLE.fullmatch(value):
        raise section.wrong(name[:40], "is no header that can be set")
    if _SECRET.search(name) and not _REFERENCE.search(value):
        raise section.wrong(name, "is a secret", "write ${NAME} and set that environment variable")
    if "${" in _REFERENCE.sub("", value):
        raise section.wrong(name, "has a variable that is not written ${NAME}")
    return value


def _filled(value: str, environment: Mapping[str, str]) -> str:
    def look_up(found: re.Match[str]) -> str:
        name = found.group(1)
        if not environment.get(name):
            raise SecretMissing(f"the environment variable {name} is not set")
        if not _VISIBLE.fullmatch(environment[name]):
            raise SecretMissing(f"the environment variable {name} holds what no header can carry")
        return environment[name]

    return _REFERENCE.sub(look_up, value)
