"""The counts of a scan: a shard's receipt carries its tally, and the summary is the sum over receipts, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from seawall.policy import Action

from .judge import Judged


@dataclass(slots=True)
class Tally:
    """Counts of items and findings; tallies add up.

    `findings` counts rows that led to an action other than `allow`, canaries apart under `drill`;
    `known_fine` counts items that matched nothing but the operator's own negative banks.
    """

    items: int = 0
    unexamined: int = 0
    damaged: int = 0
    abstained: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    drill: int = 0
    known_fine: int = 0
    kept: int = 0
    media: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    findings_by_list: Counter[str] = field(default_factory=Counter)
    drill_by_list: Counter[str] = field(default_factory=Counter)
    distances: Counter[str] = field(default_factory=Counter)
    orientations: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    denied: Counter[str] = field(default_factory=Counter)

    @property
    def examined(self) -> int:
        """Items whose medium was read, or that have none."""
        return self.items - self.unexamined

    def add(self, judged: Judged) -> None:
        """Count one item and its findings."""
        row, decision = judged.row, judged.decision
        self.items += 1
        self.media[row.examined.kind.medium.value] += 1
        self.actions[decision.action.value] += 1
        self.kept += decision.action is Action.ALLOW
        self.known_fine += judged.known_fine
        for finding in judged.findings:
            if finding["action"] != Action.ALLOW:
                self._add_finding(finding, actionable=row.origin.actionable)
        if row.examined.problem is not None:
            self.unexamined += 1
            self.problems[row.examined.problem.code] += 1
            return
        self.damaged += row.examined.damaged
        if row.examined.abstained is not None:
            self.abstained[row.examined.abstained] += 1

    def _add_finding(self, finding: Mapping[str, Any], *, actionable: bool) -> None:
        """Count one row of findings.jsonl."""
        name = finding["list"]
        if finding["drill"]:
            self.drill += 1
            self.drill_by_list[name] += 1
        else:
            self.findings += 1
            self.findings_by_list[name] += 1
            self.origins["actionable" if actionable else "informational"] += 1
            self.origins.update(key for key, value in finding["origin"].items() if value is not None)
        if finding["type"] == "source":
            self.denied[f"{name}@{finding['list_version']}"] += 1
            return
        if finding["distance"] is not None:
            self.distances[f"{name}\t{finding['distance']:g}"] += 1
        if finding["orientation"]:
            self.orientations[finding["orientation"]] += 1
        self.labels.update(finding["labels"])

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-able values."""
        return {
            each.name: dict(value) if isinstance(value := getattr(self, each.name), Counter) else value
            for each in fields(self)
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a tally from `to_dict`."""
        tally = cls()
        for each in fields(cls):
            value = data[each.name]
            setattr(tally, each.name, Counter(value) if isinstance(value, dict) else value)
        return tally
