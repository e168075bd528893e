"""A writer killed at any moment leaves one generation or the next, whole."""

from __future__ import annotations

import random
import select
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seawall.matching.index import HammingIndex

WRITER = """
import sys
import numpy as np
from seawall.matching.index import HammingIndex
path, index = sys.argv[1], None
try:
    index = HammingIndex.open(path)
except Exception:
    index = HammingIndex()
print("open", flush=True)
while True:
    generation = index.generation
    index.add(np.random.default_rng(generation).integers(0, 256, (300, 32), np.uint8))
    index.remove([generation * 300 + 5, generation * 150])
    if generation % 5 == 4:
        index.compact()
    index.save(path)
    print(index.generation, flush=True)
"""


def expected(generation):
    codes = [np.random.default_rng(step).integers(0, 256, (300, 32), np.uint8) for step in range(generation)]
    gone = {step * 300 + 5 for step in range(generation)} | {step * 150 for step in range(generation)}
    ids = np.setdiff1d(np.arange(300 * generation), sorted(gone))
    return ids, np.concatenate(codes)[ids]


@pytest.mark.crash
def test_killing_the_writer_leaves_one_generation_or_the_next(tmp_path: Path):
    rng = random.Random(3)
    folder = tmp_path / "index"
    acknowledged = 0
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        for _ in range(rng.randrange(1, 6)):
            acknowledged = int(writer.stdout.readline())
        # Somewhere within the next save, which takes milliseconds.
        select.select([], [], [], rng.random() * 0.02)
        writer.kill()
        rest = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait(timeout=30)
        acknowledged = max([acknowledged, *map(int, rest)])
        index = HammingIndex.open(folder)
        index.verify()
        assert acknowledged <= index.generation <= acknowledged + 1
        ids, codes = expected(index.generation)
        found_ids, found_codes = index.entries()
        assert np.array_equal(found_ids, ids) and np.array_equal(found_codes, codes)
        assert index.next_id == 300 * index.generation
    assert acknowledged >= 6
