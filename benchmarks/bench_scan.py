"""The whole scan against its floor: an in-process gray decode of the same files, in CPU seconds, in one run.

Usage: python -m benchmarks.bench_scan [--images 1000] [--peer]
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
from numpy.typing import NDArray

from benchmarks.corpus import make_corpus

DECODE = """
import sys, time, simplejpeg
from pathlib import Path
start = time.process_time()
for path in sorted(Path(sys.argv[1]).iterdir()):
    simplejpeg.decode_jpeg(path.read_bytes(), "GRAY")
print(time.process_time() - start)
"""

PEER = """
import sys, time
from pathlib import Path
from threatexchange.signal_type.pdq.signal import PdqSignal
from threatexchange.signal_type.pdq.pdq_index import PDQIndex
index = PDQIndex.build([(line.strip(), line.strip()) for line in Path(sys.argv[2]).open()])
start = time.process_time()
count = 0
for path in sorted(Path(sys.argv[1]).iterdir())[:int(sys.argv[3])]:
    value = PdqSignal.hash_from_bytes(path.read_bytes())
    if value:
        index.query(value)
    count += 1
print((time.process_time() - start) / count)
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--peer", action="store_true", help="also time threatexchange's hash and lookup per image")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, megapixels in (("1-4 MP", (1.0, 4.0)), ("512 px", (0.26, 0.27))):
            photos = root / name.replace(" ", "")
            make_corpus(photos, arguments.images, seed=7, megapixels=megapixels)
            _measure(name, photos, root, peer=arguments.peer and name == "1-4 MP")


def _measure(name: str, photos: Path, root: Path, *, peer: bool) -> None:
    count = sum(1 for _ in photos.iterdir())
    listed = root / "list.txt"
    listed.write_text("\n".join(row.tobytes().hex() for row in _codes(100_000)) + "\n")
    floor = min(float(_run([sys.executable, "-c", DECODE, str(photos)])) for _ in range(2))
    print(f"\n{name}: {count} JPEGs, gray decode alone {floor:.2f} CPU s ({1000 * floor / count:.2f} ms an image)")
    cpu: dict[int, float] = {}
    wall: dict[int, float] = {}
    for workers in (1, 2):
        cpu[workers], wall[workers] = min(_scan(photos, listed, root, workers) for _ in range(2))
        rate = count / wall[workers]
        print(
            f"  scan, workers {workers}: {cpu[workers]:.2f} CPU s = {cpu[workers] / floor:.2f} x decode, "
            f"{wall[workers]:.2f} s wall, {rate:.0f} images/s"
        )
    print(f"  two workers / one: {cpu[2] / cpu[1]:.2f} CPU, {wall[1] / wall[2]:.2f} times as fast")
    if peer:
        seconds = float(_run([sys.executable, "-c", PEER, str(photos), str(listed), "100"]))
        less = seconds / (cpu[1] / count)
        print(
            f"  threatexchange hash + lookup: {1000 * seconds:.1f} ms an image; seawall's whole scan {less:.1f} x less"
        )


def _codes(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (count, 32), dtype=np.uint8)


def _scan(photos: Path, listed: Path, root: Path, workers: int) -> tuple[float, float]:
    """Run a fresh scan; return its CPU seconds (children included) and its wall seconds."""
    home, out = root / "home", root / "out"
    environment = os.environ | {"SEAWALL_HOME": str(home)}
    command = [sys.executable, "-m", "seawall", "scan", str(photos), "--list", str(listed), "--out", str(out)]
    command += ["--workers", str(workers), "--fresh", "--json"]
    if not home.exists():
        _run(command, environment)  # the list is imported once
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    summary = json.loads(_run(command, environment))
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if summary["items"] != sum(1 for _ in photos.iterdir()) or summary["unexamined"]:
        raise SystemExit(f"the scan did not examine everything: {summary}")
    shutil.rmtree(out)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
