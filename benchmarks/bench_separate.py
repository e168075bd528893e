"""The whole separation on one core: hash, match, decode for detectors, every shipped image detector, settle.

Usage: python -m benchmarks.bench_separate [--images 200]

Two kinds of JPEGs of 1 to 4 megapixels: photographs made larger, some with faces, and the seeded corpus without faces,
where the face detector looks twice. CPU seconds and memory are of the whole process tree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.corpus import make_corpus

DETECTORS = "open-nsfw,image-safety,apparent-age"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        photographs, drawn = root / "photographs", root / "corpus"
        _photographs(photographs, arguments.images)
        make_corpus(drawn, arguments.images, seed=11, megapixels=(1.0, 4.0))
        few = root / "few"
        few.mkdir()
        shutil.copy(next(photographs.iterdir()), few)
        start, _, _ = _run(few, root)
        print(f"one image, start included: {start:.2f} CPU s")
        for name, images in (("photographs", photographs), ("corpus without faces", drawn)):
            cpu, wall, peak = min(_run(images, root) for _ in range(2))
            count = sum(1 for _ in images.iterdir())
            print(
                f"{name}: {count} JPEGs of 1-4 MP: {cpu:.1f} CPU s, {count / cpu:.1f} images a CPU second "
                f"({count / (cpu - start):.1f} without the start), {wall:.1f} s wall; "
                f"largest memory of the tree {peak} MB"
            )


def _photographs(folder: Path, count: int) -> None:
    """Write the shipped photographs at sizes of 1 to 4 megapixels."""
    from seawall.demo_photos import paths

    folder.mkdir()
    random = np.random.default_rng(3)
    sources = [Image.open(path).convert("RGB") for path in sorted(paths())]
    for number in range(count):
        source = sources[number % len(sources)]
        scale = (random.uniform(1.0, 4.0) * 1e6 / (source.width * source.height)) ** 0.5
        size = (round(source.width * scale), round(source.height * scale))
        source.resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:05d}.jpg", quality=88)


def _run(images: Path, root: Path) -> tuple[float, float, int]:
    """Return CPU seconds, wall seconds, and the largest resident memory of the process tree in MB."""
    out = root / "out"
    shutil.rmtree(out, ignore_errors=True)
    environment = os.environ | {"SEAWALL_HOME": str(root / "home"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "seawall", "separate", str(images), "--detectors", DETECTORS, "--workers", "1"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([*command, "--out", str(out), "--json"], env=environment, stdout=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _tree_memory(process.pid))
        time.sleep(0.05)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    summary = json.loads((out / "summary.json").read_text())
    if summary["errors"]:
        raise SystemExit("detectors failed: is 'seawall detectors fetch' done?")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, peak


def _tree_memory(root: int) -> int:
    """Return the proportional resident memory of a process and its descendants, MB."""
    pending, total = [root], 0
    while pending:
        pid = pending.pop()
        try:
            tasks = Path(f"/proc/{pid}/task")
            for task in tasks.iterdir():
                pending += [int(child) for child in (task / "children").read_text().split()]
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total >> 10


if __name__ == "__main__":
    main()
