"""The one way to write an identifier before it is keyed, so that host and seawall come to the same token.

What only some mail providers ignore is taken away for those alone: elsewhere two addresses are two people's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import IPv6Interface, ip_interface, ip_network

from seawall.accounts.errors import LinkError

_MOST = 512
_SIGNS = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DOTS_AND_PLUS = {"gmail.com", "googlemail.com"}
_PLUS = {
    "outlook.com",
    "hotmail.com",
    "live.com",
    "icloud.com",
    "me.com",
    "fastmail.com",
    "proton.me",
    "protonmail.com",
}
_SAME = {"googlemail.com": "gmail.com"}


def opaque(value: str) -> str:
    """Without white space around it; case counts."""
    text = value.strip()
    if not 0 < len(text) <= _MOST:
        raise LinkError(f"the value must have 1 to {_MOST} characters")
    return text


def email(value: str) -> str:
    """In small letters, without what the provider ignores; the domain in ASCII."""
    local, _, domain = unicodedata.normalize("NFKC", opaque(value)).casefold().rpartition("@")
    try:
        domain = domain.rstrip(".").encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not local or "." not in domain or any(sign.isspace() for sign in local):
        raise LinkError("the value is not an e-mail address")
    if domain in _DOTS_AND_PLUS or domain in _PLUS:
        local = local.partition("+")[0]
    if domain in _DOTS_AND_PLUS:
        local = local.replace(".", "")
    if not local:
        raise LinkError("the value is not an e-mail address")
    return f"{local}@{_SAME.get(domain, domain)}"


def phone(value: str) -> str:
    """E.164: a plus, the country, the number; no signs between."""
    text = _SIGNS.sub("", unicodedata.normalize("NFKC", opaque(value)))
    if not _PHONE.fullmatch(text):
        raise LinkError("the value is not a telephone number with its country, such as +1...")
    return text


def network(value: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 address: never the address itself."""
    try:
        found = ip_interface(opaque(value))
    except ValueError:
        raise LinkError("the value is not an IP address") from None
    address = found.ip.ipv4_mapped if isinstance(found, IPv6Interface) and found.ip.ipv4_mapped else found.ip
    length = 24 if address.version == 4 else 48
    if found.network.prefixlen < length:
        raise LinkError("the value is a network of more than one /24 or /48")
    return str(ip_network(f"{address}/{length}", strict=False))


def digest(value: str) -> str:
    """64 hex digits, small; the host computes them."""
    text = opaque(value).lower()
    if not _DIGEST.fullmatch(text):
        raise LinkError("the value is not a SHA-256 digest in hex")
    return text


FORMS: Mapping[str, Callable[[str], str]] = {
    "opaque": opaque,
    "email": email,
    "phone": phone,
    "network": network,
    "digest": digest,
}
