"""`seawall hash` and `seawall match` as contracts state them, on real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOLERANCE = 8


def _distance(left: str, right: str) -> int:
    return (int(left, 16) ^ int(right, 16)).bit_count()


@pytest.fixture
def expected(vectors: Path) -> dict[str, dict[str, Any]]:
    data = json.loads((vectors / "expected_pdq.json").read_text())
    return {str(vectors / image["file"]): image for image in data["images"]}


def test_every_vector_hashes_as_published(seawall: Callable[..., Any], expected: dict[str, dict[str, Any]]) -> None:
    ran = seawall("hash", *expected, "--type", "pdq", "--json")
    lines = {line["path"]: line for line in ran.lines() if "variant" not in line}
    assert ran.code == 0, ran.err
    assert set(lines) == set(expected)
    for path, image in expected.items():
        line = lines[path]
        assert len(line["dihedral"]) == 8
        assert line["dihedral"][0] == line["value"]
        if image["quality"] >= 50:
            assert _distance(line["value"], image["pdq"]) <= TOLERANCE, path
            for mine, theirs in zip(line["dihedral"], image["dihedral"].values(), strict=True):
                assert _distance(mine, theirs) <= 2 * TOLERANCE, path


def test_digests_are_those_of_the_files(seawall: Callable[..., Any], expected: dict[str, dict[str, Any]]) -> None:
    ran = seawall("hash", *expected, "--type", "sha256", "--type", "md5", "--json")
    lines = {(line["path"], line["type"]): line["value"] for line in ran.lines()}
    for path, image in expected.items():
        assert lines[path, "sha256"] == image["sha256"]
        assert lines[path, "md5"] == image["md5"]


def test_a_file_that_does_not_decode_has_no_value_and_exit_code_three(
    seawall: Callable[..., Any], tmp_path: Path, vectors: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes((vectors / "images/modes/L.png").read_bytes()[:60])
    ran = seawall("hash", broken, tmp_path / "none.jpg", "--type", "pdq", "--json")
    assert ran.code == 3
    assert [line["value"] for line in ran.lines()] == [None, None]
    assert all(line["error"]["code"] and line["error"]["message"] for line in ran.lines())


@pytest.mark.parametrize("orientation", range(8))
def test_a_rotated_copy_matches_and_says_how(
    seawall: Callable[..., Any], vectors: Path, tmp_path: Path, orientation: int
) -> None:
    images = sorted((vectors / "images/dihedral").iterdir())
    listed = tmp_path / "list.txt"
    original = json.loads(seawall("hash", images[0], "--type", "pdq", "--json").out)
    listed.write_text(original["value"] + "\n")
    ran = seawall("match", images[orientation], "--list", listed, "--json")
    (match,) = ran.lines()[0]["matches"]
    names = ["original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flipplus1", "flipminus1"]
    assert ran.code == 1
    assert match["distance"] <= 31
    assert match["orientation"] in names
    assert (match["orientation"] == "original") == (orientation == 0)
    assert match["entry"] not in original["value"] or len(match["entry"]) < 8


def test_hash_values_match_as_brute_force_says(seawall: Callable[..., Any], vectors: Path) -> None:
    needles = (vectors / "lists/needles.txt").read_text().split()[:40]
    rows = [line.split(",") for line in (vectors / "lists/expected_matches.csv").read_text().split()[1:]]
    wanted = [sorted(int(row[3]) for row in rows if row[0] == "31" and int(row[1]) == each) for each in range(40)]
    haystack = vectors / "lists/haystack.txt"
    ran = seawall("match", "--type", "pdq", "--list", haystack, "--json", "--hash", *needles)
    assert ran.code == 1, ran.err
    assert [line["hash"] for line in ran.lines()] == needles
    found = [[match["distance"] for match in line["matches"]] for line in ran.lines()]
    assert found == wanted


def test_without_a_list_there_is_nothing_to_match(seawall: Callable[..., Any], vectors: Path) -> None:
    ran = seawall("match", vectors / "images/misc/c.png", "--json")
    assert ran.code == 2
    assert ran.err.startswith("error[no_list]: ")
