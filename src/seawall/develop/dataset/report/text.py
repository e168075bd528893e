"""How values are written for people: names made inert, numbers readable, moments and durations in words.

A name from a dataset may hold line breaks, direction overrides or broken code points; what is written shows them as
escapes and can neither reorder the text around it nor fail to encode.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that do not show, or that steer how other characters show."""

LONGEST = 4096
"""Characters of any one name that are written."""


def visible(value: object, limit: int = LONGEST) -> str:
    """Return a value as one line of text in which every character shows."""
    given = str(value)
    shown = "".join(_escape(each) if unicodedata.category(each) in _UNSEEN else each for each in given[:limit])
    return shown + ("…" if len(given) > limit else "")


def _escape(character: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return known.get(character) or f"\\u{{{ord(character):04x}}}"


def middle(value: object, limit: int = 56) -> str:
    """Return a value as `visible` does, cut in the middle so that a path keeps its beginning and its file name."""
    shown = visible(value)
    if len(shown) <= limit:
        return shown
    tail = (limit - 1) * 3 // 5
    return f"{shown[: limit - 1 - tail]}…{shown[-tail:]}"


def whole(value: float) -> str:
    """Return a number with thousands separated; a fraction keeps one digit."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(part: int, of: int) -> str:
    """Return a share, never rounded up to 100 % nor down to 0 %."""
    if of == 0:
        return "–"
    share = 100 * part / of
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %".replace(".0 %", " %")


def nearest(name: str, threshold: float) -> str:
    """Return a signal type with the largest distance that counts as a match."""
    return f"{visible(name, 24)} up to {threshold:g}" if threshold else f"{visible(name, 24)} exact"


def duration(seconds: float) -> str:
    """Return a duration in the two largest units that say something."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def moment(value: str | None) -> str:
    """Return an RFC 3339 moment to the minute; what cannot be read is shown as it is."""
    if not value:
        return "not known"
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return visible(value, 40)
    zone = "UTC" if not read.utcoffset() else f"UTC{read:%z}"
    return f"{read.day} {read:%B %Y, %H:%M} {zone if read.tzinfo else ''}".strip()
