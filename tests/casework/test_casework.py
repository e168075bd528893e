"""Everything that people decide with, opened as the server and the command line open it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.cases import Submission
from seawall.cases.model import CaseState, Label, NewVerdict, Outcome
from seawall.casework import Casework, open_casework
from seawall.casework.marking import PackMarker
from seawall.casework.rehearsal import MOST, rehearse
from seawall.cli._main import main
from seawall.clock import system_clock
from seawall.errors import SeawallError, UsageError
from seawall.settings import Settings
from seawall.vault.derivatives import Rung

SOURCE = """
name: our-words
version: 1
owner: trust and safety
expires: 9999-06-30
terms:
  - {category: csem.grooming, language: en, term: zorblax}
"""
REVIEWER, COLLEAGUE = "1" * 32, "2" * 32


@pytest.fixture
def settings(seawall_home: Path, migrated_sqlite: Path) -> Settings:
    seawall_home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, seawall_home / "seawall.db")
    return Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")


@pytest.fixture
def casework(settings: Settings) -> Iterator[Casework]:
    with open_casework(settings) as opened:
        yield opened


def test_a_rehearsal_is_a_drill_that_goes_the_whole_way_of_a_case(casework: Casework) -> None:
    (case_id,) = rehearse(casework)
    case = casework.cases.get(case_id)
    assert case.drill
    picture, text = casework.cases.items(case_id)
    assert picture.vault is not None
    assert casework.derivatives.make(picture.vault, Rung.TILE, user=REVIEWER, case=case_id).data
    assert text.vault is not None
    for person in (REVIEWER, COLLEAGUE):
        claim = casework.cases.claim(person)
        assert claim is not None
        assert claim.case.id == case_id
        verdicts = tuple(NewVerdict(each, Label.CANARY) for each in sorted(casework.cases.asked(claim.task.id)))
        said = Submission(verdicts, Outcome.NO_VIOLATION, (), ())
        casework.cases.submit(claim.task.id, person, claim.task.token, said)
    assert casework.cases.get(case_id).state in (CaseState.DECIDED, CaseState.CLOSED)


def test_every_rehearsal_is_another_one_and_there_are_not_too_many(casework: Casework) -> None:
    opened = [*rehearse(casework, 2), *rehearse(casework, 2)]
    assert len(set(opened)) == 4
    for wrong in (0, MOST + 1):
        with pytest.raises(UsageError):
            rehearse(casework, wrong)
    assert len(casework.cases.list()) == 4


def test_a_text_is_hidden_whole_while_no_pack_can_say_what_is_in_it(seawall_home: Path) -> None:
    assert PackMarker(seawall_home, system_clock).marks("zorblax beside the river") is None


def test_a_pack_that_is_installed_meanwhile_says_what_to_hide(
    seawall_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = PackMarker(seawall_home, system_clock)
    assert marker.marks("zorblax beside the river") is None
    source = tmp_path / "source.yaml"
    source.write_text(SOURCE)
    with pytest.raises(SystemExit) as left:
        main(["packs", "seal", str(source)])
    assert not left.value.code, capsys.readouterr().err
    marks = marker.marks("zorblax beside the river")
    assert marks is not None
    assert [(each.start, each.end) for each in marks] == [(0, 7)]


@pytest.mark.parametrize("name", ["review", "floor", "quality", "repeats", "statements", "appeals"])
def test_a_file_that_cannot_be_used_is_named_before_anything_is_decided(settings: Settings, name: str) -> None:
    (settings.home / f"{name}.yaml").write_text("- nonsense\n")
    with pytest.raises(SeawallError, match=name + ".yaml") as caught, open_casework(settings):
        pass
    assert "nonsense" not in str(caught.value)
