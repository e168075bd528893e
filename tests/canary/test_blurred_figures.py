"""Blurred owls: persons whose age nobody can tell, drawn, listed and never mistaken for sharp ones."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.canary.draw import variants
from seawall.canary.hash_list import FILE_NAME
from seawall.hashing.pdq import pdq_array

LISTED = Path(__file__).parents[2] / "src/seawall/canary" / FILE_NAME
SHARP = 7 * 8 * 5
BLURRED = [("c",), ("a", "c"), ("b", "c"), ("a", "b", "c")]


def _rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(LISTED.read_text())))


def test_the_list_has_them_after_all_others_and_never_says_that_an_owl_was_seen() -> None:
    rows = _rows()
    assert len(rows) == SHARP + len(BLURRED) * 8 * 5
    assert not any("blurred" in row["tags"] for row in rows[:SHARP])
    for row in rows[SHARP:]:
        tags = row["tags"].split()
        assert "canary.blurred" in tags
        assert "canary.c" not in tags


@pytest.mark.parametrize("concepts", BLURRED, ids="".join)
def test_every_blurred_variant_matches_a_blurred_entry_first(concepts: tuple[str, ...]) -> None:
    rows = _rows()
    listed = np.frombuffer(bytes.fromhex("".join(row["signal_str"] for row in rows)), np.uint8).reshape(-1, 32)
    wanted = " ".join([*(f"canary.{each}" for each in concepts if each != "c"), "canary.blurred"])
    for variant in variants(concepts, 24, 2, blurred=True):
        hashed = pdq_array(np.asarray(variant.picture))
        assert hashed.quality >= 80
        distances = np.bitwise_count(listed ^ np.frombuffer(hashed.value, np.uint8)).sum(axis=1)
        assert distances.min() <= 31, variant
        assert rows[int(distances.argmin())]["tags"] == wanted


def test_they_are_drawn_by_an_option_and_named_in_the_manifest(seawall: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert seawall("canary", "draw", "--concepts", "b,c", "--n", "2", "--out", out).code == 0
    ran = seawall("canary", "draw", "--concepts", "b,c", "--blurred", "--n", "2", "--out", out)
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [(row["concepts"], row["blurred"], row["drill"]) for row in rows] == [
        (["b", "c"], False, True),
        (["b", "c"], False, True),
        (["b", "c"], True, True),
        (["b", "c"], True, True),
    ]
    assert len({row["sha256"] for row in rows}) == 4


@pytest.mark.parametrize("concepts", ["a,b", "none"])
def test_without_an_owl_there_is_nothing_to_blur(seawall: Callable[..., Any], tmp_path: Path, concepts: str) -> None:
    ran = seawall("canary", "draw", "--concepts", concepts, "--blurred", "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("error[usage]: only the stone owl")
