"""Backtests: recorded decisions judged again, and counted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from seawall.decisions import DecisionRecord
from seawall.policy.guard import (
    CheckKind,
    Facts,
    GuardAction,
    GuardPolicy,
    Judgement,
    Look,
    judge,
    load_guard_policy,
    parse_guard_policy,
)
from seawall.policy.guard.backtest import MOST_EXAMPLES, RuleCount, backtest
from seawall.policy.separation import Partition
from tests.policy.guard.guard_facts import small

OLD = parse_guard_policy(small("[{id: wide, when: {score: {class: quux, at_least: 0.5}}, action: block}]"))
NEW = parse_guard_policy(
    small("[{id: narrow, when: {score: {class: quux, at_least: 0.8}}, action: review}]", version=2)
)


def _record(number: int, facts: Facts, policy: GuardPolicy = OLD) -> DecisionRecord:
    judgement = judge(policy, facts)
    return DecisionRecord(
        f"{number:032x}", "2026-01-01T00:00:00Z", facts.kind, "acc", judgement.action, judgement, facts
    )


def test_decisions_are_counted_by_the_action_then_and_now() -> None:
    scores = [0.1, 0.6, 0.7, 0.9, 0.95]
    records = [_record(n, Facts(CheckKind.INPUT, real=Look(scores={"quux": s}))) for n, s in enumerate(scores)]
    report = backtest(NEW, iter(records))
    allow, review, block = GuardAction.ALLOW, GuardAction.REVIEW, GuardAction.BLOCK
    assert report.matrix == {(allow, allow): 1, (block, allow): 2, (block, review): 2}
    assert (report.decisions, report.changed, report.milder) == (5, 4, 4)
    assert report.rules == {"wide": RuleCount(4, 0), "narrow": RuleCount(0, 2)}
    assert report.examples[block, allow] == (records[1].id, records[2].id)


def test_a_policy_changes_nothing_of_its_own_record() -> None:
    records = [_record(n, Facts(CheckKind.OUTPUT, real=Look(scores={"quux": n / 10}))) for n in range(10)]
    report = backtest(OLD, records)
    assert (report.changed, report.examples) == (0, {})


def test_drills_and_what_was_not_examined_are_apart() -> None:
    shipped = load_guard_policy()
    drill = _record(1, Facts(CheckKind.INPUT, rehearsed=Look(partition=Partition.BOTH)), shipped)
    out = DecisionRecord("2" * 32, "2026-01-01T00:00:00Z", CheckKind.INPUT, "acc", GuardAction.NOT_EXAMINED)
    killed = DecisionRecord(
        "3" * 32, "2026-01-01T00:00:00Z", CheckKind.INPUT, "acc", GuardAction.BLOCK, reason="rollout:killed"
    )
    report = backtest(shipped, [drill, out, killed])
    assert report.matrix == {}
    assert report.drills == {(GuardAction.BLOCK, GuardAction.BLOCK): 1}
    assert (report.not_examined, report.without_facts, report.rules) == (1, 1, {})


def test_a_refusal_from_outside_the_policy_is_compared_by_what_the_policy_said() -> None:
    facts = Facts(CheckKind.INPUT)
    record = DecisionRecord(
        "4" * 32, "2026-01-01T00:00:00Z", CheckKind.INPUT, "acc", GuardAction.BLOCK, judge(OLD, facts), facts
    )
    assert backtest(OLD, [record]).changed == 0


def test_examples_are_a_few_ids_and_nothing_else() -> None:
    records = [_record(n, Facts(CheckKind.INPUT, real=Look(scores={"quux": 0.6}))) for n in range(50)]
    data = backtest(NEW, records).to_dict()
    (example,) = data["examples"]
    assert len(example["decisions"]) == MOST_EXAMPLES
    assert set(example) == {"before", "after", "decisions"}


@dataclass(frozen=True)
class Other:
    """A record of somebody else's."""

    id: str
    action: GuardAction
    facts: Facts | None
    judgement: Judgement | None = None
    drill: bool = False


@pytest.mark.parametrize("action", [GuardAction.ALLOW, GuardAction.BLOCK])
def test_anything_with_facts_can_be_judged_again(action: GuardAction) -> None:
    report = backtest(OLD, [Other("x", action, Facts(CheckKind.INPUT))])
    assert report.matrix == {(action, GuardAction.ALLOW): 1}
