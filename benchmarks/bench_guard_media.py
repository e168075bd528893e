"""The guard's media side: uploads checked by lists alone and with detectors, and lookups of hashes, CPU of one core.

An upload goes the whole way: bytes in memory, digests, decoding in the sandboxed process, PDQ in eight orientations,
every list; then, with detectors, pictures and models. CPU time is that of this process and of every process it started.
The peer is HMA 1.1.7 (threatexchange 1.2.17); it does not run here, its figures were measured on another day with one
worker and a million hashes, and are printed beside ours as they are.

Usage: python -m benchmarks.bench_guard_media [--images 60] [--entries 1000000] [--no-detectors]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import make_corpus
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaExaminer, MediaLimits, MemoryMedia, picture_detectors
from seawall.matching import ListStore, Purpose
from seawall.settings import Settings

HMA_PHOTO, HMA_LOOKUP = 7.4, 136.0
"""Requests a second and core of HMA: POST of a 2.4 MP photo, and raw_lookup of one hash at a million."""

MEGAPIXELS = (2.2, 2.6)
SINGLES, BATCH = 2000, 10_000
SINGLE_MS, PHOTO_RATIO, BATCH_RATIO = 0.5, 10.0, 200.0


@dataclass
class Spent:
    """What something cost.

    Attributes:
        cpu: CPU seconds.
        wall: Seconds.
    """

    cpu: float = 0.0
    wall: float = 0.0


def children() -> list[int]:
    """Return the processes that this one started, and theirs."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, todo = [], [os.getpid()]
    while todo:
        pid = todo.pop()
        mine = [child for child, parent in parents.items() if parent == pid]
        found += mine
        todo += mine
    return found


def used() -> float:
    """Return the CPU seconds of this process and of what it started."""
    ticks = 0
    for pid in children():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def measured() -> Iterator[Spent]:
    """Measure what is done inside."""
    spent = Spent()
    cpu, wall = used(), time.perf_counter()
    yield spent
    spent.cpu, spent.wall = used() - cpu, time.perf_counter() - wall


def resident() -> float:
    """Return the resident memory of this process, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def make_list(home: Path, entries: int, scratch: Path) -> NDArray[np.uint8]:
    """Import a list of random hashes; return them."""
    codes = np.frombuffer(np.random.default_rng(1).bytes(32 * entries), np.uint8).reshape(-1, 32)
    path = scratch / "random.txt"
    with path.open("w", encoding="ascii") as file:
        for code in codes:
            file.write(code.tobytes().hex() + "\n")
    ListStore(home / "lists").import_file(path, name="random", purpose=Purpose.CSAM, type="pdq")
    return codes


def uploads(examiner: MediaExaminer, photos: Sequence[bytes], threads: int) -> Spent:
    """Examine every photo."""
    with measured() as spent, ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda data: examiner.examine(MemoryMedia(data), "file"), photos):
            pass
    return spent


def waits(examiner: MediaExaminer, photos: Sequence[bytes]) -> list[float]:
    """Return the milliseconds that each upload waits, one after another."""
    found = []
    for data in photos:
        start = time.perf_counter()
        examiner.examine(MemoryMedia(data), "file")
        found.append((time.perf_counter() - start) * 1e3)
    return found


def upload_lines(lists: LiveLists, settings: Settings, photos: Sequence[bytes], *, detectors: bool) -> list[str]:
    """Measure uploads; return lines."""
    lines = []
    choices: list[tuple[str, Callable[[], object] | None]] = [("lists alone", None)]
    if detectors:
        choices.append(("with detectors", picture_detectors(settings)))
    for name, opened in choices:
        limits = MediaLimits(seconds=600.0, processes=2)
        with MediaExaminer(lists, opened, limits=limits) as examiner:  # type: ignore[arg-type]
            examiner.warm()
            uploads(examiner, photos[:4], 2)
            spent = uploads(examiner, photos, 4)
            alone = sorted(waits(examiner, photos[: max(10, len(photos) // 2)]))
            checks = dict(examiner.examine(MemoryMedia(photos[0]), "file").checks)
        rate = len(photos) / spent.cpu
        p99 = alone[min(len(alone) - 1, int(len(alone) * 0.99))]
        lines.append(
            f"upload, {name:<16}{spent.cpu / len(photos) * 1e3:>9.1f} ms CPU{rate:>9.1f}/s/core"
            f"{rate / HMA_PHOTO:>8.1f}x HMA photo; alone p50 {statistics.median(alone):.0f} ms, p99 {p99:.0f} ms"
        )
        if opened is None:
            lines.append(goal("photo lookup, times HMA", rate / HMA_PHOTO, PHOTO_RATIO, more=True))
        else:
            silent = sorted(check for check, status in checks.items() if status == "not_configured")
            lines += [f"  not configured here: {', '.join(silent)}"] if silent else []
    return lines


def lookup_lines(lists: LiveLists, codes: NDArray[np.uint8]) -> list[str]:
    """Measure lookups; return lines."""
    rng = np.random.default_rng(2)
    asked = codes[rng.integers(len(codes), size=BATCH)].copy()
    asked[::2] = np.frombuffer(rng.bytes(asked[::2].size), np.uint8).reshape(-1, 32)
    values = [code.tobytes() for code in asked]
    lists.search("pdq", values)
    start = time.process_time()
    for value in values[:SINGLES]:
        lists.search("pdq", [value])
    single = (time.process_time() - start) / SINGLES
    start = time.process_time()
    found = lists.search("pdq", values)
    each = (time.process_time() - start) / BATCH
    hit = sum(bool(matches) for matches in found)
    return [
        f"one PDQ in {len(codes):,}{single * 1e3:>18.3f} ms CPU{1 / single:>12,.0f}/s/core"
        f"{1 / single / HMA_LOOKUP:>8.0f}x HMA raw_lookup (with its HTTP; ours without)",
        goal("one lookup, ms CPU", single * 1e3, SINGLE_MS, more=False),
        f"{BATCH:,} at once, each{each * 1e6:>16.1f} us CPU{1 / each:>12,.0f}/s/core"
        f"{1 / each / HMA_LOOKUP:>8.0f}x HMA raw_lookup; half of them listed, {hit} found",
        goal("batch, each, times HMA", 1 / each / HMA_LOOKUP, BATCH_RATIO, more=True),
    ]


def update_lines(lists: LiveLists, home: Path, scratch: Path, codes: NDArray[np.uint8]) -> list[str]:
    """Add to the list while it is searched; return how long that took to be seen, and how lookups fared."""
    fresh = np.random.default_rng(3).bytes(32)
    path = scratch / "one.txt"
    path.write_text(fresh.hex() + "\n", encoding="ascii")
    stop, failed, slowest, count = threading.Event(), [0], [0.0], [0]
    value = codes[0].tobytes()

    def look() -> None:
        while not stop.is_set():
            start = time.perf_counter()
            found = lists.search("pdq", [value])[0]
            slowest[0] = max(slowest[0], time.perf_counter() - start)
            failed[0] += not found
            count[0] += 1

    thread = threading.Thread(target=look)
    thread.start()
    ListStore(home / "lists").import_file(path, name="random", purpose=Purpose.CSAM, type="pdq")
    start = time.perf_counter()
    while not lists.search("pdq", [fresh])[0] and time.perf_counter() - start < 30:
        time.sleep(0.002)
    seen = time.perf_counter() - start
    stop.set()
    thread.join()
    return [
        f"an addition is seen {seen * 1e3:.0f} ms after its import; {count[0]:,} lookups meanwhile,"
        f" {failed[0]} failed, the slowest {slowest[0] * 1e3:.1f} ms (the import shares this process)",
        goal("seen after, s", seen, 1.0, more=False),
    ]


def goal(name: str, measured_value: float, wanted: float, *, more: bool) -> str:
    """Return a line that says whether a goal was met."""
    met = measured_value >= wanted if more else measured_value <= wanted
    sign = ">=" if more else "<="
    return f"  {name:<32}{measured_value:>10.3g}{f'{sign} {wanted:g}':>12}  {'met' if met else 'MISSED'}"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--no-detectors", action="store_true")
    options = parser.parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("needs Linux, to count the CPU time of decode processes", file=sys.stderr)
        return 2
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores; HMA's figures are cited"
    )
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as folder:
        home, scratch = Path(folder, "home"), Path(folder)
        settings = Settings(home, "")
        codes = make_list(home, options.entries, scratch)
        photos = [path.read_bytes() for path in make_corpus(scratch / "photos", options.images, 1, MEGAPIXELS)]
        with LiveLists(settings) as lists:
            for line in lookup_lines(lists, codes):
                print(line)
            for line in upload_lines(lists, settings, photos, detectors=not options.no_detectors):
                print(line)
            for line in update_lines(lists, home, scratch, codes):
                print(line)
        print(f"resident at the end {resident():.0f} MB, mapped lists included")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
