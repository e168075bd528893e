"""Recorded decisions judged again by another policy: what would have been decided, counted, without any content.

Drills and what was not examined are counted apart, so that they neither hide nor make up a change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from seawall.policy.guard.facts import Facts
from seawall.policy.guard.judge import judge
from seawall.policy.guard.judgement import GuardAction, Judgement
from seawall.policy.guard.model import GuardPolicy

MOST_EXAMPLES = 5


class Recorded(Protocol):
    """A recorded decision, as `seawall.decisions.DecisionRecord` is one."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def action(self) -> GuardAction:
        """What was decided."""
        ...

    @property
    def judgement(self) -> Judgement | None:
        """What the policy then said; None if nothing was examined."""
        ...

    @property
    def facts(self) -> Facts | None:
        """What it was judged from; None if nothing was examined."""
        ...

    @property
    def drill(self) -> bool:
        """Whether canaries alone led to it."""
        ...


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule gave the action.

    Attributes:
        before: In the record.
        after: By the new policy.
    """

    before: int
    after: int


Matrix = dict[tuple[GuardAction, GuardAction], int]
"""Decisions by the action then and the action now."""


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """What another policy makes of recorded decisions.

    Attributes:
        policy: The policy, as people call it.
        hash: Its hash.
        decisions: How many decisions there were.
        matrix: Those that are no drills, by the action then and now.
        drills: Drills, likewise.
        not_examined: Decisions on what was out of scope: no policy judged it, and none does now.
        without_facts: Other decisions that carry no facts and cannot be judged again.
        rules: How often each rule gave the action, drills left out.
        examples: Ids of a few decisions for each change.
    """

    policy: str
    hash: str
    decisions: int
    matrix: Matrix
    drills: Matrix
    not_examined: int
    without_facts: int
    rules: dict[str, RuleCount]
    examples: dict[tuple[GuardAction, GuardAction], tuple[str, ...]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many decisions that are no drills get another action."""
        return sum(count for (before, after), count in self.matrix.items() if before is not after)

    @property
    def milder(self) -> int:
        """How many decisions that are no drills get a milder action."""
        return sum(count for (before, after), count in self.matrix.items() if after.severity < before.severity)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "policy": self.policy,
            "hash": self.hash,
            "decisions": self.decisions,
            "changed": self.changed,
            "milder": self.milder,
            "matrix": _rows(self.matrix),
            "drills": _rows(self.drills),
            "not_examined": self.not_examined,
            "without_facts": self.without_facts,
            "rules": {name: {"before": each.before, "after": each.after} for name, each in sorted(self.rules.items())},
            "examples": [
                {"before": before.value, "after": after.value, "decisions": list(ids)}
                for (before, after), ids in sorted(self.examples.items())
            ],
        }


def backtest(policy: GuardPolicy, records: Iterable[Recorded]) -> BacktestReport:
    """Judge recorded decisions again. Records are read once, one after the other, and not kept."""
    matrix: Counter[tuple[GuardAction, GuardAction]] = Counter()
    drills: Counter[tuple[GuardAction, GuardAction]] = Counter()
    before_by_rule: Counter[str] = Counter()
    after_by_rule: Counter[str] = Counter()
    examples: dict[tuple[GuardAction, GuardAction], list[str]] = {}
    decisions = not_examined = without_facts = 0
    for record in records:
        decisions += 1
        if record.action is GuardAction.NOT_EXAMINED:
            not_examined += 1
            continue
        if record.facts is None:
            without_facts += 1
            continue
        # A refusal from outside the policy, such as a model that is switched off, is not the policy's.
        then = record.judgement.action if record.judgement else record.action
        now = judge(policy, record.facts)
        pair = (then, now.action)
        if record.drill or now.drill:
            drills[pair] += 1
            continue
        matrix[pair] += 1
        before_by_rule.update(record.judgement.rules if record.judgement else ())
        after_by_rule.update(now.rules)
        if then is not now.action and len(shown := examples.setdefault(pair, [])) < MOST_EXAMPLES:
            shown.append(record.id)
    return BacktestReport(
        policy=policy.label,
        hash=policy.hash,
        decisions=decisions,
        matrix=dict(matrix),
        drills=dict(drills),
        not_examined=not_examined,
        without_facts=without_facts,
        rules={
            name: RuleCount(before_by_rule[name], after_by_rule[name])
            for name in before_by_rule.keys() | after_by_rule.keys()
        },
        examples={pair: tuple(ids) for pair, ids in examples.items()},
    )


def _rows(matrix: Matrix) -> list[dict[str, Any]]:
    return [
        {"before": before.value, "after": after.value, "decisions": count}
        for (before, after), count in sorted(matrix.items())
    ]
