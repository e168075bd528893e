"""`seawall scan` as contracts state it: outputs, exit codes, resumption, `--since`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Seawall = Callable[..., Any]


@pytest.fixture
def dataset(tmp_path: Path, vectors: Path) -> Path:
    """Three photographs, one of them twice (turned and re-coded), a text and an empty file."""
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    bridge = vectors / "images/bridge-mods/aaa-orig.jpg"
    shutil.copy(bridge, folder / "bridge.jpg")
    shutil.copy(vectors / "images/misc/pen-and-coaster.png", folder / "pen.png")
    shutil.copy(vectors / "images/misc/c.png", folder / "deep/c.png")
    with Image.open(bridge) as image:
        image.transpose(Image.Transpose.ROTATE_90).resize((500, 800)).save(folder / "turned.gif")
    (folder / "notes.txt").write_text("a text\n")
    (folder / "empty.bin").touch()
    return folder


@pytest.fixture
def bridge_list(tmp_path: Path, vectors: Path) -> Path:
    data = json.loads((vectors / "expected_pdq.json").read_text())
    (value,) = [image["pdq"] for image in data["images"] if image["file"].endswith("aaa-orig.jpg")]
    path = tmp_path / "bridge.txt"
    path.write_text(value + "\n")
    return path


def _rows(out: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


def _kept(out: Path) -> set[str]:
    import pyarrow.parquet as pq

    return {Path(item).name for item in pq.read_table(out / "manifest.parquet")["item"].to_pylist()}


def test_a_scan_finds_the_copies_and_writes_every_output(
    seawall: Seawall, dataset: Path, bridge_list: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = seawall("scan", dataset, "--list", bridge_list, "--out", out, "--workers", "1", "--json")
    assert ran.code == 1, ran.err
    summary = json.loads((out / "summary.json").read_text())
    assert ran.json() == summary
    assert (summary["items"], summary["examined"], summary["unexamined"], summary["damaged"]) == (6, 6, 0, 0)
    assert (summary["findings"], summary["drill"], summary["resumed"]) == (2, 0, 0)
    assert [each["purpose"] for each in summary["lists"]] == ["csam", "canary"]
    assert len(summary["ledger_root"]) == 64
    rows = _rows(out, "findings.jsonl")
    assert {Path(row["item"]).name for row in rows} == {"bridge.jpg", "turned.gif"}
    for row in rows:
        assert set(row) >= {
            "item", "sha256", "origin", "list", "list_version", "entry", "type", "distance", "orientation", "labels",
            "action",
        }  # fmt: skip
        assert row["action"] == "quarantine"
        assert row["origin"]["url"] is None
    assert _kept(out) == {"pen.png", "c.png", "notes.txt", "empty.bin"}
    for name in ("report.html", "card.md", "card.json"):
        assert (out / name).stat().st_size > 500
    value = bridge_list.read_text().strip()
    assert not any(value in path.read_text() for path in out.glob("*.*") if path.suffix != ".parquet")


def test_the_same_command_resumes_and_fresh_restarts(
    seawall: Seawall, dataset: Path, bridge_list: Path, tmp_path: Path
) -> None:
    arguments = ("scan", dataset, "--list", bridge_list, "--out", tmp_path / "out", "--workers", "1", "--json")
    first = seawall(*arguments).json()
    again = seawall(*arguments).json()
    fresh = seawall(*arguments, "--fresh").json()
    assert again["resumed"] == again["items"] == first["items"]
    assert again["findings"] == first["findings"]
    assert fresh["resumed"] == 0


def test_two_workers_count_as_one(seawall: Seawall, dataset: Path, bridge_list: Path, tmp_path: Path) -> None:
    counts = [
        seawall("scan", dataset, "--list", bridge_list, "--out", tmp_path / n, "--workers", n, "--json").json()
        for n in ("1", "2")
    ]
    for key in ("items", "examined", "findings", "kept"):
        assert counts[0][key] == counts[1][key]


def test_nothing_found_is_zero_and_what_cannot_be_read_is_three(
    seawall: Seawall, dataset: Path, vectors: Path, tmp_path: Path
) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    shutil.copy(dataset / "pen.png", clean)
    arguments = ("--list", vectors / "lists/haystack.txt", "--json")
    assert seawall("scan", clean, "--out", tmp_path / "one", *arguments).code == 0
    (clean / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    ran = seawall("scan", clean, "--out", tmp_path / "two", *arguments)
    assert ran.code == 3
    assert ran.json()["unexamined"] == 1
    (row,) = _rows(tmp_path / "two", "attention.jsonl")
    assert row["item"].endswith("broken.jpg")
    assert row["status"] == "unexamined"
    assert row["code"]
    assert _kept(tmp_path / "two") == {"pen.png"}


def test_without_a_list_it_refuses_unless_told(seawall: Seawall, dataset: Path, tmp_path: Path) -> None:
    ran = seawall("scan", dataset, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("error[no_list]: ")
    assert seawall("scan", dataset, "--out", tmp_path / "out", "--hash-only").code == 0


def test_canaries_are_found_in_every_mode_and_stay_out_of_real_counts(seawall: Seawall, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn"
    assert seawall("canary", "draw", "--concepts", "a,b", "--n", "6", "--seed", "3", "--out", drawn).code == 0
    (drawn / "manifest.jsonl").unlink()
    summary = seawall("scan", drawn, "--out", tmp_path / "out", "--hash-only", "--json").json()
    assert (summary["items"], summary["findings"]) == (6, 0)
    rows = _rows(tmp_path / "out", "findings.jsonl")
    assert {Path(row["item"]).name for row in rows} == {path.name for path in drawn.iterdir()}
    assert all(row["drill"] for row in rows)


def test_since_matches_what_a_list_gained_without_reading_media(
    seawall: Seawall, dataset: Path, bridge_list: Path, vectors: Path, tmp_path: Path
) -> None:
    imported = ("lists", "import")
    named = ("--name", "known", "--purpose", "csam")
    assert seawall(*imported, vectors / "lists/haystack.txt", *named).code == 0
    out = tmp_path / "out"
    assert seawall("scan", dataset, "--out", out, "--json").code == 0
    assert seawall(*imported, bridge_list, *named).code == 0
    shutil.rmtree(dataset)
    ran = seawall("scan", dataset, "--since", "known@1", "--out", out, "--json")
    assert ran.code == 1, ran.err
    assert ran.json()["findings"] == 2
    assert ran.json()["resumed"] == ran.json()["items"] == 6


def test_a_new_list_is_matched_against_stored_hashes(
    seawall: Seawall, dataset: Path, bridge_list: Path, vectors: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("scan", dataset, "--out", out, "--json")
    assert seawall(*arguments, "--list", vectors / "lists/haystack.txt").code == 0
    summary = seawall(*arguments, "--list", bridge_list).json()
    assert (summary["findings"], summary["resumed"]) == (2, 6)


def test_a_missing_source_and_a_missing_list_are_named(seawall: Seawall, dataset: Path, tmp_path: Path) -> None:
    ran = seawall("scan", tmp_path / "nowhere", "--hash-only", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "nowhere" in ran.err
    ran = seawall("scan", dataset, "--list", "nosuch", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "nosuch" in ran.err


def test_an_output_directory_belongs_to_its_sources(seawall: Seawall, dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert seawall("scan", dataset, "--hash-only", "--out", out).code == 0
    other = tmp_path / "other"
    other.mkdir()
    ran = seawall("scan", other, "--hash-only", "--out", out)
    assert ran.code == 2
    assert "--fresh" in ran.err


def test_the_output_directory_inside_the_dataset_is_not_scanned(seawall: Seawall, dataset: Path) -> None:
    out = dataset / "scan"
    first = seawall("scan", dataset, "--hash-only", "--out", out, "--json").json()
    again = seawall("scan", dataset, "--hash-only", "--out", out, "--json").json()
    assert first["items"] == again["items"] == 6


def test_an_unreadable_file_is_counted(seawall: Seawall, dataset: Path, tmp_path: Path) -> None:
    secret = dataset / "secret.jpg"
    secret.write_bytes(b"\xff\xd8\xff")
    secret.chmod(0)
    ran = seawall("scan", dataset, "--hash-only", "--out", tmp_path / "out", "--json")
    assert ran.json()["items"] == 7
    assert ran.json()["unexamined"] == (1 if os.geteuid() else ran.json()["unexamined"]) == 1
    assert ran.code == 3


def test_the_ledger_holds_the_scan_and_verifies_outside(
    seawall: Seawall, dataset: Path, bridge_list: Path, tmp_path: Path
) -> None:
    summary = seawall("scan", dataset, "--list", bridge_list, "--out", tmp_path / "out", "--json").json()
    (tmp_path / "key.pem").write_text(seawall("ledger", "key").out)
    (tmp_path / "saved").write_text(seawall("ledger", "checkpoint").out)
    assert seawall("ledger", "export", tmp_path / "export.jsonl").code == 0
    ran = seawall(
        "ledger", "verify", tmp_path / "export.jsonl", "--key", tmp_path / "key.pem", "--checkpoint", tmp_path / "saved"
    )
    assert ran.code == 0, ran.err
    events = [json.loads(line) for line in (tmp_path / "export.jsonl").read_text().splitlines()]
    kinds = [event.get("kind") for event in events]
    assert kinds.count("finding") == summary["findings"] == 2
    assert kinds.count("scan.closed") == 1
