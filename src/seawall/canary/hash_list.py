"""The canary hash list, which ships with seawall: every scene and its fixed crops, as PDQ.

`python -m seawall.canary.hash_list` writes it again, in the CSV form that any matcher of the field reads.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations

import numpy as np

from seawall.canary.draw import CROPS, SCENES, cropped
from seawall.canary.pack import CONCEPTS
from seawall.canary.scenes import draw_scene
from seawall.hashing.pdq import pdq_array

FILE_NAME = "canary_list.csv"


@dataclass(frozen=True, slots=True)
class CanaryEntry:
    """One entry: its signal type, value, and the concepts in the picture."""

    type: str
    value: bytes
    concepts: tuple[str, ...]


def canary_entries() -> Iterator[CanaryEntry]:
    """Yield the entries, computed from the drawings."""
    for size in (1, 2, 3):
        for concepts in combinations(CONCEPTS, size):
            for number in range(SCENES):
                scene = draw_scene(concepts, number)
                for crop in range(len(CROPS)):
                    value = pdq_array(np.asarray(cropped(scene, crop))).value
                    yield CanaryEntry("pdq", value, concepts)


def to_csv() -> str:
    """Return the list in the CSV form of `threatexchange dataset -P --csv`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["signal_type", "signal_str", "collab", "category", "tags"])
    for entry in canary_entries():
        tags = " ".join(f"canary.{concept}" for concept in entry.concepts)
        writer.writerow([entry.type, entry.value.hex(), "seawall canaries", "", tags])
    return buffer.getvalue()


if __name__ == "__main__":
    from pathlib import Path

    Path(str(files("seawall.canary") / FILE_NAME)).write_text(to_csv(), encoding="utf-8")
