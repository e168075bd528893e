"""What follows from decisions of cases: each once, told to the host, and taken back when it no longer holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.cases.model import (
    CaseState,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
)
from seawall.deploy.enforcement import acknowledge_effect
from seawall.store import Store
from tests.cases.case_desk import SHA, Desk, Hands, acknowledge, desk_of, open_again


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


def test_each_effect_is_done_once_however_often_the_worker_looks(both: Desk) -> None:
    desk = both
    decision = desk.decided(label=Label.NCII_ADULT)
    assert desk.run() == {"remove": None, "bank": None, "strike": None, "notify": None}
    before = desk.results(decision.case_id)
    assert desk.run() == {}
    assert desk.results(decision.case_id) == before
    assert [each["type"] for each in desk.told()] == ["case.remove", "account.restricted", "case.notice"]
    assert list(desk.accounts.show("a-1").strikes) == [decision.id]
    assert desk.matches() == ["own-ncii"]


def test_a_worker_that_died_before_it_could_say_so_changes_nothing_when_it_is_done_again(both: Desk) -> None:
    desk = both
    decision = desk.decided(label=Label.NCII_ADULT)
    desk.run()
    before = (desk.results(decision.case_id), desk.told(), desk.accounts.show("a-1"), len(desk.lists.open("own-ncii")))
    for message in list(desk.outbox.messages("case.effect")):
        desk.outbox.retry(message.id)
    assert set(desk.run().values()) == {None}
    after = (desk.results(decision.case_id), desk.told(), desk.accounts.show("a-1"), len(desk.lists.open("own-ncii")))
    assert after == before
    assert desk.ledger.verify().ok


def test_a_removal_is_done_when_the_host_has_said_so_and_not_before(both: Desk) -> None:
    desk = both
    decision = desk.decided(effects=[EffectKind.REMOVE])
    desk.run()
    told = desk.told("case.remove")[0]
    assert told["item"]["ref"] == "upload-1"
    assert (told["account"], told["decision_id"], told["drill"]) == ("a-1", decision.id, False)
    assert SHA not in json.dumps(told)
    lease = desk.outbox.lease("account.effect")
    assert lease is not None
    desk.outbox.delivered(lease)
    desk.run()
    (effect,) = desk.cases.effects(decision.case_id)
    assert (effect.host, effect.done_at, desk.effects.removed_at(decision.id)) == (told["id"], None, None)
    assert desk.cases.close_settled() == 0
    desk.clock.now += timedelta(hours=3)
    acknowledge_effect(desk.outbox, told["id"])
    desk.clock.now += timedelta(hours=1)
    desk.run()
    (effect,) = desk.cases.effects(decision.case_id)
    assert effect.done_at == effect.result["acknowledged_at"] == "2026-03-02T12:30:00.000000Z"
    assert desk.effects.removed_at(decision.id) == effect.done_at
    assert desk.cases.close_settled() == 1
    assert desk.cases.get(decision.case_id).state is CaseState.CLOSED
    assert desk.cases.verify(decision.case_id)


def test_what_was_acknowledged_long_ago_and_forgotten_by_the_outbox_is_done(desk: Desk) -> None:
    decision = desk.decided(effects=[EffectKind.REMOVE])
    desk.run()
    acknowledge(desk, "case.remove")
    assert desk.outbox.forget("account.effect", desk.clock.now + timedelta(days=1)) == 1
    desk.run()
    assert desk.effects.removed_at(decision.id) is not None


def test_removals_of_a_decision_are_done_when_the_last_is(desk: Desk) -> None:
    items = [NewItem(f"i-{number}", ItemKind.IMAGE, ref=f"upload-{number}") for number in range(2)]
    decision = desk.decided(items=items, effects=[EffectKind.REMOVE])
    desk.run()
    acknowledge(desk, "case.remove")
    desk.run()
    assert desk.effects.removed_at(decision.id) is None
    acknowledge(desk, "case.remove")
    desk.run()
    assert desk.effects.removed_at(decision.id) is not None


def test_an_overturned_decision_is_taken_back_in_full(both: Desk) -> None:
    desk = both
    decision = desk.decided(label=Label.NCII_ADULT)
    desk.run()
    assert desk.accounts.show("a-1").live("2026-03-02T09:30:00.000000Z")
    later = desk.overturn(decision)
    assert set(desk.run().values()) == {None}
    told = [each["type"] for each in desk.told()]
    assert told[:3] == ["case.remove", "account.restricted", "case.notice"]
    assert sorted(told[3:]) == ["account.lifted", "case.notice", "case.restore"]
    assert list(desk.accounts.show("a-1").voids) == [decision.id]
    assert desk.matches() == []
    assert desk.statements.asked == [decision.id, later.id]
    assert desk.told("case.restore")[0]["item"] == desk.told("case.remove")[0]["item"]
    for kind in ("case.remove", "case.restore", "case.notice", "case.notice"):
        acknowledge(desk, kind)
    desk.run()
    assert all(each.done_at for each in desk.cases.effects(decision.case_id))
    assert desk.effects.removed_at(later.id) is None
    assert desk.cases.verify(decision.case_id)
    assert desk.accounts.verify("a-1") == 2


def test_what_was_overturned_before_it_was_done_is_not_done_at_all(desk: Desk) -> None:
    decision = desk.decided(label=Label.NCII_ADULT)
    desk.overturn(decision)
    assert set(desk.run().values()) == {None}
    assert [each["type"] for each in desk.told()] == ["case.notice", "case.notice"]
    assert not desk.accounts.show("a-1").strikes
    assert desk.lists.names() == []
    results = desk.results(decision.case_id)
    assert {results[kind]["skipped"] for kind in ("remove", "bank", "strike")} == {"taken back"}
    assert {results[f"undo {kind}"]["skipped"] for kind in ("remove", "bank", "strike")} == {"nothing was done"}


def test_what_a_person_gave_up_and_is_taken_back_stays_undone_when_it_is_tried_again(desk: Desk) -> None:
    decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK])
    (message,) = desk.outbox.messages("case.effect")
    desk.outbox.bury(message.id, person="ada", reason="the disk is broken")
    desk.overturn(decision)
    desk.run()
    desk.outbox.retry(message.id)
    assert desk.run() == {"bank": None}
    assert desk.matches() == []


def test_what_two_decisions_of_a_case_have_in_common_is_neither_done_again_nor_taken_back(desk: Desk) -> None:
    decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.REMOVE, EffectKind.STRIKE, EffectKind.BANK])
    desk.run()
    acknowledge(desk, "case.remove")
    desk.run()
    open_again(desk, decision.case_id)
    wanted = [EffectKind.REMOVE, EffectKind.STRIKE]
    later = desk.decide(decision.case_id, label=Label.NCII_ADULT, effects=wanted)
    assert later.supersedes == decision.id
    desk.run()
    assert [each["type"] for each in desk.told()] == ["case.remove", "account.restricted"]
    assert list(desk.accounts.show("a-1").strikes) == [decision.id]
    assert desk.matches() == []
    assert desk.effects.removed_at(later.id) is not None
