"""The policy that ships: its own tests, and what an empty machine does with canaries."""

from __future__ import annotations

import pytest

from seawall.canary.pack import Pack
from seawall.policy.classes import CSEM
from seawall.policy.guard import CheckKind, Facts, GuardAction, Look, State, judge, load_guard_policy
from seawall.policy.guard.cases import CaseResult, load_tests, run_tests
from seawall.policy.guard.lint import Level, lint
from seawall.policy.separation import Partition, Signs, join, load_separation_policy, rule

POLICY = load_guard_policy()


@pytest.mark.parametrize("result", run_tests(POLICY, load_tests()), ids=lambda result: result.case.name)
def test_its_own_tests_pass(result: CaseResult) -> None:
    assert result.passed, result.to_dict()


def test_lint_finds_nothing_but_what_it_says_itself() -> None:
    assert [problem.code for problem in lint(POLICY) if problem.level is not Level.NOTE] == []
    assert [problem.code for problem in lint(POLICY)] == ["gap_allowed"]


@pytest.mark.parametrize("kind", CheckKind)
@pytest.mark.parametrize("label", (*CSEM, "csem.impersonation"))
def test_each_category_is_blocked_by_name_and_kept(kind: CheckKind, label: str) -> None:
    judgement = judge(POLICY, Facts(kind, real=Look(scores={label: 0.5})))
    assert (judgement.action, judgement.category, judgement.evidence) == (GuardAction.BLOCK, label, True)
    assert judge(POLICY, Facts(kind, real=Look(scores={label: 0.49}))).action is GuardAction.ALLOW


def _signs(stands_for: str) -> Signs:
    if stands_for == "child_depiction":
        return Signs(text=True, minor_reference=1.0)
    return Signs(text=True, sexual_text=1.0 if stands_for == "adult_sexual" else 0.0)


def _look(**concepts: str) -> Look:
    """Return what prompts that name canary concepts come to, by the joint rule itself."""
    pack, separation = Pack.load(), load_separation_policy()
    signs = {part: join(_signs(pack.concepts[one].stands_for) for one in named) for part, named in concepts.items()}
    parts = {part: rule(separation, each).partition for part, each in signs.items()}
    return Look(partition=rule(separation, join(signs.values())).partition, parts=parts)


@pytest.mark.parametrize(
    ("concepts", "action"),
    [
        ({"prompt": "ab"}, GuardAction.BLOCK),
        ({"history_0": "a", "prompt": "b"}, GuardAction.BLOCK),
        ({"prompt": "a", "negative_prompt": "b"}, GuardAction.BLOCK),
        ({"prompt": "a"}, GuardAction.ALLOW),
        ({"prompt": "b"}, GuardAction.ALLOW),
        ({"prompt": "c"}, GuardAction.ALLOW),
        ({"prompt": "bc"}, GuardAction.ALLOW),
        ({"prompt": "abc"}, GuardAction.BLOCK),
    ],
)
@pytest.mark.parametrize("states", [frozenset[State](), frozenset({State.UNCOVERED})])
def test_canaries_on_an_empty_machine(concepts: dict[str, str], action: GuardAction, states: frozenset[State]) -> None:
    judgement = judge(POLICY, Facts(CheckKind.INPUT, states=states, rehearsed=_look(**concepts)))
    assert judgement.action is action
    assert judgement.drill is (action is GuardAction.BLOCK)
    assert judgement.strike is None


@pytest.mark.parametrize("kind", [CheckKind.INPUT, CheckKind.OUTPUT])
@pytest.mark.parametrize("state", [State.FAILED, State.TIMED_OUT, State.UNEXAMINED, State.DAMAGED])
def test_what_could_not_be_checked_is_neither_asked_nor_shown(kind: CheckKind, state: State) -> None:
    assert judge(POLICY, Facts(kind, states=frozenset({state}))).action is GuardAction.BLOCK
    assert judge(POLICY, Facts(CheckKind.UPLOAD, states=frozenset({state}))).action is GuardAction.REVIEW


def test_an_edit_request_counts_only_with_a_child_in_a_picture() -> None:
    for part in ("attachment.3", "file", "row.2"):
        look = Look(parts={part: Partition.CHILD_DEPICTION}, scores={"edit.zorblax": 0.8})
        assert judge(POLICY, Facts(CheckKind.INPUT, real=look)).rules == ("edit-of-a-child",)
    spoken = Look(parts={"prompt": Partition.CHILD_DEPICTION}, scores={"edit.zorblax": 0.8})
    assert judge(POLICY, Facts(CheckKind.INPUT, real=spoken)).action is GuardAction.ALLOW
