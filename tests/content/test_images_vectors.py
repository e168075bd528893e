"""The published PDQ vectors, through the strips that the decoder gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.content.images import open_images
from seawall.hashing.pdq import PdqAccumulator

DATA = Path(__file__).parents[1] / "data" / "pdq"
EXPECTED = {each["file"]: each for each in json.loads((DATA / "expected_pdq.json").read_text())["images"]}
TOLERANCE = 8


def test_every_vector_is_covered() -> None:
    assert len(EXPECTED) == 37


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_vector_has_its_published_hash(name: str) -> None:
    with open_images((DATA / name).read_bytes()) as reader:
        (frame,) = reader.frames()
        accumulator = PdqAccumulator(frame.height, frame.width)
        for rows in frame.strips():
            accumulator.add_rows(rows)
    hashed = accumulator.finish()
    distance = (int.from_bytes(hashed.value, "big") ^ int(EXPECTED[name]["pdq"], 16)).bit_count()
    assert distance <= TOLERANCE
    assert abs(hashed.quality - EXPECTED[name]["quality"]) <= 2
    assert not reader.flags
