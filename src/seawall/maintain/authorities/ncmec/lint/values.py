"""Rules on one text each: BR01, BR04 to BR08, BR21."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from seawall.maintain.authorities.ncmec.fault import Fault, Level
from seawall.maintain.authorities.ncmec.lint.places import Place
from seawall.maintain.authorities.ncmec.schema import Base, Format
from seawall.maintain.authorities.ncmec.validation import day, moment
from seawall.maintain.authorities.ncmec.writing import illegal

_LOCAL_PART = 64
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@.<>()\[\],;:\\\"]+(\.[^\s@.<>()\[\],;:\\\"]+)+")


def values(there: Iterable[Place], now: datetime) -> Iterator[Fault]:
    """Yield what is wrong with texts by themselves.

    Args:
        there: The texts.
        now: The moment, aware.
    """
    for place in there:
        yield from _times(place, now)
        yield from _length(place)
        yield from _form(place)
        yield from _bounds(place)
        if place.name == "escalateToHighPriority" and not place.text.strip():
            yield Fault(
                place.path, "BR05", "it escalates by being there, and says no reason", "say why or leave it out"
            )
        number = illegal(place.text)
        if number:
            message = f"{number} signs cannot stand in XML"
            yield Fault(place.path, "BR21", message, "they are written out, as [U+0000]", Level.WARNING)


def _times(place: Place, now: datetime) -> Iterator[Fault]:
    if place.value.base is Base.DATE_TIME:
        at = moment(place.text)
        if at is None:
            return
        if at.tzinfo is None:
            yield Fault(place.path, "BR01", "a time has a zone", "write Z or an offset such as +02:00")
        elif at > now:
            yield Fault(place.path, "BR01", "it is in the future", "look at the clock that it comes from")
    elif place.value.base is Base.DATE:
        on = day(place.text)
        if on is not None and on >= now.astimezone(UTC).date():
            yield Fault(place.path, "BR01", "a day of birth is in the past")


def _length(place: Place) -> Iterator[Fault]:
    if place.longest is not None and len(place.text) > place.longest:
        yield Fault(place.path, "BR04", f"it has {len(place.text):,} characters, and may have {place.longest:,}")
    elif place.value.format is Format.EMAIL and len(place.text.partition("@")[0]) > _LOCAL_PART:
        yield Fault(place.path, "BR04", f"before the @ there are at most {_LOCAL_PART} characters")


def _form(place: Place) -> Iterator[Fault]:
    if place.value.format is Format.URL and not _is_url(place.text):
        yield Fault(place.path, "BR06", "it is no absolute URL", "write it with its scheme and host")
    elif place.value.format is Format.IP and not _is_ip(place.text):
        yield Fault(place.path, "BR07", "it is no IP address", "an IPv4 or IPv6 address without zone and prefix length")
    elif place.value.format is Format.EMAIL and not is_email(place.text):
        yield Fault(place.path, "BR02", "it is no e-mail address")


def _bounds(place: Place) -> Iterator[Fault]:
    least, most = place.value.least, place.value.most
    if least is None or most is None:
        return
    try:
        number = int(place.text)
    except ValueError:
        return
    if not least <= number <= most:
        rule = "BR07" if place.value.name == "port" else "BR08"
        yield Fault(place.path, rule, f"it is from {least} to {most}")


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def _is_url(text: str) -> bool:
    if not text or any(sign.isspace() for sign in text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.scheme and parts.hostname)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
