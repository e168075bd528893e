"""`seawall clean` and `seawall verify-manifest` as contracts state them: scanned, cleaned, gated, rescanned."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.draw import variants
from seawall.demo_photos import paths

Seawall = Callable[..., Any]
EXAMPLE = Path(__file__).parents[2] / "examples/load_clean_webdataset.py"


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _canaries() -> Iterator[bytes]:
    for variant in variants(["a", "b"], 4, 7):
        raw = io.BytesIO()
        variant.picture.save(raw, "PNG")
        yield raw.getvalue()


@pytest.fixture
def canaries() -> list[bytes]:
    return list(_canaries())


@pytest.fixture
def dataset(tmp_path: Path, canaries: list[bytes]) -> Path:
    """Photographs with canaries among them: loose, in a WebDataset shard, and an exact copy."""
    folder = tmp_path / "data"
    (folder / "loose").mkdir(parents=True)
    photos = [path.read_bytes() for path in sorted(paths())]
    for number, photo in enumerate(photos[:3]):
        (folder / f"loose/{number}.jpg").write_bytes(photo)
    (folder / "loose/planted.png").write_bytes(canaries[0])
    with tarfile.open(folder / "shard-000.tar", "w") as tar:
        for number, data in enumerate([photos[3], canaries[1], photos[4], canaries[0]]):
            _add(tar, f"{number:03}.{'jpg' if number % 2 == 0 else 'png'}", data)
            _add(tar, f"{number:03}.txt", b"caption %d" % number)
    return folder


@pytest.fixture
def scanned(seawall: Seawall, dataset: Path, tmp_path: Path) -> Path:
    out = tmp_path / "scan"
    ran = seawall("scan", dataset, "--hash-only", "--out", out, "--workers", "1", "--json")
    assert ran.json()["drill"] >= 3, ran.err
    return out


def _key(seawall: Seawall, folder: Path) -> Path:
    path = folder / "key.pem"
    path.write_text(seawall("ledger", "key").out)
    return path


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_found_is_gone_and_a_second_scan_finds_nothing(
    seawall: Seawall,
    dataset: Path,
    scanned: Path,
    canaries: list[bytes],
    tmp_path: Path,
    seawall_home: Path,
    whole: bool,
) -> None:
    remove = scanned if whole else scanned / "findings.jsonl"
    out = tmp_path / "cleaned"
    ran = seawall("clean", dataset, "--remove", remove, "--out", out, "--json")
    assert ran.code == 0, ran.err
    summary = ran.json()
    assert (summary["kept"], summary["removed"]["list"], summary["removed"]["companion"]) == (7, 3, 2)
    again = seawall("scan", out, "--hash-only", "--out", tmp_path / "rescan", "--workers", "1", "--json")
    assert again.code == 0, again.err
    assert (again.json()["findings"], again.json()["drill"]) == (0, 0)
    for folder in (out, seawall_home):
        for path in folder.rglob("*"):
            assert not path.is_file() or not any(each in path.read_bytes() for each in canaries), path
    key = _key(seawall, tmp_path)
    gate = seawall("verify-manifest", out / "clean-manifest.jsonl", out, "--key", key, "--json")
    assert (gate.code, gate.json()["as_signed"]) == (0, True)
    (out / "loose/again.png").write_bytes(canaries[0])
    gate = seawall("verify-manifest", out / "clean-manifest.jsonl", out, "--key", key, "--json")
    assert gate.code == 1
    assert [(each["how"], each["key"]) for each in gate.json()["differences"]] == [
        ("removed_returned", "loose/again.png")
    ]
    assert seawall("verify-manifest", out / "clean-manifest.jsonl", out, "--key", key).code == 1


def test_usage_errors_are_two_and_nothing_is_written(
    seawall: Seawall, dataset: Path, scanned: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cleaned"
    for arguments in (
        ("clean", dataset, "--out", out),
        ("clean", dataset, "--remove", scanned),
        ("clean", dataset, "--remove", scanned, "--out", out, "--partitions", "neither"),
        ("clean", dataset, "--remove", scanned, "--out", out, "--discard"),
        ("clean", dataset, "--remove", scanned, "--out", dataset),
        ("clean", dataset, "--remove", tmp_path / "gone", "--out", out),
        ("verify-manifest", tmp_path / "gone", dataset, "--key", tmp_path / "gone"),
    ):
        ran = seawall(*arguments)
        assert (ran.code, ran.err.startswith("error[")) == (2, True), (arguments, ran)
    assert not out.exists()


def test_data_that_changed_are_three(seawall: Seawall, dataset: Path, scanned: Path, tmp_path: Path) -> None:
    (dataset / "loose/planted.png").write_bytes(b"something else")
    ran = seawall("clean", dataset, "--remove", scanned, "--out", tmp_path / "cleaned")
    assert ran.code == 3
    assert ran.err.startswith("error[data_changed]: loose/planted.png")


def test_the_shipped_loader_starts_only_with_data_as_signed(
    seawall: Seawall, dataset: Path, scanned: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cleaned"
    assert seawall("clean", dataset, "--remove", scanned, "--out", out).code == 0
    command = [sys.executable, str(EXAMPLE), str(out), str(_key(seawall, tmp_path))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "2 samples\n"), ran.stderr
    (out / "shard-000.tar").write_bytes((dataset / "shard-000.tar").read_bytes())
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("refused: ")


def test_a_separation_decides_what_may_be_together(seawall: Seawall, dataset: Path, tmp_path: Path) -> None:
    separated = tmp_path / "separated"
    ran = seawall("separate", dataset, "--detectors", "canary", "--out", separated, "--workers", "1", "--json")
    assert ran.json()["partitions"]["both"] >= 3, ran.err
    for names in ("both", "child_depiction,adult_sexual", "neither,unknown"):
        ran = seawall("clean", dataset, "--remove", separated, "--out", tmp_path / "no", "--partitions", names)
        assert (ran.code, ran.err.partition(":")[0]) == (2, "error[partitions_refused]"), ran
    out = tmp_path / "cleaned"
    ran = seawall("clean", dataset, "--remove", separated, "--out", out, "--partitions", "neither", "--json")
    assert ran.code == 0, ran.err
    partitions = json.loads((separated / "summary.json").read_text())["partitions"]
    assert ran.json()["kept"] <= partitions["neither"]
    assert ran.json()["removed"]["unreadable"] == 0
