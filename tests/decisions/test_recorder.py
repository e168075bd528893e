"""Decisions are recorded once, whole, with what follows from them, and found again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from seawall.decisions import DecisionRecord, Recorder, recorded
from seawall.errors import StoreError
from seawall.ledger import Ledger
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Judgement, Look, State, Tier
from seawall.policy.separation import Partition
from seawall.store import Store
from seawall.store.tables import ledger_event

Made = Callable[..., DecisionRecord]


def _events(store: Store, kind: str) -> list[dict[str, Any]]:
    with store.read() as connection:
        events = [json.loads(data) for data in connection.execute(select(ledger_event.c.data)).scalars()]
    return [event["body"] for event in events if event["kind"] == kind]


def test_a_decision_comes_back_as_it_was_recorded(recorder: Recorder) -> None:
    facts = Facts(
        kind=CheckKind.OUTPUT,
        surface="image",
        states=frozenset({State.ABSTAINED}),
        real=Look(partition=Partition.BOTH, parts={"file": Partition.BOTH}, scores={"csem.grooming": 0.5}),
    )
    judgement = Judgement(
        GuardAction.BLOCK, "csem.sexualised_media", ("both",), "f" * 64, False, True, "zero_tolerance", Tier.T1
    )
    record = DecisionRecord(
        id=recorder.new_id(),
        at=recorder.now(),
        kind=CheckKind.OUTPUT,
        account="konto ü",
        action=GuardAction.BLOCK,
        judgement=judgement,
        facts=facts,
        event_class=EventClass.OUTPUT_BLOCKED,
        checks=(("lists", "ok"), ("open-nsfw", "abstain")),
        digest=recorder.digest([b"x"]),
        request_id="r-1",
        surface="image",
        jurisdiction="DE",
        model="m",
        generation_id="g",
        reason="rollout:killed",
        shadows=(Judgement(GuardAction.ALLOW, None, (), "e" * 64, drill=True),),
        vault=("0" * 32,),
        message="t1.law.de",
    )
    assert recorder.record([record]) == [record]
    assert recorder.get(record.id) == record
    assert recorder.find("konto ü", "r-1") == record
    assert recorder.get("0" * 32) is None
    assert recorder.find("konto ü", "r-2") is None


def test_the_first_decision_under_a_request_id_stands(recorder: Recorder, made: Made, store: Store) -> None:
    first, again, other = made("block", request_id="r"), made("allow", request_id="r"), made("block", request_id="s")
    assert recorder.record([first]) == [first]
    assert recorder.record([again, other]) == [first, other]
    assert recorder.get(again.id) is None
    assert {event["decision"] for event in _events(store, "guard.decision")} == {first.id, other.id}


def test_of_two_under_one_request_id_in_one_transaction_the_first_stands(recorder: Recorder, made: Made) -> None:
    first, again = made("block", request_id="r"), made("allow", request_id="r")
    assert recorder.record([first, again]) == [first, first]


def test_one_request_id_of_two_accounts_is_two_requests(recorder: Recorder, made: Made) -> None:
    one, other = made(request_id="r", account="a"), made(request_id="r", account="b")
    assert recorder.record([one, other]) == [one, other]


def test_what_follows_from_decisions_is_written_with_them_or_not_at_all(
    store: Store, ledger: Ledger, made: Made
) -> None:
    seen: list[list[str]] = []

    def follow(connection: Connection, records: Sequence[DecisionRecord]) -> None:
        seen.append([record.id for record in records])
        ledger.record(connection, "strike.given", f"strike/{records[0].id}", {})
        if len(seen) == 2:
            raise StoreError("the disk is full")

    recorder = Recorder(store, ledger, b"s" * 32, [follow])
    kept, lost = made("block", request_id="r"), made("block")
    recorder.record([kept])
    with pytest.raises(StoreError):
        recorder.record([lost])
    recorder.record([made("allow", request_id="r")])
    assert recorder.get(lost.id) is None
    assert seen == [[kept.id], [lost.id]]
    assert len(_events(store, "strike.given")) == 1


def test_the_ledger_has_each_decision_but_allow_and_never_an_account(
    recorder: Recorder, made: Made, store: Store
) -> None:
    records = [made(action, account="secret-name") for action in ("allow", "warn", "review", "block", "not_examined")]
    recorder.record(records)
    events = _events(store, "guard.decision")
    assert sorted(event["action"] for event in events) == ["block", "review", "warn"]
    assert "secret-name" not in json.dumps(events)
    assert len({event["account"] for event in events}) == 1


def test_hours_are_sealed_once_and_those_who_come_late_are_counted_in_the_next(
    recorder: Recorder, made: Made, store: Store, moment: Any
) -> None:
    recorder.record([made(), made(), made("block"), made("block", drill=True)])
    moment.now += timedelta(minutes=31)
    assert recorder.seal_hours() == 0
    moment.now += timedelta(minutes=1)
    assert recorder.seal_hours() == 1
    assert recorder.seal_hours() == 0
    moment.now -= timedelta(minutes=10)
    recorder.record([made()])
    moment.now += timedelta(hours=2)
    recorder.seal_hours()
    first, second = _events(store, "guard.hour")
    assert first == {
        "hour": "2026-01-01T12",
        "counts": [
            {"kind": "input", "action": "allow", "drill": False, "n": 2},
            {"kind": "input", "action": "block", "drill": False, "n": 1},
            {"kind": "input", "action": "block", "drill": True, "n": 1},
        ],
    }
    assert second["hour"] == "2026-01-01T13"
    assert second["counts"] == [{"kind": "input", "action": "allow", "drill": False, "n": 1}]


def test_two_writers_count_one_hour_together(store: Store, ledger: Ledger, made: Made, moment: Any) -> None:
    for _ in range(2):
        Recorder(store, ledger, b"s" * 32).record([made()])
    moment.now += timedelta(hours=2)
    Recorder(store, ledger, b"s" * 32).record([made()])
    assert _events(store, "guard.hour")[0]["counts"][0]["n"] == 2


def test_decisions_are_read_in_order_from_a_moment_on(
    recorder: Recorder, made: Made, store: Store, moment: Any
) -> None:
    old = made()
    recorder.record([old])
    moment.now += timedelta(days=1)
    new = [made("block"), made()]
    recorder.record(new)
    assert {record.id for record in recorded(store)} == {old.id, *(each.id for each in new)}
    assert {record.id for record in recorded(store, since="2026-01-02")} == {each.id for each in new}
    assert len(list(recorded(store, limit=2))) == 2
    assert list(recorded(store, limit=0)) == []


def test_old_decisions_to_allow_can_be_forgotten_and_no_others(recorder: Recorder, made: Made, moment: Any) -> None:
    allowed, blocked = made("allow"), made("block")
    recorder.record([allowed, blocked])
    moment.now += timedelta(days=31)
    recent = made("allow")
    recorder.record([recent])
    assert recorder.forget("2026-02-01") == 1
    assert recorder.get(allowed.id) is None
    assert recorder.get(blocked.id) is not None
    assert recorder.get(recent.id) is not None


def test_a_digest_tells_parts_apart_and_needs_the_secret(store: Store, ledger: Ledger, recorder: Recorder) -> None:
    assert recorder.digest([b"ab", b"c"]) != recorder.digest([b"a", b"bc"])
    assert Recorder(store, ledger, b"t" * 32).digest([b"ab"]) != recorder.digest([b"ab"])


def test_ids_are_uuids_of_version_7_in_order_of_time() -> None:
    ids = [Recorder.new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(each[12] == "7" and each[16] in "89ab" and len(each) == 32 for each in ids)
    assert [each[:12] for each in ids] == sorted(each[:12] for each in ids)
