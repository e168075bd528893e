"""The exact Hamming index against threatexchange's PDQ index: time, memory and recall, one core, in one run.

Usage: python -m benchmarks.bench_index [--sizes 1000000,10000000] [--no-peer]
Needs the bench requirements (threatexchange); exits with 2 when they are missing. The peer takes a minute and some ten
gigabytes at ten million codes. Each size runs in a process of its own; queries to both sides alternate.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.matching.index import HammingIndex, kernel_name

ENVIRONMENT = "SEAWALL_INDEX_BACKEND"
RADIUS = 31
QUERIES = 1024
ROUNDS = 8
BRUTE_FORCE = 200_000_000
"""Codes compared to check recall, over all queries that are checked."""

Codes = NDArray[np.uint8]
Found = set[tuple[int, int, int]]


@dataclass
class Side:
    """What was measured of one index.

    Attributes:
        build: CPU seconds.
        size: Bytes of the index, as it says itself.
        resident: Bytes by which the process has grown once it is built.
        peak: Bytes of memory at most while it was built, the caller's codes not counted.
        batch: CPU seconds a query, all asked at once, one for each round.
        single: CPU seconds of each query asked alone.
        found: (query, entry, distance).
    """

    build: float = 0.0
    size: int = 0
    resident: int = 0
    peak: int = 0
    batch: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    found: Found = field(default_factory=set)

    @property
    def rates(self) -> tuple[float, float]:
        """Queries a second, all at once and one by one."""
        return 1 / statistics.median(self.batch), 1 / statistics.fmean(self.single)


def resident_bytes() -> int:
    """Return the memory that this process holds; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def peak_bytes() -> int:
    """Return the most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def built(side: Side, make: Callable[[], Any]) -> Any:
    """Make an index, measuring time and memory."""
    before, start = resident_bytes(), time.process_time()
    index = make()
    side.build = time.process_time() - start
    side.resident, side.peak = resident_bytes() - before, peak_bytes() - before
    return index


def corpus(count: int, seed: int = 1) -> tuple[Codes, Codes]:
    """Return random codes, and queries of which half lie 0 to 31 bits from a code."""
    rng = np.random.default_rng(seed)
    codes = np.frombuffer(rng.bytes(32 * count), np.uint8).reshape(-1, 32)
    queries = np.frombuffer(rng.bytes(32 * QUERIES), np.uint8).reshape(-1, 32).copy()
    for number in range(0, QUERIES, 2):
        bits = np.unpackbits(codes[rng.integers(count)])
        bits[rng.permutation(256)[: number // 2 % (RADIUS + 1)]] ^= 1
        queries[number] = np.packbits(bits)
    return codes, queries


def per_call(search: Callable[[Any], Any], queries: Any) -> list[float]:
    """Return the CPU seconds of each call."""
    times = []
    for query in queries:
        start = time.process_time_ns()
        search(query)
        times.append((time.process_time_ns() - start) / 1e9)
    return times


def measure_queries(ours: Side, index: HammingIndex, peer: Side, other: Any, queries: Codes) -> None:
    """Ask both sides in turn."""
    texts = [query.tobytes().hex() for query in queries]
    index.search(queries, RADIUS)
    for number in range(ROUNDS):
        start = time.process_time()
        query, entry, distance = index.search(queries, RADIUS)
        ours.batch.append((time.process_time() - start) / QUERIES)
        ours.found = set(zip(query.tolist(), entry.tolist(), distance.tolist(), strict=True))
        ours.single += per_call(lambda query: index.search(query, RADIUS), queries)
        if other is None:
            continue
        part = texts[number::ROUNDS]
        start = time.process_time()
        results = other.index.search_with_distance_in_result(part, RADIUS)
        peer.batch.append((time.process_time() - start) / len(part))
        for place, text in enumerate(part):
            peer.found |= {(place * ROUNDS + number, row, int(bits)) for row, _, bits in results[text]}
        peer.single += per_call(other.query, part)


def recall(index: HammingIndex, codes: Codes, queries: Codes) -> tuple[int, int, int]:
    """Compare with every code; return matches that there are, those that were found, and those found wrongly."""
    words = codes.view("<u8").reshape(-1, 4)
    right = hit = wrong = 0
    count = max(8, min(QUERIES, BRUTE_FORCE // len(codes)))
    for query in queries[:: max(1, QUERIES // count) | 1]:
        near: set[int] = set()
        for start in range(0, len(words), 1 << 18):
            block = words[start : start + (1 << 18)] ^ query.view("<u8")
            bits = np.bitwise_count(block).sum(axis=1, dtype=np.uint16)
            near |= set((np.flatnonzero(bits <= RADIUS) + start).tolist())
        found = set(index.search(query, RADIUS)[1].tolist())
        right, hit, wrong = right + len(near), hit + len(near & found), wrong + len(found - near)
    return right, hit, wrong


def measure_files(index: HammingIndex, queries: Codes) -> dict[str, float]:
    """Save, open in other objects, and change: milliseconds of wall time, and queries a second of the mapped file."""
    found = {}

    def timed(name: str, task: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = task()
        found[name] = (time.perf_counter() - start) * 1e3
        return result

    with tempfile.TemporaryDirectory() as folder:
        timed("save all", lambda: index.save(folder))
        reader = timed("open", lambda: HammingIndex.open(folder))
        reader.search(queries, RADIUS)
        start = time.process_time()
        reader.search(queries, RADIUS)
        found["mapped batch q/s"] = QUERIES / (time.process_time() - start)
        start = time.process_time()
        for query in queries:
            reader.search(query, RADIUS)
        found["mapped single q/s"] = QUERIES / (time.process_time() - start)
        os.environ[ENVIRONMENT] = "numpy"
        twin = HammingIndex.open(folder)
        del os.environ[ENVIRONMENT]
        start = time.process_time()
        twin.search(queries[:128], RADIUS)
        found["NumPy twin, batch q/s"] = 128 / (time.process_time() - start)
        fresh = ~queries[:1]

        def seen_elsewhere() -> None:
            index.save(folder)
            reader.refresh()

        entry = timed("add", lambda: index.add(fresh))
        assert index.search(fresh, 0)[1].tolist() == entry.tolist()
        timed("add, seen by a reader of the file", seen_elsewhere)
        assert reader.search(fresh, 0)[1].tolist() == entry.tolist()
        timed("remove", lambda: index.remove([0]))
        timed("remove, seen by a reader of the file", seen_elsewhere)
        assert len(reader) == len(index)
        timed("verify", reader.verify)
    return found


def report(size: int, ours: Side, peer: Side, exact: tuple[int, int, int], files: dict[str, float]) -> str:
    """Return the tables of one size."""
    both = bool(peer.batch)
    batch, single = ours.rates
    peer_batch, peer_single = peer.rates if both else (0.0, 0.0)
    lines = [f"{size:,} codes, radius {RADIUS}; kernel {kernel_name()}", ""]
    lines.append(f"{'':<32}{'threatexchange':>16}{'seawall':>14}{'ratio':>10}")
    rows = [
        ("batch, queries/s", peer_batch, batch, True),
        ("single, queries/s", peer_single, single, True),
        ("build, CPU s", peer.build, ours.build, False),
        ("memory growth, bytes/code", peer.resident / size, ours.resident / size, False),
        ("peak while building, bytes/code", peer.peak / size, ours.peak / size, False),
    ]
    for name, theirs, mine, more in rows:
        ratio = (mine / theirs if more else theirs / mine) if theirs and mine else 0.0
        there = f"{theirs:,.1f}" if theirs else "-"
        lines.append(f"{name:<32}{there:>16}{mine:>14,.1f}{f'{ratio:.1f}x' if ratio else '-':>10}")
    tail = float(np.percentile(ours.single, 99)) * 1e3
    lines += ["", f"single query, 99th percentile: {tail:.3f} ms CPU"]
    lines += [f"{name}: {value:,.1f}" + ("" if name.endswith("q/s") else " ms") for name, value in files.items()]
    right, hit, wrong = exact
    lines.append(f"against brute force: {hit} of {right} matches found, {wrong} wrong")
    if both:
        lines.append(f"against threatexchange: {len(ours.found ^ peer.found)} of {len(ours.found)} results differ")
    large = size >= 10_000_000
    goals = [
        ("build, CPU s", ours.build, "<=", 6 * max(1.0, size / 1e7)),
        ("tables and codes, bytes/code", ours.size / size, "<=", 135),
        ("peak bytes/code", ours.peak / size, "<=", 200),
        ("open, ms", files["open"], "<=", 20),
        ("add, seen by a reader, ms", files["add, seen by a reader of the file"], "<=", 1000),
        ("remove, seen by a reader, ms", files["remove, seen by a reader of the file"], "<=", 1000),
        ("single p99, ms", tail, "<=", 0.5),
        ("recall", hit / right, ">=", 1),
        ("wrong results", wrong, "<=", 0),
    ]
    if both:
        goals.append(("batch / threatexchange", batch / peer_batch, ">=", 120 if large else 100))
        goals.append(("single / threatexchange", single / peer_single, ">=", 60 if large else 50))
    lines += ["", f"{'goal':<32}{'measured':>12}{'wanted':>12}"]
    for name, value, relation, wanted in goals:
        met = value >= wanted if relation == ">=" else value <= wanted
        lines.append(f"{name:<32}{value:>12.3f}{f'{relation} {wanted:g}':>12}  {'met' if met else 'MISSED'}")
    return "\n".join(lines)


def run(size: int, peer_index: Any) -> str:
    """Measure one size."""
    codes, queries = corpus(size)
    ours, peer = Side(), Side()
    index = built(ours, lambda: HammingIndex.build(codes))
    ours.size = index.nbytes
    other = None
    if peer_index is not None:
        other = built(peer, lambda: peer_index((codes[row].tobytes().hex(), row) for row in range(size)))
    measure_queries(ours, index, peer, other, queries)
    del other
    exact = recall(index, codes, queries)
    return report(size, ours, peer, exact, measure_files(index, queries))


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000000,10000000")
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(arguments)
    try:
        sizes = [int(size) for size in options.sizes.split(",")]
    except ValueError:
        parser.error("--sizes takes whole numbers with commas between them")
    peer_index = None
    if options.peer:
        try:
            peer_index = importlib.import_module("threatexchange.signal_type.pdq.pdq_index").PDQIndex
            # On one core, more threads would only wait for each other.
            importlib.import_module("faiss").omp_set_num_threads(1)
        except ImportError as error:
            print(f"the bench requirements are not installed: {error} (requirements-bench.lock)", file=sys.stderr)
            return 2
    if len(sizes) > 1:
        # A process each: memory of one size must not count for the next.
        flag = "--peer" if options.peer else "--no-peer"
        command = [sys.executable, "-m", "benchmarks.bench_index", flag, "--sizes"]
        return max(subprocess.run([*command, str(size)], check=False).returncode for size in sizes)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    if peer_index is not None:
        versions += "".join(f", {name} {importlib.metadata.version(name)}" for name in ("threatexchange", "faiss-cpu"))
    print(f"{versions}; one core, CPU time unless it says otherwise")
    print(run(sizes[0], peer_index))
    return 0


if __name__ == "__main__":
    sys.exit(main())
