"""Hosting: a verdict on every push, held when it is late, and another one when lists change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.draw import draw
from seawall.demo_photos import paths
from seawall.develop.dataset.hub import HostedDatasets, Outcome, push, rescan
from seawall.errors import NotFound, NothingToMatch
from seawall.hashing.picture import pdq
from seawall.ledger import open_ledger
from seawall.settings import Settings


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "hosted"
    folder.mkdir()
    for photo in sorted(paths())[:4]:
        shutil.copy(photo, folder)
    return folder


def _list_of(tmp_path: Path, *pictures: Path) -> Path:
    """A list file of benign photographs, which stand in for what a list knows."""
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{pdq(picture).value}\n" for picture in pictures))
    return path


def _other(tmp_path: Path) -> Path:
    return _list_of(tmp_path, sorted(paths())[-1])


def test_a_clean_push_is_allowed_and_recorded(photos: Path, tmp_path: Path) -> None:
    settings = Settings.from_env()
    verdict = push("org/boats", str(photos), revision="r1", lists=[_other(tmp_path)], workers=1)
    assert (verdict.outcome, verdict.reason, verdict.items) == (Outcome.ALLOW, "clean", 4)
    assert [hosted.revision for hosted in HostedDatasets(settings)] == ["r1"]
    with open_ledger(settings) as ledger:
        ledger.export(tmp_path / "export")
    assert "hub.verdict" in (tmp_path / "export").read_text()


def test_a_push_with_a_known_picture_is_blocked_and_names_it(photos: Path, tmp_path: Path) -> None:
    known = sorted(photos.iterdir())[1]
    verdict = push("org/boats", str(photos), lists=[_list_of(tmp_path, known)], workers=1)
    assert (verdict.outcome, verdict.findings, verdict.new) == (Outcome.BLOCK, 1, (known.name,))


def test_a_canary_blocks_and_says_that_it_is_a_drill(photos: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn"
    draw(["a"], count=1, seed=1, out=drawn)
    for picture in drawn.glob("*.[pjw]*g*"):
        shutil.copy(picture, photos)
    verdict = push("org/boats", str(photos), lists=[_other(tmp_path)], workers=1)
    assert (verdict.outcome, verdict.drill, verdict.findings) == (Outcome.BLOCK, True, 0)


def test_what_is_late_is_held_and_goes_on_at_the_next_look(photos: Path, tmp_path: Path) -> None:
    lists = [_other(tmp_path)]
    late = push("org/boats", str(photos), deadline=1e-6, lists=lists, workers=1)
    assert (late.outcome, late.reason, int(late.exit_code)) == (Outcome.HOLD, "deadline", 3)
    (now,) = rescan(lists=lists, workers=1)
    assert now.outcome is Outcome.ALLOW


def test_a_list_that_gains_an_entry_changes_the_verdict_without_reading_media(photos: Path, tmp_path: Path) -> None:
    assert push("org/boats", str(photos), lists=[_other(tmp_path)], workers=1).outcome is Outcome.ALLOW
    known = sorted(photos.iterdir())[2]
    newer = _list_of(tmp_path, known)
    facts = known.stat()
    known.write_bytes(bytes(facts.st_size))
    import os

    os.utime(known, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (verdict,) = rescan(["org/boats"], lists=[newer], workers=1)
    assert (verdict.outcome, verdict.new) == (Outcome.BLOCK, (known.name,))
    (again,) = rescan(["org/boats"], lists=[newer], workers=1)
    assert (again.outcome, again.new) == (Outcome.BLOCK, ())


def test_what_cannot_be_examined_is_held(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    verdict = push("org/boats", str(photos), lists=[_other(tmp_path)], workers=1)
    assert (verdict.outcome, verdict.reason, verdict.unexamined) == (Outcome.HOLD, "unexamined", 1)


def test_a_dataset_that_is_gone_is_held_and_the_others_go_on(photos: Path, tmp_path: Path) -> None:
    lists = [_other(tmp_path)]
    gone = tmp_path / "gone"
    shutil.copytree(photos, gone)
    push("org/gone", str(gone), lists=lists, workers=1)
    push("org/boats", str(photos), lists=lists, workers=1)
    shutil.rmtree(gone)
    found = {verdict.dataset: verdict.outcome for verdict in rescan(lists=lists, workers=1)}
    assert found == {"org/gone": Outcome.HOLD, "org/boats": Outcome.ALLOW}


def test_without_a_list_nothing_is_allowed(photos: Path) -> None:
    with pytest.raises(NothingToMatch):
        push("org/boats", str(photos), workers=1)
    with pytest.raises(NotFound):
        list(rescan(["org/never-pushed"]))


def test_the_command_exits_zero_for_allow_alone(photos: Path, tmp_path: Path, seawall: Callable[..., Any]) -> None:
    clean = seawall("hub", "push", "org/boats", photos, "--list", _other(tmp_path), "--json")
    assert (clean.code, clean.json()["verdict"]) == (0, "allow")
    known = _list_of(tmp_path, sorted(photos.iterdir())[0])
    blocked = seawall("hub", "rescan", "--list", known, "--json")
    assert (blocked.code, blocked.json()["verdict"]) == (1, "block")
    assert "org/boats" in seawall("hub", "ls").out
