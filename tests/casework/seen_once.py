"""A whole installation in which pictures are judged once: opening, deciding, and what happens by itself."""

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
    """An installation of the test's own."""
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


def opened(casework: Casework, account: str, *pictures: bytes) -> Case:
    """Open a case of an account with pictures in the vault."""
    items = []
    for data in pictures:
        kept = casework.vault.put(io.BytesIO(data), purpose=Purpose.EVIDENCE, person="door", media_type="image/jpeg")
        key = f"item/{kept.id}"
        items.append(NewItem(key=key, kind=ItemKind.IMAGE, sha256=kept.sha256, vault=kept.id, ref=account))
    case_id = casework.cases.open_case(
        Opening(
            subject_kind=SubjectKind.ACCOUNT,
            subject=account,
            door=Door.GUARD,
            severity=Severity.MEDIUM,
            category="adult",
            items=tuple(items),
        )
    )
    return casework.cases.get(case_id)


def decide(casework: Casework, person: str, label: Label) -> str:
    """Judge what somebody is given, and return its case."""
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
    """Return the state of a case now."""
    return casework.cases.get(case.id).state


def done(casework: Casework) -> None:
    """Let everything happen that happens by itself."""
    for chore in casework.chores:
        chore.run()
