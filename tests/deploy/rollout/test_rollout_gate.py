"""Stages and verdicts: only pass advances, and what goes wrong closes by itself, on both databases."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from seawall.deploy.rollout import NotAdvanced, RolloutRefused, Verdict
from seawall.errors import NotFound, UsageError
from seawall.policy.guard import CheckKind, GuardAction, State
from tests.deploy.rollout.conftest import PLAN

if TYPE_CHECKING:
    from tests.deploy.rollout.conftest import Bench


def _at_one_percent(bench: Bench) -> None:
    bench.plan()
    bench.watch(good=5)
    bench.rollouts.advance("aurora", person="pat")
    bench.book.refresh()


def test_a_rollout_goes_through_its_stages_by_the_verdict_alone(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=350)
    with pytest.raises(NotAdvanced, match="inconclusive"):
        bench.rollouts.advance("aurora", person="pat")
    bench.clock.move(hours=25)
    bench.watch(good=100)
    moved = bench.rollouts.advance("aurora", person="pat")
    assert moved.stage == "ten"
    assert moved.evidence.trials == 0
    assert bench.events().count("rollout.advanced") == 2


def test_without_evidence_the_verdict_is_invalid_and_nothing_advances(bench: Bench) -> None:
    bench.plan()
    assert bench.rollouts.status("aurora")[0].opinion.verdict is Verdict.INVALID
    with pytest.raises(NotAdvanced, match="missing"):
        bench.rollouts.advance("aurora", person="pat")


def test_stale_evidence_is_invalid(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=500)
    bench.clock.move(hours=100)
    opinion = bench.rollouts.status("aurora")[0].opinion
    assert (opinion.verdict, opinion.reasons) == (Verdict.INVALID, ("stale",))


def test_more_than_two_percent_of_failures_make_evidence_invalid_and_never_stop_a_model(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=1900, failed=100)
    now = bench.rollouts.status("aurora")[0]
    assert (now.opinion.verdict, now.opinion.reasons) == (Verdict.INVALID, ("failures",))
    assert now.evidence.breaches == 100
    assert now.stage == "one"


def test_failures_count_as_breaches_in_the_test(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.clock.move(hours=25)
    bench.watch(failed=5, good=0)
    bench.watch(good=395)
    assert bench.rollouts.status("aurora")[0].evidence.below_at is None


def test_a_model_above_its_bar_falls_back_and_freezes_by_itself(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=20, bad=8)
    now = bench.rollouts.status("aurora")[0]
    assert (now.stage, now.row.frozen) == ("staff", True)
    assert now.evidence.trials == 0
    assert "rollout.fell_back" in bench.events()
    bench.watch(good=30)
    with pytest.raises(NotAdvanced, match="frozen"):
        bench.rollouts.advance("aurora", person="pat")
    bench.rollouts.unfreeze("aurora", person="pat", reason="the guard was mended")
    assert bench.rollouts.advance("aurora", person="pat").stage == "one"


def test_a_model_that_falls_out_of_its_first_stage_admits_nobody(bench: Bench) -> None:
    bench.plan(PLAN.replace("accounts: [ada, grace]", "accounts: [ada], bar: {rate: 0.01}"))
    bench.watch(good=0, bad=10)
    bench.book.refresh()
    assert bench.rollouts.status("aurora")[0].stage == "nobody"
    assert bench.book.admit("aurora", "ada").reason == "rollout:frozen"


def test_what_was_once_shown_stands_though_later_checks_are_bad_until_they_show_the_opposite(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.clock.move(hours=25)
    bench.watch(good=420)
    bench.watch(good=0, bad=2)
    assert bench.rollouts.status("aurora")[0].opinion.verdict is Verdict.PASS


def test_drills_other_models_other_kinds_and_the_shut_out_do_not_count(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.observe(
        bench.record(GuardAction.BLOCK, drill=True),
        bench.record(GuardAction.BLOCK, model="other"),
        bench.record(GuardAction.BLOCK, model=None),
        bench.record(GuardAction.BLOCK, kind=CheckKind.UPLOAD),
        bench.record(GuardAction.NOT_EXAMINED, examined=False),
        bench.record(GuardAction.BLOCK, reason="rollout:cohort", examined=False),
        bench.record(GuardAction.BLOCK, standing=frozenset({"banned"})),
        bench.record(GuardAction.WARN),
    )
    bench.rollouts.evaluate()
    evidence = bench.rollouts.status("aurora")[0].evidence
    assert (evidence.trials, evidence.breaches) == (1, 0)


def test_each_decision_counts_once_however_often_it_is_observed_and_evaluated(bench: Bench) -> None:
    _at_one_percent(bench)
    records = [bench.record() for _ in range(3)]
    bench.observe(*records)
    bench.observe(*records)
    for _ in range(3):
        bench.rollouts.evaluate()
    assert bench.rollouts.status("aurora")[0].evidence.trials == 3


def test_what_was_asked_before_a_stage_began_is_no_evidence_for_it(bench: Bench) -> None:
    bench.plan()
    bench.watch(good=5)
    early = bench.record()
    bench.clock.move(minutes=1)
    bench.rollouts.advance("aurora", person="pat")
    bench.observe(early)
    bench.rollouts.evaluate()
    assert bench.rollouts.status("aurora")[0].evidence.trials == 0


def test_a_transaction_that_fails_counts_nothing(bench: Bench) -> None:
    _at_one_percent(bench)
    with pytest.raises(ZeroDivisionError), bench.store.begin() as connection:
        bench.book.observe(connection, [bench.record()])
        raise ZeroDivisionError
    bench.rollouts.evaluate()
    assert bench.rollouts.status("aurora")[0].evidence.trials == 0


def test_two_named_persons_may_override_for_a_time_and_then_it_closes(bench: Bench) -> None:
    bench.plan()
    until = bench.clock.now + timedelta(days=2)
    moved = bench.rollouts.override("aurora", persons=("pat", "kim"), reason="staff are on leave", expires=until)
    assert moved.stage == "one"
    assert moved.to_dict()["override"]["persons"] == ("pat", "kim")
    assert "rollout.overridden" in bench.events()
    bench.clock.move(days=3)
    assert bench.rollouts.evaluate() == ["aurora"]
    now = bench.rollouts.status("aurora")[0]
    assert (now.stage, now.row.frozen, now.row.override) == ("staff", True, None)


def test_an_override_that_is_over_is_forgotten_if_the_verdict_has_come(bench: Bench) -> None:
    bench.plan()
    until = bench.clock.now + timedelta(days=2)
    bench.rollouts.override("aurora", persons=("pat", "kim"), reason="staff are on leave", expires=until)
    bench.clock.move(days=3)
    bench.watch(good=500)
    now = bench.rollouts.status("aurora")[0]
    assert (now.stage, now.row.override) == ("one", None)


def test_an_override_needs_two_different_persons_a_reason_and_an_end(bench: Bench) -> None:
    bench.plan()
    soon = bench.clock.now + timedelta(days=2)
    with pytest.raises(UsageError, match="two different"):
        bench.rollouts.override("aurora", persons=("pat", " PAT "), reason="x", expires=soon)
    with pytest.raises(UsageError, match="reason"):
        bench.rollouts.override("aurora", persons=("pat", "kim"), reason=" ", expires=soon)
    for wrong in (bench.clock.now, bench.clock.now + timedelta(days=400)):
        with pytest.raises(UsageError, match="expires"):
            bench.rollouts.override("aurora", persons=("pat", "kim"), reason="x", expires=wrong)
    assert bench.rollouts.status("aurora")[0].stage == "staff"


def test_the_last_stage_has_no_next_and_is_still_watched(bench: Bench) -> None:
    bench.plan(
        "format: seawall-rollout-1\nmodels: {aurora: {stages: [{name: all, percent: 100, bar: {rate: 0.01}}]}}\n"
    )
    with pytest.raises(RolloutRefused, match="last stage"):
        bench.rollouts.advance("aurora", person="pat")
    bench.watch(good=0, bad=10)
    assert bench.rollouts.status("aurora")[0].stage == "nobody"


def test_a_plan_that_changes_what_was_passed_begins_anew_and_one_that_adds_people_does_not(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=10)
    bench.plan(PLAN.replace("[ada, grace]", "[ada, grace, mary]"))
    kept = bench.rollouts.status("aurora")[0]
    assert (kept.stage, kept.evidence.trials) == ("one", 10)
    bench.plan(PLAN.replace("aurora:\n", "aurora:\n    weights: 'sha256:2'\n"))
    anew = bench.rollouts.status("aurora")[0]
    assert (anew.stage, anew.evidence.trials) == ("staff", 0)
    bench.watch(good=1)
    bench.rollouts.advance("aurora", person="pat")
    bench.plan(PLAN.replace("percent: 1,", "percent: 5,"))
    assert bench.rollouts.status("aurora")[0].stage == "staff"


def test_an_unknown_model_is_named(bench: Bench) -> None:
    for act in (bench.rollouts.status, bench.rollouts.evaluate):
        with pytest.raises(NotFound, match="zephyr"):
            act("zephyr")
    with pytest.raises(NotFound, match="zephyr"):
        bench.rollouts.freeze("zephyr", person="pat", reason="x")


def test_the_ledger_names_no_account(bench: Bench) -> None:
    _at_one_percent(bench)
    with bench.store.read() as connection:
        from seawall.store.tables import ledger_event

        text = " ".join(row["data"] for row in connection.execute(ledger_event.select()).mappings())
    assert "rollout.planned" in text
    assert "grace" not in text


def test_states_of_a_check_that_could_not_run_are_failures(lite: Bench) -> None:
    _at_one_percent(lite)
    lite.observe(
        lite.record(GuardAction.REVIEW, states=frozenset({State.FAILED})),
        dataclasses.replace(lite.record(GuardAction.BLOCK), facts=None, judgement=None),
        lite.record(GuardAction.ALLOW, states=frozenset({State.UNCOVERED})),
    )
    lite.rollouts.evaluate()
    evidence = lite.rollouts.status("aurora")[0].evidence
    assert (evidence.trials, evidence.breaches, evidence.failures) == (3, 2, 2)


def test_evidence_begins_anew_when_another_policy_judges(bench: Bench) -> None:
    _at_one_percent(bench)
    bench.watch(good=500)
    bench.observe(*(bench.record(policy="q") for _ in range(3)), *(bench.record() for _ in range(2)))
    bench.rollouts.evaluate()
    evidence = bench.rollouts.status("aurora")[0].evidence
    assert (evidence.trials, evidence.below_at, evidence.policies) == (5, None, "p q")


def test_workers_that_observe_and_evaluate_at_once_count_every_decision_once(bench: Bench) -> None:
    _at_one_percent(bench)

    def work(_: int) -> None:
        for _ in range(8):
            bench.observe(*(bench.record() for _ in range(5)))
            bench.rollouts.evaluate()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    bench.rollouts.evaluate()
    assert bench.rollouts.status("aurora")[0].evidence.trials == 160
