"""What the host and accounts are told of decisions, and workers beside each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from seawall.cases import EventKind, Submission
from seawall.cases.effects import CaseEffects, OwnBanks
from seawall.cases.model import (
    CaseState,
    Door,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
    NewVerdict,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
)
from seawall.store import Store
from seawall.store.outbox import Outbox
from tests.cases.case_desk import SHA, Desk, Hands, desk_of, open_again


@pytest.fixture
def desk(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copy(migrated_sqlite, tmp_path / "seawall.db")
    clock = Hands()
    with Store.open(f"sqlite:///{tmp_path / 'seawall.db'}", clock=clock) as store:
        yield desk_of(store, tmp_path, clock=clock)


@pytest.fixture
def both(migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The core runs over PostgreSQL as well."""
    clock = Hands()
    with Store.open(migrated_url, clock=clock) as store:
        yield desk_of(store, tmp_path, clock=clock)


def test_a_drill_strikes_nobody_and_stays_among_canaries(both: Desk) -> None:
    desk = both
    decision = desk.decided(label=Label.CANARY, drill=True, severity=Severity.LOW)
    assert set(desk.run().values()) == {None}
    assert [(each["type"], each["drill"]) for each in desk.told()] == [("case.remove", True), ("case.notice", True)]
    assert not desk.accounts.show("a-1").strikes
    assert desk.matches() == ["own-drill"]
    assert desk.lists.manifest("own-drill").purpose == "canary"
    assert desk.results(decision.case_id)["strike"] == {"skipped": "drill"}
    desk.overturn(decision)
    assert set(desk.run().values()) == {None}
    assert desk.matches() == []


def test_drills_need_not_be_told_to_the_host(desk: Desk) -> None:
    desk.effects = CaseEffects(desk.cases, desk.accounts, OwnBanks(desk.lists), drills=False, outbox=desk.outbox)
    decision = desk.decided(label=Label.CANARY, drill=True, severity=Severity.LOW)
    desk.run()
    assert desk.told() == []
    assert desk.cases.close_settled() == 1
    desk.overturn(decision)
    desk.run()
    assert desk.told() == []


def test_a_source_is_neither_struck_nor_told(desk: Desk) -> None:
    decision = desk.decided("domain:host.example", kind=SubjectKind.SOURCE)
    desk.run()
    assert [(each["type"], each["account"]) for each in desk.told()] == [("case.remove", None)]
    results = desk.results(decision.case_id)
    assert results["strike"] == results["notify"] == {"skipped": "no account"}


def test_the_statement_goes_out_with_the_notice(desk: Desk) -> None:
    decision = desk.decided(effects=[EffectKind.NOTIFY])
    desk.run()
    (told,) = desk.told()
    assert (told["type"], told["statement"], told["item"]) == ("case.notice", {"ground": "rule-1"}, None)
    assert desk.statements.asked == [decision.id]


def test_a_notice_may_have_no_statement(desk: Desk) -> None:
    desk.statements.said = None
    desk.decided("a-1", effects=[EffectKind.NOTIFY])
    desk.run()
    desk.effects = CaseEffects(desk.cases, desk.accounts, OwnBanks(desk.lists), outbox=desk.outbox)
    desk.decided("a-2", effects=[EffectKind.NOTIFY])
    desk.run()
    assert [each["statement"] for each in desk.told()] == [None, None]


@pytest.mark.parametrize("said", [{"a": object()}, {"a": "x" * 70_000}, {"a": float("nan")}])
def test_a_statement_that_cannot_be_sent_is_tried_again(desk: Desk, said: Mapping[str, Any]) -> None:
    desk.statements.said = said
    desk.decided(effects=[EffectKind.NOTIFY])
    assert [each.failure for each in desk.effects.once(1)] == ["case"]
    desk.statements.said = {"ground": "rule-1"}
    assert desk.run() == {"notify": None}
    assert len(desk.told()) == 1


def test_after_several_decisions_an_overturn_sends_one_notice(desk: Desk) -> None:
    decision = desk.decided(effects=[EffectKind.NOTIFY])
    desk.clock.now += timedelta(minutes=1)
    open_again(desk, decision.case_id)
    second = desk.decide(decision.case_id, effects=[EffectKind.NOTIFY])
    desk.clock.now += timedelta(minutes=1)
    last = desk.overturn(second)
    while desk.run():
        pass
    assert desk.statements.asked == [decision.id, second.id, last.id]


def test_a_report_draft_runs_ahead_and_the_log_does_not_tell_whoever_confirms(desk: Desk) -> None:
    item = NewItem("i-1", ItemKind.IMAGE, sha256=SHA)
    new = Opening(SubjectKind.ACCOUNT, "a-1", Door.GUARD, Severity.CRITICAL, "csem.sexualised_media", (item,))
    case = desk.cases.open_case(new)
    claim = desk.cases.claim("ada")
    assert claim is not None
    verdict = NewVerdict(desk.cases.items(case)[0].id, Label.CSEM_SEXUALISED_MEDIA, rationale="as seen")
    said = Submission((verdict,), Outcome.REPORTABLE, (EffectKind.REMOVE,), ("rule-1",))
    first = desk.cases.submit(claim.task.id, "ada", claim.task.token, said)
    assert first.drafted is not None
    assert desk.run() == {"report_draft": None}
    assert EventKind.DONE not in {each.kind for each in desk.cases.events(case)}
    assert desk.told() == []
    decision = desk.decide(
        case,
        label=Label.CSEM_SEXUALISED_MEDIA,
        outcome=Outcome.REPORTABLE,
        effects=[EffectKind.REMOVE],
        people=["ben"],
    )
    assert desk.run() == {"remove": None}
    drafted = next(each for each in desk.cases.effects(case) if each.kind is EffectKind.REPORT_DRAFT)
    assert (drafted.id, drafted.decision_id, drafted.result) == (first.drafted, decision.id, {"draft": drafted.id})
    assert drafted.done_at is not None


def test_done_effects_are_in_the_log_of_the_case_and_in_the_ledger(desk: Desk) -> None:
    decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK, EffectKind.STRIKE])
    desk.run()
    done = [each for each in desk.cases.events(decision.case_id) if each.kind is EventKind.DONE]
    assert {each.data["what"] for each in done} == {"bank", "strike"}
    assert {each.data["decision"] for each in done} == {decision.id}
    desk.ledger.append_pending()
    assert desk.ledger.verify().ok


def test_two_workers_at_once_do_everything_once(both: Desk) -> None:
    desk = both
    from concurrent.futures import ThreadPoolExecutor

    decisions = [desk.decided(f"a-{number}", label=Label.NCII_ADULT, items=[
        NewItem("i", ItemKind.IMAGE, sha256=f"{number + 1:064x}", ref=f"upload-{number}")
    ]) for number in range(4)]  # fmt: skip
    workers = [
        CaseEffects(desk.cases, desk.accounts, OwnBanks(desk.lists), outbox=Outbox(desk.store, draw=lambda: 0.0))
        for _ in range(3)
    ]

    def work(worker: CaseEffects) -> None:
        for _ in range(6):
            worker.once()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, workers))
    while desk.run():
        pass
    assert len(desk.told("case.remove")) == len(desk.told("case.notice")) == 4
    assert len(desk.lists.open("own-ncii")) == 4
    for number, decision in enumerate(decisions):
        assert list(desk.accounts.show(f"a-{number}").strikes) == [decision.id]
        assert desk.cases.verify(decision.case_id)


def test_cases_are_decided_anew_while_workers_do_what_follows(both: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    desk = both
    wanted = [EffectKind.REMOVE, EffectKind.STRIKE]
    case = desk.decided(label=Label.NCII_ADULT, effects=wanted).case_id
    over = Event()

    def work() -> None:
        while not over.is_set():
            desk.effects.once()

    def decide() -> None:
        try:
            for number in range(5):
                open_again(desk, case)
                desk.decide(case, label=Label.NCII_ADULT, effects=wanted if number % 2 else [], people=[f"p-{number}"])
        finally:
            over.set()

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(work), pool.submit(work), pool.submit(decide)]:
            each.result(timeout=60)
    while desk.run():
        pass
    state = desk.accounts.show("a-1")
    assert set(state.strikes) == set(state.voids)
    told = [each["type"] for each in desk.told() if each["type"].startswith("case.")]
    assert told == ["case.remove", "case.restore"] * (len(told) // 2)
    assert desk.cases.verify(case)


def test_a_worker_whose_lease_is_over_does_nothing_again(both: Desk) -> None:
    desk = both
    desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK])

    class Slow(OwnBanks):
        """Is overtaken by another worker, and an overturn, just before it writes."""

        def put(self, *arguments: Any) -> int:
            desk.clock.now += timedelta(minutes=5)
            desk.run()
            desk.overturn(desk.cases.decisions(case)[0])
            desk.run()
            return super().put(*arguments)

    case = desk.cases.list(state=CaseState.DECIDED)[0].id
    CaseEffects(desk.cases, desk.accounts, Slow(desk.lists), outbox=desk.outbox).once(1)
    assert desk.matches() == []
    assert all(each.done_at for each in desk.cases.effects(case))
