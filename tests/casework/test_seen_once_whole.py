"""See it once, with real pictures through a whole installation: equal bytes, the same look, and what is withdrawn."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from seawall.cases import Submission
from seawall.cases.model import (
    Case,
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
from seawall.casework import Casework, open_casework
from seawall.settings import Settings
from seawall.vault.objects import Purpose

REVIEWER, COLLEAGUE = "1" * 32, "2" * 32


@pytest.fixture
def casework(seawall_home: Path, migrated_sqlite: Path) -> Iterator[Casework]:
    seawall_home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, seawall_home / "seawall.db")
    with open_casework(Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")) as opened:
        yield opened


def picture(quality: int = 95, *, spot: bool = False) -> bytes:
    """Return a harmless picture, saved in one quality or another."""
    made = Image.radial_gradient("L").resize((640, 480)).convert("RGB")
    draw = ImageDraw.Draw(made)
    draw.rectangle((60, 60, 260, 220), fill=(30, 120, 200))
    draw.ellipse((340, 180, 560, 420), fill=(220, 180, 40))
    if spot:
        draw.rectangle((420, 20, 560, 140), fill=(250, 250, 250))
    data = io.BytesIO()
    made.save(data, "JPEG", quality=quality)
    return data.getvalue()


def opened(casework: Casework, account: str, data: bytes) -> Case:
    kept = casework.vault.put(io.BytesIO(data), purpose=Purpose.EVIDENCE, person="door", media_type="image/jpeg")
    item = NewItem(key=f"item/{kept.id}", kind=ItemKind.IMAGE, sha256=kept.sha256, vault=kept.id, ref=account)
    case_id = casework.cases.open_case(
        Opening(
            subject_kind=SubjectKind.ACCOUNT,
            subject=account,
            door=Door.GUARD,
            severity=Severity.MEDIUM,
            category="adult",
            items=(item,),
        )
    )
    return casework.cases.get(case_id)


def decide(casework: Casework, person: str, label: Label) -> str:
    turn = casework.desk.claim(person, queues=[each.name for each in casework.cases.policy.queues])
    assert hasattr(turn, "task"), turn
    verdicts = tuple(NewVerdict(each, label, rationale="because") for each in casework.cases.asked(turn.task.id))
    wrong = label is not Label.BENIGN
    said = Submission(
        verdicts,
        Outcome.NOT_REPORTABLE if wrong else Outcome.NO_VIOLATION,
        (EffectKind.REMOVE,) if wrong else (),
        ("terms-4",) if wrong else (),
    )
    casework.cases.submit(turn.task.id, person, turn.task.token, said)
    case_id: str = turn.case.id
    return case_id


def state(casework: Casework, case: Case) -> CaseState:
    return casework.cases.get(case.id).state


def done(casework: Casework) -> None:
    """Let everything happen that happens by itself."""
    for chore in casework.chores:
        chore.run()


def test_the_same_picture_saved_again_arrives_decided_and_unseen(casework: Casework) -> None:
    first = opened(casework, "account-1", picture(95))
    assert decide(casework, REVIEWER, Label.ADULT) == first.id
    second = opened(casework, "account-2", picture(90))
    assert state(casework, second) is CaseState.NEW
    done(casework)
    (item,) = casework.cases.items(second.id)
    assert set(item.evidence["pdq"]) == {"value", "quality"}
    assert state(casework, second) is CaseState.DECIDED
    (verdict,) = casework.cases.verdicts(second.id)
    assert (verdict.label, verdict.reviewer) == (Label.ADULT, None)
    assert casework.viewing.exposures(REVIEWER, "") == []


def test_another_picture_is_asked_about(casework: Casework) -> None:
    opened(casework, "account-1", picture(95))
    decide(casework, REVIEWER, Label.ADULT)
    other = opened(casework, "account-2", picture(95, spot=True))
    done(casework)
    assert state(casework, other) is CaseState.NEW


def test_a_file_that_is_no_picture_is_looked_at(casework: Casework) -> None:
    case = opened(casework, "account-1", b"no picture " * 50)
    done(casework)
    (item,) = casework.cases.items(case.id)
    assert "pdq" not in item.evidence
    assert casework.cases.unprinted() == []
    assert state(casework, case) is CaseState.NEW


def test_what_was_decided_unseen_by_a_verdict_that_was_wrong_is_put_right_unseen(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    assert state(casework, second) is CaseState.DECIDED
    casework.cases.reopen(first.id, COLLEAGUE, "it looks harmless")
    assert decide(casework, COLLEAGUE, Label.BENIGN) == first.id
    done(casework)
    (later,) = (each for each in casework.cases.decisions(second.id) if each.supersedes is not None)
    assert later.outcome is Outcome.NO_VIOLATION
    kinds = [(each.kind, each.of is not None) for each in casework.cases.effects(second.id)]
    assert (EffectKind.REMOVE, True) in kinds
    assert casework.cases.verify(second.id)
    assert casework.cases.claim(COLLEAGUE) is None


def test_what_was_decided_unseen_by_a_verdict_that_is_doubted_is_looked_at(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    with casework.store.begin() as connection:
        casework.seen.withdraw(connection, items=[each.id for each in casework.cases.items(first.id)], why="doubted")
    done(casework)
    assert state(casework, second) is CaseState.NEW
    assert casework.cases.events(second.id)[-1].person is None
    done(casework)
    assert state(casework, second) is CaseState.NEW
    assert decide(casework, COLLEAGUE, Label.BENIGN) == second.id
    assert [each.outcome for each in casework.cases.decisions(second.id)][-1] is Outcome.NO_VIOLATION
    assert casework.cases.verify(second.id)


def test_what_is_said_again_leaves_alone_what_was_decided_by_it(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    casework.cases.reopen(first.id, COLLEAGUE, "to be sure")
    decide(casework, COLLEAGUE, Label.ADULT)
    done(casework)
    assert state(casework, second) is CaseState.DECIDED
    assert casework.cases.get(second.id).closed_at is None or state(casework, second) is CaseState.CLOSED


def test_a_look_waits_while_the_account_has_another_open_case(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    third = opened(casework, "account-2", picture(95, spot=True))
    casework.cases.reopen(first.id, COLLEAGUE, "it looks harmless")
    claim = casework.cases.claim(COLLEAGUE)
    while claim is not None and claim.case.id != first.id:
        casework.cases.release(claim.task.id, COLLEAGUE, claim.task.token, reason="another one")
        claim = casework.cases.claim(COLLEAGUE)
    assert claim is not None
    said = Submission(
        tuple(NewVerdict(each, Label.BENIGN) for each in casework.cases.asked(claim.task.id)),
        Outcome.NO_VIOLATION,
        (),
        (),
    )
    casework.cases.submit(claim.task.id, COLLEAGUE, claim.task.token, said)
    done(casework)
    assert state(casework, second) is CaseState.DECIDED
    assert state(casework, third) is CaseState.NEW
