"""One spelling for each source, so that a rule is found by a look-up and not by a search.

Host names follow IDNA as browsers apply it (UTS 46, nontransitional, in outline): NFKC, lower case, punycode. Addresses
follow RFC 3986 section 6: one case, one percent-encoding, no default port, no dot segments; scheme http or https,
user name and fragment tell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_IGNORED = re.compile("[\u00ad\u200b\u2060\ufeff\t\n\r]")
_PERCENT = re.compile("%([0-9A-Fa-f]{2})")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
_MAX_URL = 1 << 16


def normal_host(text: str) -> str:
    """Return a host name in its one spelling.

    Raises:
        ValueError: If it is no host name.
    """
    host = _IGNORED.sub("", unquote(text)).translate(_DOTS).strip().strip("[]")
    if ":" in host:
        return str(ip_address(host.partition("%")[0]))
    host = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", host).lower()).translate(_DOTS)
    host = host.removesuffix(".")
    if not host or len(host) > 1000:
        raise ValueError("no host name")
    return ".".join(_label(label) for label in host.split("."))


def normal_domain(text: str) -> str:
    """Return the domain of a rule: a host name, `*.host`, or an address whose host is meant.

    Raises:
        ValueError: If it is neither.
    """
    said = text.strip()
    if "/" in said or "@" in said or _SCHEME.match(said):
        return split_url(said)[1]
    said = said.removeprefix("*").removeprefix(".")
    host, colon, port = said.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        said = host
    return normal_host(said)


def normal_url(text: str) -> str:
    """Return an address in its one spelling, without scheme if that is http or https.

    Raises:
        ValueError: If it is no address with a host.
    """
    scheme, host, port, rest = split_url(text)
    path, question, query = rest.partition("?")
    shown = f"[{host}]" if ":" in host else host
    at = f":{port}" if port is not None and port != _DEFAULT_PORTS.get(scheme) else ""
    before = "" if scheme in ("http", "https") else f"{scheme}:"
    return f"{before}//{shown}{at}{_without_dots(_percent(path))}{question}{_percent(query)}"


def split_url(text: str) -> tuple[str, str, int | None, str]:
    """Return scheme, normal host, port, and path with query.

    Raises:
        ValueError: If the text is no address with a host.
    """
    said = _IGNORED.sub("", text.strip())
    if len(said) > _MAX_URL:
        raise ValueError("the address is too long")
    said, _, _ = said.partition("#")
    address, question, query = said.partition("?")
    address = address.replace("\\", "/")
    if not _SCHEME.match(address):
        address = "http:" + (address if address.startswith("//") else "//" + address)
    parts = urlsplit(address)
    host = parts.hostname
    if host is None:
        raise ValueError("the address has no host")
    return parts.scheme.lower(), normal_host(host), parts.port, (parts.path or "/") + question + query


def parents(host: str) -> Iterator[str]:
    """Yield a host and the domains above it, the nearest first; an IP address has none above it."""
    yield host
    if ":" in host or host.rpartition(".")[2].isdigit():
        return
    while "." in host:
        host = host.partition(".")[2]
        yield host


def normal_name(text: str) -> str:
    """Return the name of a dataset or collection in its one spelling.

    Raises:
        ValueError: If it is empty.
    """
    name = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("/")
    if not name:
        raise ValueError("the name is empty")
    return name


def names_of(text: str) -> Iterator[str]:
    """Yield the names that a dataset answers to: all of it, and as `owner/name` and `name` if it is a path or URL."""
    try:
        name = normal_name(text)
    except ValueError:
        return
    yield name
    parts = name.split("/")
    if len(parts) > 2:
        yield "/".join(parts[-2:])
    if len(parts) > 1:
        yield parts[-1]


def _label(label: str) -> str:
    if not label.isascii():
        label = "xn--" + label.encode("punycode").decode("ascii")
    if not _LABEL.fullmatch(label) or len(label) > 63:
        raise ValueError("no host name")
    return label


def _percent(text: str) -> str:
    if not text.isascii():
        text = "".join(
            char if char.isascii() else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
            for char in text
        )

    def one(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in _UNRESERVED else "%" + found[1].upper()

    return _PERCENT.sub(one, text).replace(" ", "%20")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for place, segment in enumerate(segments):
        last = place + 1 == len(segments)
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/".join(kept)
