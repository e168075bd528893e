"""Canaries fire, always and only where they should, and are the same everywhere."""

from __future__ import annotations

import csv
import io
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.canary.draw import draw, variants
from seawall.canary.hash_list import FILE_NAME, to_csv
from seawall.canary.pack import CONCEPTS, Pack, mint
from seawall.canary.sound import melody
from seawall.demo_photos import paths
from seawall.errors import UsageError
from seawall.hashing.pdq import pdq_array
from seawall.hashing.picture import pdq

THRESHOLD = 31
LISTED = Path(__file__).parents[2] / "src/seawall/canary" / FILE_NAME
COMBINATIONS = [each for size in (1, 2, 3) for each in combinations(CONCEPTS, size)]


def _codes(text: str) -> NDArray[np.uint8]:
    values = [row["signal_str"] for row in csv.DictReader(io.StringIO(text))]
    return np.frombuffer(bytes.fromhex("".join(values)), np.uint8).reshape(-1, 32)


def _nearest(codes: NDArray[np.uint8], listed: NDArray[np.uint8]) -> int:
    return int(min(np.bitwise_count(listed ^ code).sum(axis=1).min() for code in codes))


@pytest.fixture(scope="module")
def listed() -> NDArray[np.uint8]:
    return _codes(LISTED.read_text())


def test_the_shipped_list_is_the_one_that_the_drawings_give(listed: NDArray[np.uint8]) -> None:
    now = _codes(to_csv())
    assert now.shape == listed.shape == (len(COMBINATIONS) * 8 * 5 + 4 * 8 * 5, 32)
    assert int(np.bitwise_count(now ^ listed).sum(axis=1).max()) <= 2


@pytest.mark.parametrize("concepts", COMBINATIONS, ids="".join)
def test_every_variant_matches(concepts: tuple[str, ...], listed: NDArray[np.uint8]) -> None:
    for seed in (0, 1):
        for variant in variants(concepts, 16, seed):
            hashed = pdq_array(np.asarray(variant.picture))
            assert hashed.quality >= 80
            code = np.frombuffer(hashed.value, np.uint8)[None]
            assert _nearest(code, listed) <= THRESHOLD, variant


def test_what_is_no_canary_does_not_match_in_any_orientation(listed: NDArray[np.uint8]) -> None:
    for variant in variants([], 60, 5):
        hashed = pdq_array(np.asarray(variant.picture))
        codes = np.frombuffer(b"".join(hashed.dihedral), np.uint8).reshape(8, 32)
        assert _nearest(codes, listed) > THRESHOLD
    for photo in paths():
        assert _nearest(pdq(photo).codes, listed) > THRESHOLD


def test_drawing_twice_gives_the_same_bytes_and_a_true_manifest(tmp_path: Path) -> None:
    first = draw(["b", "a"], count=6, seed=9, out=tmp_path / "one")
    second = draw(["a", "b"], count=6, seed=9, out=tmp_path / "two")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert {path.suffix for path in first} == {".png", ".jpg", ".webp"}
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "one/manifest.jsonl").read_text().splitlines()
    ]
    assert [row["file"] for row in rows] == [path.name for path in first]
    assert all(row["concepts"] == ["a", "b"] and row["drill"] for row in rows)


@pytest.mark.parametrize("count", [0, -1, 1_000_000])
def test_an_absurd_number_is_refused(count: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        draw(["a"], count=count, seed=0, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_files_are_not_mixed_with_canaries(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(UsageError, match="other files"):
        draw(["a"], count=1, seed=0, out=tmp_path)


def test_prompts_are_made_of_pack_words() -> None:
    pack = Pack.load()
    for language in pack.sentences:
        prompt = pack.prompt(["a", "b"], language)
        assert all(pack.concepts[concept].words[language] in prompt for concept in "ab")
        assert pack.concepts["c"].words[language] not in prompt
    assert not any(concept.words["en"] in pack.prompt() for concept in pack.concepts.values())
    with pytest.raises(UsageError, match="no language"):
        pack.prompt(["a"], "tlh")
    with pytest.raises(UsageError, match="unknown canary concept"):
        pack.prompt(["d"])


def test_a_minted_pack_reads_back_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    minted = mint()
    path.write_text(minted.to_yaml(), encoding="utf-8")
    assert Pack.load(path) == minted
    assert minted.concepts["a"].words != mint().concepts["a"].words
    assert minted.concepts["a"].words["en"] in minted.prompt(["a"])


def test_a_file_that_is_no_pack_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    for text in ("", "- 1", "concepts: {a: 1}", "{"):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"notes\.yaml"):
            Pack.load(path)


def test_each_concept_has_its_melody() -> None:
    assert melody(["a"]) == melody(["a"])
    assert len({melody(concepts) for concepts in COMBINATIONS}) == len(COMBINATIONS)
