"""Checking whole datasets against the registers: every row is read, no medium is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.content.item import Problem
from seawall.content.origin import Origin
from seawall.develop.dataset.readers import plan, read
from seawall.develop.sources.register import Registers, readable
from seawall.develop.sources.rules import Verdict

_SAID_ENOUGH = frozenset(
    {"not_fetched", "not_found", "no_content", "path_escapes", "special_file", "link", "encrypted", "bomb", "sparse"}
)
"""Problems of items whose bytes cannot be had, though their row could be read."""
_BAD_ADDRESS = Problem("bad_address", "the row's address cannot be understood")


@dataclass(frozen=True, slots=True)
class Checked:
    """One item of a dataset, checked.

    Attributes:
        item: Its key.
        origin: Its source chain.
        verdict: What the registers say; None if nothing.
        problem: Why the row could not be read.
    """

    item: str
    origin: Origin
    verdict: Verdict | None = None
    problem: Problem | None = None

    @property
    def denied(self) -> bool:
        """Whether the source is denied."""
        return self.verdict is not None and self.verdict.denied

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        verdict, problem = self.verdict, self.problem
        row: dict[str, Any] = {"item": self.item, "origin": self.origin.to_dict()}
        if verdict is not None:
            row |= {
                "denied": verdict.denied,
                "list": verdict.register,
                "list_version": verdict.version,
                "entry": verdict.rule,
                "expert": verdict.expert,
                "reason": verdict.reason,
            }
        if problem is not None:
            row["error"] = {"code": problem.code, "message": problem.message}
        return row


def check_sources(locations: Sequence[str], registers: Registers) -> Iterator[Checked]:
    """Check every item of datasets.

    Args:
        locations: Anything that can be scanned.
        registers: The registers.

    Yields:
        Every item, in order.

    Raises:
        NotFound: If a location does not exist.
    """
    for shard in plan(locations):
        for item in read(shard, media=False):
            problem = item.problem
            if problem is not None and problem.code in _SAID_ENOUGH:
                problem = None
            if problem is None and not readable(item.origin):
                problem = _BAD_ADDRESS
            yield Checked(item.key, item.origin, registers.check(item.origin), problem)
