"""Until when an appeal is taken: calendar months from the day on which the party was told, counted in their favour.

Months are counted as Regulation (EEC, Euratom) No 1182/71, article 3, counts them: to the day of the same number, or
the last of a shorter month, to its end; and on to the next working day if that is a Saturday or a Sunday.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta

_EARLIEST = timedelta(hours=14)
"""The zone in which a day begins first is so far ahead of UTC."""
_LATEST = timedelta(hours=12)
"""The zone in which a day ends last is so far behind it."""
_SATURDAY = 5


def months_later(day: date, months: int) -> date:
    """Return the day of the same number so many months later, or the last one of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def window_end(begins: datetime, months: int) -> datetime:
    """Return the first moment at which an appeal comes too late, wherever on earth the party is.

    Args:
        begins: When the party was told, with its time zone.
        months: How many months the party has.

    Raises:
        ValueError: If the moment has no time zone.
    """
    if begins.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    told = (begins.astimezone(UTC) + _EARLIEST).date()
    last = months_later(told, months)
    while last.weekday() >= _SATURDAY:
        last += timedelta(days=1)
    return datetime.combine(last + timedelta(days=1), time(), UTC) + _LATEST
