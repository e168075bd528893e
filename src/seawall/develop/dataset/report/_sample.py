"""Some rows of many: a report shows a bounded number and always says how many there are.

Rows are kept by kind, so that a million drill rows never push out the one that is real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._shapes import ReportDataError, count, mapping, sequence

LIMIT = 500
"""Rows kept of each kind."""

_KINDS = 8
"""Kinds kept apart; further ones share what room there is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of each kind, and how many rows there were.

    Attributes:
        rows: The rows, JSON-able, in the order given.
        total: Rows there were.
    """

    rows: tuple[dict[str, Any], ...] = ()
    total: int = 0

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], *, limit: int = LIMIT, total: int | None = None) -> Self:
        """Take rows one at a time, holding no more than a bounded number.

        Args:
            rows: Rows of findings.jsonl or of items that were not examined; a generator will do.
            limit: Rows to keep of each kind (real, drill, allowed; unexamined, damaged, abstained).
            total: How many there are, if `rows` is cut already; never less than were seen.
        """
        kept: list[dict[str, Any]] = []
        held: Counter[tuple[Any, ...]] = Counter()
        seen = 0
        for row in sequence(rows, "a sample"):
            seen += 1
            kind = _kind(mapping(row, "a row of a sample"))
            kind = kind if kind in held or len(held) < _KINDS else ("more",)
            if held[kind] < limit:
                held[kind] += 1
                kept.append(dict(row))
        return cls(tuple(kept), max(seen, total or 0))

    @classmethod
    def from_value(cls, value: Any, where: str) -> Self:
        """Read a sample as a caller or a JSON file gives it: a Sample, `{rows, total}`, or rows."""
        if isinstance(value, Sample):
            return cls(value.rows, value.total)
        if isinstance(value, Mapping):
            if set(value) != {"rows", "total"}:
                raise ReportDataError(f"{where} has rows and a total")
            return cls.of(value["rows"], total=count(value["total"], f"{where}.total"))
        return cls.of(value)

    def to_dict(self) -> dict[str, Any]:
        """Return the sample as JSON-able values."""
        return {"rows": [dict(row) for row in self.rows], "total": self.total}


def _kind(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return bool(row.get("drill")), str(row.get("status"))[:20], row.get("action") == "allow"
