"""What the guard stops becomes a case, in the transaction that records the decision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from seawall.cases import Cases, OpeningInvalid
from seawall.cases.from_decisions import CaseOpener
from seawall.cases.model import Door, ItemKind, Severity, SubjectKind
from seawall.decisions import DecisionRecord, Recorder
from seawall.policy.decide import Evidence
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Look, State
from seawall.policy.separation import Partition
from tests.cases.case_door import SECRET, Door_, door_of


@pytest.fixture
def door(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Door_]:
    shutil.copy(migrated_sqlite, tmp_path / "seawall.db")
    yield from door_of(f"sqlite:///{tmp_path / 'seawall.db'}", tmp_path)


@pytest.fixture
def both(migrated_url: str, tmp_path: Path) -> Iterator[Door_]:
    yield from door_of(migrated_url, tmp_path)


def test_a_block_that_policy_calls_evidence_opens_a_case_of_the_account(both: Door_) -> None:
    door = both
    text = door.keep(b'{"prompt": "zorblax"}', "application/json")
    picture = door.keep(b"not really a picture")
    record = door.decision(evidence=True, vault=[text, picture])
    door.record(record)
    (case,) = door.open()
    assert (case.subject_kind, case.subject, case.door) == (SubjectKind.ACCOUNT, "a-1", Door.GUARD)
    assert (case.severity, case.category, case.event_class) == (Severity.HIGH, "csem.grooming", "request_text")
    assert (case.queue, case.jurisdiction, case.drill) == ("child-safety", "US", False)
    words, media = door.cases.items(case.id)
    assert (words.kind, words.vault, media.kind, media.vault) == (ItemKind.PROMPT, text, ItemKind.FILE, picture)
    sizes = {each.id: each.sha256 for each in map(door.vault.get, (text, picture))}
    assert (words.sha256, media.sha256) == (sizes[text], sizes[picture])
    assert {each.decision_id for each in (words, media)} == {record.id}
    assert (words.ref, words.stage) == ("g-1", "input")
    assert door.cases.verify(case.id)


@pytest.mark.parametrize(
    ("action", "judged", "opens"),
    [
        (GuardAction.ALLOW, {}, False),
        (GuardAction.WARN, {"evidence": True}, False),
        (GuardAction.REVIEW, {}, True),
        (GuardAction.BLOCK, {}, False),
        (GuardAction.BLOCK, {"evidence": True}, True),
        (GuardAction.BLOCK, {"strike": "attempt"}, True),
        (GuardAction.BLOCK, {"drill": True}, True),
    ],
)
def test_what_people_are_to_look_at_opens_a_case(
    door: Door_, action: GuardAction, judged: Mapping[str, Any], opens: bool
) -> None:
    door.record(door.decision(action, **judged))
    assert len(door.open()) == opens


def test_what_was_refused_by_a_rollout_or_not_examined_opens_none(door: Door_) -> None:
    for action in (GuardAction.NOT_EXAMINED, GuardAction.BLOCK):
        record = DecisionRecord(
            id=door.recorder.new_id(), at=door.recorder.now(), kind=CheckKind.INPUT, account="a-1", action=action
        )
        door.record(record)
    assert door.open() == []


def test_decisions_to_allow_cost_no_statement(door: Door_) -> None:
    opener = CaseOpener(door.cases)
    records = [door.decision(GuardAction.ALLOW, category=None, event_class=None) for _ in range(100)]
    seen: list[str] = []

    def step(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with door.store.begin() as connection:
        event.listen(Engine, "before_cursor_execute", step)
        try:
            opener.settle(connection, records)
        finally:
            event.remove(Engine, "before_cursor_execute", step)
    assert seen == []


def test_a_repeated_request_adds_nothing(door: Door_) -> None:
    record = door.decision(evidence=True)
    door.record(record)
    with door.store.begin() as connection:
        CaseOpener(door.cases).settle(connection, [record])
    (case,) = door.open()
    assert len(door.cases.items(case.id)) == 1


def test_what_is_found_of_an_account_joins_its_case_and_raises_it(both: Door_) -> None:
    door = both
    door.record(door.decision(GuardAction.REVIEW, category="listed"))
    (before,) = door.open()
    graver = door.decision(
        category="csem.sexualised_media", event_class=EventClass.UPLOAD_KNOWN, kind=CheckKind.UPLOAD, evidence=True
    )
    door.record(graver, door.decision(account="a-2", evidence=True), door.decision(evidence=True))
    cases = {each.subject: each for each in door.open()}
    assert set(cases) == {"a-1", "a-2"}
    assert cases["a-1"].id == before.id
    assert (before.severity, cases["a-1"].severity) == (Severity.MEDIUM, Severity.CRITICAL)
    assert cases["a-1"].category == "csem.sexualised_media"
    assert [each.stage for each in door.cases.items(before.id)].count("upload") == 1
    assert len(door.cases.items(before.id)) == 3


def test_a_drill_opens_a_case_of_its_own_in_the_queue_of_drills(door: Door_) -> None:
    rehearsed = Look(matches=(Evidence("canary", "canary", "sha256", exact=True),), partition=Partition.BOTH)
    facts = Facts(CheckKind.UPLOAD, rehearsed=rehearsed)
    door.record(
        door.decision(evidence=True), door.decision(category="canary", drill=True, facts=facts, kind=CheckKind.UPLOAD)
    )
    real, drill = sorted(door.open(), key=lambda case: case.drill)
    assert (real.queue, drill.queue) == ("child-safety", "drills")
    assert (drill.subject, drill.severity, drill.category) == ("a-1", Severity.LOW, "canary")
    (item,) = door.cases.items(drill.id)
    assert item.evidence["matches"][0]["purpose"] == "canary"
    assert item.evidence["partition"] == "both"
    assert not door.accounts.show("a-1").strikes


def test_evidence_is_names_and_scores_and_bounded(door: Door_) -> None:
    look = Look(
        matches=tuple(Evidence("csam", f"list-{number}", "pdq", 3, labels=("secret",)) for number in range(200)),
        scores={f"class.{number}" * 30: number / 1000 for number in range(500)},
        part_scores={"prompt": {"x": 1.0}},
        parts={f"row.{number}": Partition.NEITHER for number in range(5000)},
    )
    facts = Facts(CheckKind.FINETUNE, states=frozenset({State.TIMED_OUT}), real=look)
    door.record(door.decision(evidence=True, facts=facts, kind=CheckKind.FINETUNE))
    (case,) = door.open()
    (item,) = door.cases.items(case.id)
    assert item.kind is ItemKind.MODEL
    assert item.evidence["states"] == ["timed_out"]
    assert len(item.evidence["matches"]) == len(item.evidence["scores"]) == len(item.evidence["parts"]) == 50
    assert max(item.evidence["scores"].values()) == pytest.approx(0.499)
    assert item.evidence["check"]["rules"] == ["rule-1"]
    assert "secret" not in json.dumps(dict(item.evidence))


def test_any_category_of_a_policy_makes_a_case(door: Door_) -> None:
    door.record(
        door.decision(GuardAction.REVIEW, account="a-1", category="x" * 100),
        door.decision(GuardAction.REVIEW, account="a-2", category=None),
        door.decision(GuardAction.REVIEW, account="a-3", category="with a / in it"),
    )
    assert {each.category for each in door.open()} == {"x" * 64, "other", "with-a-in-it"}


def test_kinds_of_items_follow_from_what_the_vault_says(door: Door_) -> None:
    kept = {
        door.keep(b"1", "image/png"): ItemKind.IMAGE,
        door.keep(b"2", "video/mp4"): ItemKind.VIDEO,
        door.keep(b"3", "audio/wav"): ItemKind.AUDIO,
        door.keep(b"4", "text/plain"): ItemKind.TEXT,
        door.keep(b"5", "application/zip"): ItemKind.FILE,
        door.keep(b"6", "application/json"): ItemKind.TEXT,
    }
    door.record(
        door.decision(kind=CheckKind.OUTPUT, event_class=EventClass.OUTPUT_BLOCKED, evidence=True, vault=[*kept])
    )
    (case,) = door.open()
    assert {each.vault: each.kind for each in door.cases.items(case.id)} == kept


def test_if_no_case_can_be_opened_nothing_is_decided(door: Door_) -> None:
    class Broken:
        def opened(self, *_facts: Any) -> None:
            raise OpeningInvalid

    cases = Cases(door.store, door.cases.office.ledger, hooks=[Broken()])
    recorder = Recorder(door.store, door.cases.office.ledger, SECRET, [CaseOpener(cases).settle])
    record = door.decision(evidence=True)
    with pytest.raises(OpeningInvalid):
        recorder.record([record])
    assert recorder.get(record.id) is None


def test_a_batch_of_thousands_is_one_case(door: Door_) -> None:
    door.record(*(door.decision(GuardAction.REVIEW, category="listed") for _ in range(1200)))
    (case,) = door.open()
    assert len(door.cases.items(case.id)) == 1200


# --- scans and separations -------------------------------------------------------------------------------------------
