"""What decisions put into the operator's own banks, and whom they strike; and what takes that back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from seawall.accounts import RestrictionKind
from seawall.cases.effects import CaseEffects, GuardStrikes, OwnBanks, queue_bank
from seawall.cases.model import (
    Case,
    CaseDecision,
    Door,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
)
from seawall.deploy.enforcement import acknowledge_effect
from seawall.matching import ListStore
from seawall.store import Store
from tests.cases.case_desk import OTHER, PDQ, SHA, Desk, Hands, desk_of, guarded


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


def test_hashes_of_an_item_go_to_the_bank_of_its_label_and_match_at_once(desk: Desk) -> None:
    desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK])
    desk.run()
    assert desk.matches() == ["own-ncii"]
    assert desk.matches("pdq", PDQ) == ["own-ncii"]
    bank = desk.lists.open("own-ncii")
    assert (bank.purpose, bank.provenance) == ("ncii_adult", "operator")
    assert bank.labels_of(0) == ("ncii_adult",)
    assert bank.types == ("sha256", "pdq")


def test_a_guard_that_runs_sees_the_bank_as_any_list(desk: Desk, seawall_home: Path) -> None:
    from seawall.deploy.guard.lists import LiveLists
    from seawall.settings import Settings

    settings = Settings.from_env()
    desk.lists = ListStore(settings.home / "lists")
    desk.effects = CaseEffects(desk.cases, desk.accounts, OwnBanks(desk.lists), outbox=desk.outbox)
    with LiveLists(settings) as live:
        decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK])
        desk.run()
        live.refresh()
        (match,) = live.match_digest("sha256", bytes.fromhex(SHA))
        assert (match.list, match.purpose) == ("own-ncii", "ncii_adult")
        desk.overturn(decision)
        desk.run()
        live.refresh()
        assert live.match_digest("sha256", bytes.fromhex(SHA)) == []


def test_the_host_is_told_with_a_signature_and_done_is_what_it_acknowledges(desk: Desk) -> None:
    from seawall.deploy.enforcement import EffectsWorker, Endpoint, Webhook, verify_signature

    secret = b"swhook_" + b"x" * 40
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            now = float(self.headers["Seawall-Signature"].split(",")[0].removeprefix("t="))
            found = verify_signature(dict(self.headers.items()), body, secret, now)
            heard.append(json.loads(body))
            assert heard[-1]["id"] == found.id
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    decision = desk.decided(effects=[EffectKind.REMOVE])
    desk.run()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.handle_request)
    thread.start()
    with Webhook(Endpoint(f"http://127.0.0.1:{server.server_port}/", (secret,), timeout=10)) as webhook:
        (sent,) = EffectsWorker(desk.outbox, webhook).once()
    thread.join(10)
    server.server_close()
    assert sent.failure is None
    assert [(each["type"], each["decision_id"]) for each in heard] == [("case.remove", decision.id)]
    desk.run()
    assert desk.effects.removed_at(decision.id) is None
    acknowledge_effect(desk.outbox, heard[0]["id"])
    desk.run()
    assert desk.effects.removed_at(decision.id) is not None


def test_what_two_cases_put_into_a_bank_stays_until_both_take_it_back(desk: Desk) -> None:
    first = desk.decided("a-1", label=Label.NCII_ADULT, effects=[EffectKind.BANK])
    second = desk.decided("a-2", label=Label.NCII_ADULT, effects=[EffectKind.BANK])
    desk.run()
    desk.overturn(first)
    desk.run()
    assert desk.matches() == ["own-ncii"]
    desk.overturn(second)
    desk.run()
    assert desk.matches() == desk.matches("pdq", PDQ) == []


def test_an_item_that_is_not_against_the_rules_goes_into_no_bank_and_is_not_removed(desk: Desk) -> None:
    items = [
        NewItem("wrong", ItemKind.IMAGE, sha256=SHA, ref="upload-1"),
        NewItem("fine", ItemKind.IMAGE, sha256=OTHER, ref="upload-2"),
    ]
    case = desk.cases.open_case(Opening(SubjectKind.ACCOUNT, "a-1", Door.GUARD, Severity.MEDIUM, "adult", tuple(items)))
    labels = {"wrong": Label.NCII_ADULT, "fine": Label.BENIGN}
    decision = desk.decide(case, labels=labels, effects=[EffectKind.REMOVE, EffectKind.BANK])
    fine = next(each for each in desk.cases.items(case) if each.key == "fine")
    with desk.store.begin() as connection:
        queue_bank(connection, desk.cases.get(case), decision, fine)
    desk.run()
    assert desk.matches() == ["own-ncii"]
    assert desk.matches(value=OTHER) == []
    assert [each["item"]["ref"] for each in desk.told("case.remove")] == ["upload-1"]


def test_a_hook_may_ask_for_the_bank_where_the_decision_does_not(desk: Desk, tmp_path: Path) -> None:
    class Hook:
        def decided(self, connection: Any, case: Case, decision: CaseDecision, items: Any, _verdicts: Any) -> None:
            if EffectKind.REMOVE in decision.effects:
                for item in items:
                    queue_bank(connection, case, decision, item)

    desk = desk_of(desk.store, tmp_path, hooks=(Hook(),))
    decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.REMOVE])
    assert desk.run() == {"remove": None, "bank": None}
    assert desk.matches() == ["own-ncii"]
    desk.overturn(decision)
    desk.run()
    assert desk.matches() == []


def test_a_bank_that_is_being_changed_is_tried_again_and_holds_up_nothing_else(desk: Desk) -> None:
    from seawall.matching.lists.lock import writing

    decision = desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.REMOVE, EffectKind.BANK])
    with writing(desk.lists.root, "own-ncii"):
        done = {each.kind: each.failure for each in desk.effects.once(3)}
    assert done == {"remove": None, "bank": "list_conflict"}
    assert desk.run() == {"bank": None}
    assert desk.results(decision.case_id)["bank"] == {"bank": "own-ncii", "hashes": 2}


def test_a_received_list_of_the_banks_name_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    received = tmp_path / "list.txt"
    received.write_text(OTHER + "\n")
    from seawall.matching.lists import Purpose

    desk.lists.import_file(received, name="own-ncii", purpose=Purpose.NCII_ADULT, type="sha256")
    desk.decided(label=Label.NCII_ADULT, effects=[EffectKind.BANK])
    assert [each.failure for each in desk.effects.once(1)] == ["list_conflict"]
    assert desk.matches() == []


def test_a_strike_has_the_gravest_class_of_what_was_found(desk: Desk) -> None:
    items = [NewItem("one", ItemKind.IMAGE), NewItem("two", ItemKind.IMAGE)]
    case = desk.cases.open_case(Opening(SubjectKind.ACCOUNT, "a-1", Door.GUARD, Severity.MEDIUM, "x", tuple(items)))
    labels = {"one": Label.ADULT, "two": Label.NCII_ADULT}
    decision = desk.decide(case, labels=labels, effects=[EffectKind.STRIKE])
    desk.run()
    (strike,) = desk.accounts.show("a-1").strikes.values()
    assert (strike.id, strike.decision_id, strike.name) == (decision.id, decision.id, "serious")
    assert desk.results(case)["strike"] == {"strike": decision.id, "given": True, "replaces": []}


def test_nobody_is_struck_twice_for_what_the_guard_has_struck_for(desk: Desk) -> None:
    item = guarded(desk, "serious")
    decision = desk.decided(items=[item], label=Label.NCII_ADULT, effects=[EffectKind.STRIKE])
    desk.run()
    assert list(desk.accounts.show("a-1").strikes) == [item.decision_id]
    assert desk.results(decision.case_id)["strike"] == {"strike": item.decision_id, "given": False, "replaces": []}
    desk.overturn(decision)
    desk.run()
    assert list(desk.accounts.show("a-1").voids) == [item.decision_id]


def test_a_graver_strike_takes_the_place_of_those_of_the_guard(both: Desk) -> None:
    desk = both
    items = [guarded(desk, "attempt", 1), guarded(desk, "attempt", 2)]
    decision = desk.decided(items=items, label=Label.NCII_ADULT, effects=[EffectKind.STRIKE])
    desk.run()
    state = desk.accounts.show("a-1")
    assert set(state.strikes) - set(state.voids) == {decision.id}
    assert len(state.voids) == 2
    assert desk.accounts.verify("a-1") == 5


def with_guard_strikes(desk: Desk, tmp_path: Path) -> Desk:
    return desk_of(desk.store, tmp_path, hooks=(GuardStrikes(),), clock=desk.clock)


def test_what_the_guard_struck_for_and_people_found_harmless_is_taken_back(both: Desk, tmp_path: Path) -> None:
    desk = with_guard_strikes(both, tmp_path)
    item = guarded(desk, "serious")
    assert desk.accounts.show("a-1").restrictions
    desk.decided(items=[item], label=Label.BENIGN, outcome=Outcome.NO_VIOLATION, effects=())
    assert desk.run() == {"unstrike": None}
    assert desk.run() == {}
    state = desk.accounts.show("a-1")
    assert list(state.voids) == [item.decision_id]
    assert not [each for each in state.live("2026-03-02T09:30:00.000000Z") if each.kind is not RestrictionKind.WARN]
    assert desk.accounts.verify("a-1") == 2 + len(state.restrictions) - 1


def test_of_several_strikes_of_the_guard_those_for_harmless_items_alone_are_taken_back(
    desk: Desk, tmp_path: Path
) -> None:
    desk = with_guard_strikes(desk, tmp_path)
    wrong, fine = guarded(desk, "attempt", 1), guarded(desk, "attempt", 2)
    mixed = NewItem(f"{fine.key}/other", ItemKind.FILE, decision_id=wrong.decision_id)
    new = Opening(SubjectKind.ACCOUNT, "a-1", Door.GUARD, Severity.MEDIUM, "adult", (wrong, fine, mixed))
    labels = {wrong.key: Label.ADULT, fine.key: Label.BENIGN, mixed.key: Label.BENIGN}
    desk.decide(desk.cases.open_case(new), labels=labels, effects=[EffectKind.STRIKE])
    desk.run()
    assert list(desk.accounts.show("a-1").voids) == [fine.decision_id]


def test_a_strike_of_the_guard_for_what_is_against_the_rules_stays(desk: Desk, tmp_path: Path) -> None:
    desk = with_guard_strikes(desk, tmp_path)
    item = guarded(desk, "attempt")
    decision = desk.decided(items=[item], label=Label.ADULT, effects=())
    assert desk.run() == {}
    assert not desk.accounts.show("a-1").voids
    desk.overturn(decision)
    assert desk.run() == {"unstrike": None}
    assert list(desk.accounts.show("a-1").voids) == [item.decision_id]
