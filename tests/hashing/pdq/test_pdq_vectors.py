"""The published samples: hashes, qualities and dihedral hashes are those of the reference library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from seawall.hashing.pdq import ORIENTATIONS, distance, pdq_array

SAMPLES = json.loads((Path(__file__).parents[2] / "data" / "pdq" / "expected_pdq.json").read_text())["images"]
PLAIN_JPEGS = [sample for sample in SAMPLES if sample["file"].endswith(".jpg") and sample["pil_mode"] == "RGB"]


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample["file"])
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_a_sample_has_the_expected_hash_quality_and_orientations(
    sample: dict[str, Any], vectors: Path, backend: str
) -> None:
    with Image.open(vectors / sample["file"]) as image:
        pixels = np.asarray(image.convert("RGB"))

    result = pdq_array(pixels, backend=backend)

    assert distance(result.value, bytes.fromhex(sample["pdq"])) == 0
    assert result.quality == sample["quality"]
    assert list(sample["dihedral"]) == list(ORIENTATIONS)
    assert [value.hex() for value in result.dihedral] == list(sample["dihedral"].values())


def test_gray_decoding_of_the_sample_jpegs_stays_within_the_tolerance(vectors: Path, backend: str) -> None:
    distances = []
    for sample in PLAIN_JPEGS:
        gray = simplejpeg.decode_jpeg((vectors / sample["file"]).read_bytes(), "GRAY")[..., 0]
        distances.append(distance(pdq_array(gray, backend=backend).value, bytes.fromhex(sample["pdq"])))

    assert len(distances) >= 20
    assert max(distances) <= 8
    assert np.mean(distances) <= 0.5


def test_a_dihedral_hash_is_near_the_hash_of_the_turned_picture(vectors: Path, backend: str) -> None:
    names = dict(
        zip(
            ORIENTATIONS,
            (
                "bridge-1-original",
                "bridge-2-rotate-90",
                "bridge-3-rotate-180",
                "bridge-4-rotate-270",
                "bridge-5-flipx",
                "bridge-6-flipy",
                "bridge-7-flip-plus-1",
                "bridge-8-flip-minus-1",
            ),
            strict=True,
        )
    )
    hashes = {}
    for orientation, name in names.items():
        gray = simplejpeg.decode_jpeg((vectors / "images" / "dihedral" / f"{name}.jpg").read_bytes(), "GRAY")[..., 0]
        hashes[orientation] = pdq_array(gray, backend=backend)

    predicted = dict(zip(ORIENTATIONS, hashes["original"].dihedral, strict=True))
    assert all(distance(predicted[orientation], hashes[orientation].value) <= 12 for orientation in ORIENTATIONS)
