"""The same scan on a private Ray cluster and on local processes, in CPU seconds; and what 5 billion images would take.

Usage: python -m benchmarks.bench_cluster [--images 8000] [--pictures 150] [--shards 2000] [--repeat 2]

Every number that docs/scale.md computes with comes from here: images a CPU second, shards a second of the driver,
events a second of the ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.corpus import make_corpus
from benchmarks.tree_cpu import Spent, run
from seawall.ledger import open_ledger, open_store
from seawall.ledger.keys import KeyFile
from seawall.ledger.ledger import Ledger
from seawall.settings import Settings

WORKERS = 2
GOAL = 1.25
LOCAL, RAY = "local processes", "private Ray cluster"
SIZES = (("1-4 MP", (1.0, 4.0), (LOCAL, RAY)), ("512 px", (0.26, 0.27), (LOCAL,)))
"""Name, megapixels, and engines: the smaller size is there for its rate, and too short a run to compare engines."""
ITEMS = 5_000_000_000
CORES = (1_000, 10_000)
SHARD_ITEMS = (256, 10_000)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=8000, help="files of each size")
    parser.add_argument("--pictures", type=int, default=150, help="different pictures among them")
    parser.add_argument("--shards", type=int, default=2000, help="shards of the settled scan")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument(
        "--detectors", type=float, help="images a CPU second with detectors, as bench_separate prints it"
    )
    arguments = parser.parse_args()
    rates: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        listed = root / "list.txt"
        codes = np.random.default_rng(3).integers(0, 256, (100_000, 32), dtype=np.uint8)
        listed.write_text("\n".join(row.tobytes().hex() for row in codes) + "\n")
        for name, megapixels, engines in SIZES:
            photos = _corpus(root / name.replace(" ", ""), arguments.images, arguments.pictures, megapixels)
            rates[name] = _compare(name, photos, listed, root, engines, arguments.repeat)
        shards = _settled(root, arguments.shards)
        events = _events(root)
    if arguments.detectors:
        rates["1-4 MP, with detectors"] = arguments.detectors
    _table(rates, shards, events)


def _corpus(folder: Path, files: int, pictures: int, megapixels: tuple[float, float]) -> Path:
    """Write different pictures, and give each as many names as it takes."""
    drawn = make_corpus(folder / "drawn", pictures, seed=7, megapixels=megapixels)
    photos = folder / "photos"
    photos.mkdir()
    for number in range(files):
        (photos / f"{number:06d}.jpg").hardlink_to(drawn[number % pictures])
    return photos


def _compare(name: str, photos: Path, listed: Path, root: Path, engines: Sequence[str], repeat: int) -> float:
    """Compare engines; return the images that one CPU second of the local processes does."""
    count = sum(1 for _ in photos.iterdir())
    runs: dict[str, list[Spent]] = {engine: [] for engine in engines}
    command = ["scan", str(photos), "--list", str(listed), "--workers", str(WORKERS)]
    _scan([*command, "--shard-index", "99999999", "--shard-count", "100000000"], root)  # the list is imported once
    for _ in range(repeat):
        for engine in engines:
            spent = _scan([*command, *(["--cluster", "local"] if engine == RAY else [])], root)
            summary = json.loads(spent.output)
            if summary["items"] != count or summary["unexamined"] or summary["resumed"]:
                raise SystemExit(f"the scan did not examine everything: {summary}")
            runs[engine].append(spent)
    best = {engine: min(spent, key=lambda each: each.cpu) for engine, spent in runs.items()}
    print(f"\n{name}: {count} JPEGs, {WORKERS} workers, best of {repeat}")
    for engine, spent in best.items():
        print(
            f"  {engine}: {spent.cpu:.1f} CPU s{'' if spent.exact else ' (sampled)'}, {spent.wall:.1f} s wall, "
            f"{count / spent.cpu:.0f} images a CPU second, {spent.peak >> 20} MB at most"
        )
    if RAY in best:
        ratio = best[RAY].cpu / best[LOCAL].cpu
        print(f"  Ray / processes: {ratio:.2f} CPU (goal {GOAL}: {'met' if ratio <= GOAL else 'missed'})", flush=True)
    return count / best[LOCAL].cpu


def _scan(command: Sequence[str], root: Path) -> Spent:
    out = root / "out"
    shutil.rmtree(out, ignore_errors=True)
    return _seawall([*command, "--out", str(out), "--json"], root)


def _seawall(command: Sequence[str], root: Path) -> Spent:
    return run([sys.executable, "-m", "seawall", *command], os.environ | {"SEAWALL_HOME": str(root / "home")})


def _settled(root: Path, shards: int) -> float:
    """Return the shards a second that one driver settles when parts have left all receipts."""
    small = root / "small"
    for number in range(shards):
        folder = small / f"{number:06d}"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(f"{number}\n")
    command = ["scan", str(small), "--hash-only", "--shard-items", "1", "--workers", "1", "--json"]
    command += ["--out", str(root / "settled")]
    part = _seawall([*command, "--shard-index", "0", "--shard-count", "1"], root)
    planned: int = json.loads(part.output)["shards"]
    settled = _seawall(command, root)
    rate = planned / settled.wall
    print(f"\nsettling {planned} shards: {settled.wall:.1f} s, {settled.cpu:.1f} CPU s, {rate:.0f} shards a second")
    return rate


def _events(root: Path, count: int = 20_000) -> float:
    """Return the events a second that the ledger takes, 500 in a transaction, on SQLite."""
    home = root / "ledger"
    settings = Settings(home, f"sqlite:///{home / 'seawall.db'}")
    settings.directory()
    with open_ledger(settings):
        pass
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(home / "keys"))
        start = time.perf_counter()
        for first in range(0, count, 500):
            events = [
                ("decision", f"bench/{number}", {"shard": "0" * 32, "row": number, "sha256": "0" * 64, "drill": True})
                for number in range(first, first + 500)
            ]
            with store.begin() as connection:
                ledger.record_all(connection, events)
            ledger.append_pending()
        rate = count / (time.perf_counter() - start)
    print(f"ledger: {rate:.0f} events a second")
    return rate


def _table(rates: dict[str, float], shards: float, events: float) -> None:
    """Print what a dataset of `ITEMS` images takes."""
    print(f"\n{ITEMS / 1e9:.0f} billion images:")
    for name, rate in rates.items():
        hours = ITEMS / rate / 3600
        wall = ", ".join(f"{hours / cores:.1f} h on {cores:,} cores" for cores in CORES)
        print(f"  {name}: {rate:.0f} images a core and second, {hours:,.0f} core hours, {wall}")
    for items in SHARD_ITEMS:
        print(f"  settling at {items:,} images a shard: {ITEMS / items / shards / 3600:.1f} h of one driver")
    print(f"  ledger, at one finding in a million images: {2 * ITEMS / 1e6 / events:.0f} s")


if __name__ == "__main__":
    main()
