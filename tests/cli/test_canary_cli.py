"""`seawall canary` as a stranger runs it: what it writes, what it prints, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

Seawall = Callable[..., Any]


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_draw_writes_the_same_bytes_twice_and_a_row_for_each_file(seawall: Seawall, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ran = seawall("canary", "draw", "--concepts", "a,b", "--n", "6", "--seed", "4", "--out", tmp_path / name)
        assert (ran.code, ran.err) == (0, "")
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    rows = _rows(tmp_path / "one")
    assert {row["file"] for row in rows} == set(one) - {"manifest.jsonl"}
    for row in rows:
        assert (row["concepts"], row["expect"], row["drill"]) == (["a", "b"], "canary", True)
        assert row["sha256"] == hashlib.sha256(one[row["file"]]).hexdigest()
        with Image.open(tmp_path / "one" / row["file"]) as picture:
            assert 160 <= max(picture.size) <= 1280


def test_pictures_that_are_no_canaries_expect_nothing(seawall: Seawall, tmp_path: Path) -> None:
    assert seawall("canary", "draw", "--concepts", "none", "--n", "2", "--out", tmp_path / "out").code == 0
    assert [(row["expect"], row["concepts"]) for row in _rows(tmp_path / "out")] == [(None, [])] * 2


def test_a_second_draw_into_the_directory_keeps_the_manifest_true(seawall: Seawall, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for concepts in ("a", "b", "a"):
        assert seawall("canary", "draw", "--concepts", concepts, "--n", "2", "--out", out).code == 0
    files = sorted(row["file"] for row in _rows(out))
    assert files == sorted(path.name for path in out.iterdir() if path.name != "manifest.jsonl")
    assert len(files) == 4


@pytest.mark.parametrize("text", ["{", "[]\n", '{"file": "holiday.jpg"}\n', '{"file": 1, "expect": null}\n'])
def test_somebody_elses_manifest_is_left_alone(seawall: Seawall, tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    manifest = tmp_path / "out/manifest.jsonl"
    manifest.write_text(text)
    ran = seawall("canary", "draw", "--n", "1", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("error[usage]: ")
    assert manifest.read_text() == text


@pytest.mark.parametrize(
    "arguments",
    [
        ("draw", "--n", "0", "--out", "new"),
        ("draw", "--n", "10001", "--out", "new"),
        ("draw", "--concepts", "d", "--out", "new"),
        ("draw", "--concepts", "a,none", "--out", "new"),
        ("draw", "--concepts", "", "--out", "new"),
        ("draw", "--out", "taken"),
        ("sound", "--out", "missing/a.wav"),
        ("mint", "--out", "taken"),
        ("mint", "--out", "missing/pack.yaml"),
        ("prompt", "--lang", "tlh"),
        ("prompt", "--pack", "missing.yaml"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_line_and_exit_2(
    seawall: Seawall, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "taken").write_text("mine")
    ran = seawall("canary", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("error[usage]: ")
    assert ran.err.count("\n") == 1
    assert (tmp_path / "taken").read_text() == "mine"
    assert not (tmp_path / "new").exists()


def test_a_minted_pack_is_private_and_its_words_are_spoken(seawall: Seawall, tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    assert seawall("canary", "mint", "--out", path).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    words = {each: entry["words"]["de"] for each, entry in yaml.safe_load(path.read_text())["concepts"].items()}
    said = seawall("canary", "prompt", "--concepts", "a,b", "--lang", "de", "--pack", path).out
    assert words["a"] in said
    assert words["b"] in said
    assert words["c"] not in said
