"""Faults on order: at which call, what goes wrong.

A plan is a JSON list of `{"call": "finish", "nth": 1, "fault": "drop_after"}`. `call` is the last part of the path, or
`*`; `nth` counts the calls of that name from now on, and without it the fault comes every time. A code is ordered by
`{"fault": "code", "code": 1100}`; with `"after": true` the work is done first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from seawall.errors import UsageError


class FaultKind(StrEnum):
    """What goes wrong."""

    DROP_BEFORE = "drop_before"
    """The connection ends without an answer, and nothing was done."""
    DROP_AFTER = "drop_after"
    """It was done, and the connection ends without an answer."""
    ERROR_BEFORE = "error_before"
    """Status 500, and nothing was done."""
    ERROR_AFTER = "error_after"
    """It was done, and the status is 500."""
    HTML = "html"
    """A page with the status 200, and nothing was done."""
    HTML_AFTER = "html_after"
    """It was done, and a page is what comes back."""
    SLOW = "slow"
    """It was done, and the answer comes after `seconds`."""
    WRONG_MD5 = "wrong_md5"
    """The digest of an upload is of something else."""
    DUPLICATE_ID = "duplicate_id"
    """A report gets the id of the one before."""
    UNAUTHORIZED = "unauthorized"
    """Status 401 with an empty body."""
    TOO_MANY = "too_many"
    """Status 429, and nothing was done."""
    CODE = "code"
    """The code that is named, with the status 200."""
    LATIN1 = "latin1"
    """It was done, and the answer is in ISO-8859-1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        call: Last part of the path, or `*`.
        kind: What goes wrong.
        nth: At which call of that name from now on; None for each.
        code: Of the reply, for `code`.
        after: Whether the work is done first, for `code`.
        seconds: How late the answer is, for `slow`.
    """

    call: str
    kind: FaultKind
    nth: int | None = None
    code: int = 1000
    after: bool = False
    seconds: float = 5.0


@dataclass(slots=True)
class FaultPlan:
    """The faults that are ordered. May be shared between threads."""

    faults: list[Fault] = field(default_factory=list)
    _calls: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def order(self, written: Any) -> None:
        """Order faults anew, in the place of those before; calls are counted from now on.

        Raises:
            UsageError: If it is no plan.
        """
        made = list(_read(written))
        with self._lock:
            self.faults, self._calls = made, {}

    def next(self, call: str) -> Fault | None:
        """Count a call, and return what goes wrong with it."""
        with self._lock:
            number = self._calls[call] = self._calls.get(call, 0) + 1
            fits = (each for each in self.faults if each.call in (call, "*") and each.nth in (None, number))
            return next(fits, None)


def _read(written: Any) -> Iterable[Fault]:
    if not isinstance(written, list):
        raise UsageError("a plan of faults is a list")
    for number, each in enumerate(written, 1):
        if not isinstance(each, Mapping) or not isinstance(each.get("call"), str):
            raise UsageError(f"fault {number}: name the call")
        unknown = sorted(set(each) - {"call", "fault", "nth", "code", "after", "seconds"})
        if unknown:
            raise UsageError(f"fault {number}: there is no {str(unknown[0])[:40]!r}")
        try:
            kind = FaultKind(str(each.get("fault")))
        except ValueError:
            raise UsageError(f"fault {number}: the fault is one of {', '.join(FaultKind)}") from None
        nth, code, seconds = each.get("nth"), each.get("code", 1000), each.get("seconds", 5.0)
        if not all(isinstance(value, int) for value in (nth or 1, code)) or not isinstance(seconds, int | float):
            raise UsageError(f"fault {number}: nth and code are whole numbers, seconds is a number")
        yield Fault(each["call"], kind, nth, code, bool(each.get("after", False)), float(seconds))
