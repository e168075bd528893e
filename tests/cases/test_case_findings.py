"""What scans and separations find becomes cases of its sources, once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases import OpeningInvalid
from seawall.cases.from_scan import open_findings, open_from_scan, purposes_of, read_findings
from seawall.cases.model import Door, ItemKind, Severity, SubjectKind
from seawall.errors import NotFound
from tests.cases.case_door import SHA, Door_, door_of


@pytest.fixture
def door(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Door_]:
    shutil.copy(migrated_sqlite, tmp_path / "seawall.db")
    yield from door_of(f"sqlite:///{tmp_path / 'seawall.db'}", tmp_path)


@pytest.fixture
def both(migrated_url: str, tmp_path: Path) -> Iterator[Door_]:
    yield from door_of(migrated_url, tmp_path)


PURPOSES = {"known": "csam", "exploitative": "exploitative", "intimate": "ncii_adult", "canary": "canary", "x": "other"}


def finding(item: str = "data/1.png", list_: str = "known", **more: Any) -> dict[str, Any]:
    origin = {"dataset": "data", "shard": "00.tar", "offset": 512, "row": None, "url": None}
    row = {
        "item": item, "sha256": SHA, "origin": origin, "list": list_, "list_version": 3, "entry": "17", "type": "pdq",
        "distance": 2, "orientation": "original", "labels": ["secret"], "action": "quarantine", "drill": False,
    }  # fmt: skip
    return row | more


def from_url(url: str | None) -> dict[str, Any]:
    return {"dataset": "data", "shard": "00.tar", "url": url}


def test_findings_of_a_scan_become_cases_of_their_sources(both: Door_) -> None:
    door = both
    rows = [
        finding("1.png"),
        finding("1.png", "exploitative", type="sha256", distance=None),
        finding("2.mp4", "exploitative", type="vpdq", frame=3),
        finding("3", origin=from_url("https://Host.example/a/3"), type="sha256"),
    ]
    opened = open_findings(door.cases, rows, PURPOSES)
    assert (opened.items, opened.left) == (3, 0)
    cases = {each.subject: each for each in door.open()}
    assert set(cases) == {"dataset:data 00.tar", "domain:host.example"}
    assert {each.id for each in cases.values()} == opened.cases
    shard = cases["dataset:data 00.tar"]
    assert (shard.door, shard.subject_kind, shard.severity) == (Door.SCAN, SubjectKind.SOURCE, Severity.CRITICAL)
    assert (shard.category, shard.event_class) == ("csem.sexualised_media", "training_data_hit")
    first, second = door.cases.items(shard.id)
    assert (first.kind, first.sha256, first.ref, first.stage) == (ItemKind.IMAGE, SHA, "1.png", "dataset")
    assert [each["purpose"] for each in first.evidence["matches"]] == ["csam", "exploitative"]
    assert second.kind is ItemKind.VIDEO
    assert "secret" not in json.dumps([dict(first.evidence), dict(second.evidence)])
    (crawled,) = door.cases.items(cases["domain:host.example"].id)
    assert (crawled.ref, crawled.kind) == ("https://Host.example/a/3", ItemKind.FILE)


def test_the_same_findings_again_add_nothing(door: Door_) -> None:
    rows = [finding(f"{number}.png", sha256=f"{number:064x}") for number in range(30)]
    first = open_findings(door.cases, rows, PURPOSES)
    again = open_findings(door.cases, rows, PURPOSES)
    assert first == again
    (case,) = door.open()
    assert len(door.cases.items(case.id)) == 30
    changed = open_findings(door.cases, [finding("1.png", sha256="ff" * 32)], PURPOSES)
    assert changed.cases == first.cases
    assert len(door.cases.items(case.id)) == 31


def test_the_gravest_list_says_what_a_case_is_about(door: Door_) -> None:
    rows = [
        finding("1", "intimate", origin=from_url("https://one.example/")),
        finding("2", "intimate", origin=from_url("https://two.example/")),
        finding("2", "known", origin=from_url("https://two.example/")),
        finding("3", "x", origin=from_url("https://three.example/")),
    ]
    open_findings(door.cases, rows, PURPOSES)
    about = {each.subject: (each.category, each.severity) for each in door.open()}
    assert about == {
        "domain:one.example": ("ncii_adult", Severity.HIGH),
        "domain:two.example": ("csem.sexualised_media", Severity.CRITICAL),
        "domain:three.example": ("listed", Severity.MEDIUM),
    }


def test_canaries_are_a_drill_and_hide_nothing(door: Door_) -> None:
    rows = [
        finding("1", "canary", drill=True),
        finding("2", "canary", drill=True),
        finding("2", "known"),
    ]
    open_findings(door.cases, rows, PURPOSES)
    real, drill = sorted(door.open(), key=lambda case: case.drill)
    assert (drill.queue, drill.category, len(door.cases.items(drill.id))) == ("drills", "canary", 1)
    (item,) = door.cases.items(real.id)
    assert [each["list"] for each in item.evidence["matches"]] == ["known"]


def test_what_is_allowed_or_kept_back_for_its_source_is_for_no_person(door: Door_) -> None:
    rows = [
        finding("1", action="allow"),
        finding("2", "denied", type="source"),
        finding("3", None, type="separation", partition="adult_sexual"),  # type: ignore[arg-type]
    ]
    assert open_findings(door.cases, rows, PURPOSES).left == 3
    assert door.open() == []


def test_a_separation_puts_the_forbidden_side_before_people(door: Door_) -> None:
    row = finding("3.png", None, type="separation", partition="both", rule="both", reasons=["x"])  # type: ignore[arg-type]
    open_findings(door.cases, [row], {})
    (case,) = door.open()
    assert (case.category, case.severity) == ("csem.sexualised_media", Severity.CRITICAL)
    (item,) = door.cases.items(case.id)
    assert item.kind is ItemKind.IMAGE
    assert item.evidence["matches"] == [{"type": "separation", "partition": "both", "rule": "both", "purpose": "both"}]


def test_many_findings_of_many_sources_are_handed_in_by_parts(door: Door_) -> None:
    rows = [
        finding(f"{number}.png", sha256=f"{number:064x}", origin=from_url(f"https://h{number % 7}.example/"))
        for number in range(2500)
    ]
    opened = open_findings(door.cases, iter(rows), PURPOSES)
    assert (opened.items, len(opened.cases)) == (2500, 7)
    assert sum(len(door.cases.items(case.id)) for case in door.open()) == 2500


@pytest.mark.parametrize(
    "origin",
    [
        {"dataset": "d" * 5000, "shard": "s" * 5000},
        {"dataset": "a\0b", "shard": "\ud800"},
        {"url": "https://[broken", "dataset": None},
        {"url": "x" * 9000},
        {},
        "no origin",
    ],
)
def test_any_origin_makes_a_source(door: Door_, origin: Any) -> None:
    open_findings(door.cases, [finding("\0\ud800" + "x" * 9000, origin=origin)], PURPOSES)
    assert len(door.open()) == 1


def test_an_output_directory_is_read_whole(door: Door_, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "findings.jsonl").write_text("\n".join(json.dumps(finding(f"{number}")) for number in range(3)) + "\n\n")
    (out / "summary.json").write_text(json.dumps({"lists": [{"name": "known", "purpose": "ncii_adult"}]}))
    assert purposes_of(out / "summary.json") == {"known": "ncii_adult"}
    assert open_from_scan(door.cases, out).items == 3
    assert door.open()[0].category == "ncii_adult"


def test_a_directory_without_a_finished_scan_is_refused(door: Door_, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_from_scan(door.cases, tmp_path)


@pytest.mark.parametrize("line", ["{", "[]", '{"item": 3, "action": "x"}', '{"item": "x"}', "[" * 100_000])
def test_a_line_that_is_no_finding_is_named_and_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "findings.jsonl"
    path.write_text(json.dumps(finding()) + "\n" + line + "\n")
    with pytest.raises(OpeningInvalid) as caught:
        list(read_findings(path))
    assert "line 2" in str(caught.value)
    assert line not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"lists": [3]}', '{"lists": [{"name": "x"}]}'])
def test_what_is_no_summary_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(OpeningInvalid):
        purposes_of(path)
