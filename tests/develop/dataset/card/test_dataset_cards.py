"""Cards that go along with a dataset: their numbers are the ledger's, and tools of the field read them."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.canary.draw import draw
from seawall.demo_photos import paths
from seawall.develop.dataset.card.huggingface import BEGIN, END

NAMED = ("--name", "boats & *birds*", "--licence", "CC-BY-4.0", "--url", "https://example.org/boats")


@pytest.fixture
def separated(seawall: Callable[..., Any], tmp_path: Path) -> Path:
    draw(["a"], count=3, seed=1, out=tmp_path / "in")
    (tmp_path / "in" / "manifest.jsonl").unlink()
    for photo in sorted(paths())[:2]:
        shutil.copy(photo, tmp_path / "in")
    seawall("separate", tmp_path / "in", "--detectors", "canary", "--out", tmp_path / "out")
    return tmp_path / "out"


def test_the_hugging_face_card_says_what_the_ledger_says(seawall: Callable[..., Any], separated: Path) -> None:
    ran = seawall("card", separated, *NAMED)
    assert ran.code == 0, ran.err
    _, front, body = ran.out.split("---\n", 2)
    assert yaml.safe_load(front) == {
        "pretty_name": "boats & *birds*",
        "license": "cc-by-4.0",
        "size_categories": ["n<1K"],
        "tags": ["child-safety", "seawall-separate"],
    }
    assert "| partition `child_depiction` | 3 |" in body
    assert "| partition `neither` | 2 |" in body
    assert "not known: no sample was audited" in body
    assert "\\*birds\\*" in body
    event = body.rpartition("seawall ledger prove ")[2].partition("`")[0]
    assert seawall("ledger", "prove", event).code == 0


def test_a_card_that_people_wrote_keeps_their_words(
    seawall: Callable[..., Any], separated: Path, tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Boats\n\nOurs.\n")
    assert seawall("card", separated, "--into", readme).code == 0
    first = readme.read_text()
    assert first.startswith("# Boats\n\nOurs.\n")
    readme.write_text(first + "\nMore of ours.\n")
    assert seawall("card", separated, "--into", readme).code == 0
    again = readme.read_text()
    assert again == first + "\nMore of ours.\n"
    assert again.count(BEGIN) == again.count(END) == 1


def test_a_summary_that_was_edited_makes_no_card(seawall: Callable[..., Any], separated: Path) -> None:
    summary = json.loads((separated / "summary.json").read_text())
    summary["partitions"]["neither"] += 1
    (separated / "summary.json").write_text(json.dumps(summary))
    ran = seawall("card", separated)
    assert ran.code == 2
    assert "error[card_disagrees]" in ran.err


@pytest.mark.filterwarnings("ignore")  # the peer's own libraries warn of each other
def test_croissant_is_valid_and_its_records_are_read(
    seawall: Callable[..., Any], separated: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import mlcroissant

    target = separated / "croissant.json"
    ran = seawall("card", separated, "--format", "croissant", *NAMED, "--out", target)
    assert ran.code == 0, ran.err
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=target)
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings, dataset.metadata.issues.report()
    records = list(dataset.records("items"))
    assert len(records) == 5
    assert {record["items/partition"] for record in records} == {b"child_depiction", b"neither"}


def test_croissant_needs_a_licence_and_an_address(seawall: Callable[..., Any], separated: Path) -> None:
    ran = seawall("card", separated, "--format", "croissant")
    assert (ran.code, "--licence" in ran.err) == (2, True)


def test_a_scan_has_cards_too(seawall: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(sorted(paths())[0], folder)
    seawall("scan", folder, "--hash-only", "--out", tmp_path / "out")
    card = seawall("card", tmp_path / "out")
    assert "No detector looked at what no list knows" in card.out
    assert "No list of known content was used" in card.out
    assert "general description" in seawall("card", tmp_path / "out", "--format", "eu-gpai").out or card.code == 0
    target = tmp_path / "out" / "croissant.json"
    assert seawall("card", tmp_path / "out", "--format", "croissant", *NAMED, "--out", target).code == 0


def test_a_directory_without_a_run_is_an_error(seawall: Callable[..., Any], tmp_path: Path) -> None:
    for form in ("huggingface", "croissant", "eu-gpai"):
        assert seawall("card", tmp_path, "--format", form, *NAMED).code == 2
