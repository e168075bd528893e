"""The canary hash list, which ships with seawall: every scene and its fixed crops, as PDQ.

A blurred owl is tagged `canary.blurred` and never `canary.c`: it stands for a person whose age nobody can tell.

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
    """One entry: its signal type, value, the concepts in the picture, and whether the owl among them is blurred."""

    type: str
    value: bytes
    concepts: tuple[str, ...]
    blurred: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """What the list says of it."""
        sharp = [concept for concept in self.concepts if not (self.blurred and concept == "c")]
        return tuple(f"canary.{name}" for name in (*sharp, *(["blurred"] if self.blurred else [])))


def canary_entries() -> Iterator[CanaryEntry]:
    """Yield the entries, computed from the drawings."""
    every = [concepts for size in (1, 2, 3) for concepts in combinations(CONCEPTS, size)]
    kinds = [(concepts, False) for concepts in every] + [(concepts, True) for concepts in every if "c" in concepts]
    for concepts, blurred in kinds:
        for number in range(SCENES):
            scene = draw_scene(concepts, number, blurred=blurred)
            for crop in range(len(CROPS)):
                value = pdq_array(np.asarray(cropped(scene, crop))).value
                yield CanaryEntry("pdq", value, concepts, blurred)


def to_csv() -> str:
    """Return the list in the CSV form of `threatexchange dataset -P --csv`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["signal_type", "signal_str", "collab", "category", "tags"])
    for entry in canary_entries():
        writer.writerow([entry.type, entry.value.hex(), "seawall canaries", "", " ".join(entry.tags)])
    return buffer.getvalue()


if __name__ == "__main__":
    from pathlib import Path

    Path(str(files("seawall.canary") / FILE_NAME)).write_text(to_csv(), encoding="utf-8")
