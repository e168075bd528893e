"""PDQ of JPEG files, peers and seawall interleaved in one run: CPU milliseconds, ratios and differing bits.

Usage: python -m benchmarks.bench_pdq [--images 200] [--seed 1] [--megapixels 1 4]
Needs the bench requirements (threatexchange); exits with 2 when they are missing.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import io
import itertools
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from PIL import Image

from benchmarks.corpus import make_corpus
from seawall.hashing.pdq import PdqHash, available_backends, distance, kernel_name, pdq_array

ARRAY_SIDE = 1024
ARRAY_ROUNDS = 40
PEER, PIL, FLOOR = "threatexchange hash_from_bytes", "pdqhash + PIL", "gray decode alone"
GRAY, ONE, RGB, TWIN = "seawall gray", "seawall gray, original only", "seawall RGB", "seawall gray, NumPy twin"

Task = Callable[[bytes], Any]


def gray(data: bytes) -> Any:
    """Decode the luma at full resolution."""
    return simplejpeg.decode_jpeg(data, "GRAY")[..., 0]


def contenders(peer: Any, reference: Any) -> dict[str, Task]:
    """Return what is timed on each file."""
    return {
        PEER: peer.hash_from_bytes,
        PIL: lambda data: reference.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))),
        FLOOR: lambda data: gray(data).shape,
        GRAY: lambda data: pdq_array(gray(data)),
        ONE: lambda data: pdq_array(gray(data), dihedral=False),
        RGB: lambda data: pdq_array(simplejpeg.decode_jpeg(data, "RGB")),
        TWIN: lambda data: pdq_array(gray(data), backend="numpy"),
    }


def pixel_size(path: Path) -> tuple[int, int]:
    """Return width and height."""
    with Image.open(path) as image:
        return image.size


def cpu(task: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU milliseconds of a call and its result."""
    start = time.process_time()
    result = task()
    return (time.process_time() - start) * 1e3, result


def shuffled(names: Iterable[str], rounds: int) -> Iterator[str]:
    """Give the names in a new order each round, so that none always finds the caches as the same other left them."""
    rng = np.random.default_rng(0)
    listed = list(names)
    for _ in range(rounds):
        yield from (listed[index] for index in rng.permutation(len(listed)))


def measure(paths: list[Path], tasks: dict[str, Task]) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """Run every task on every file, in an order that changes from file to file; return times and differing bits."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    bits: dict[str, list[int]] = {GRAY: [], RGB: [], TWIN: []}
    for task in tasks.values():
        task(paths[0].read_bytes())
    order = shuffled(tasks, len(paths))
    for path in paths:
        data = path.read_bytes()
        results = {}
        for name in itertools.islice(order, len(tasks)):
            elapsed, results[name] = cpu(partial(tasks[name], data))
            times[name].append(elapsed)
        expected = np.packbits(np.asarray(results[PIL][0], np.uint8)).tobytes()
        for name, differing in bits.items():
            value: PdqHash = results[name]
            differing.append(distance(value.value, expected))
    return times, bits


def measure_array(reference: Any) -> dict[str, float]:
    """Return the median CPU milliseconds for one RGB array in memory, backends interleaved with the reference."""
    pixels = np.random.default_rng(1).integers(0, 256, (ARRAY_SIDE, ARRAY_SIDE, 3), np.uint8)
    luma = np.ascontiguousarray(pixels[..., 1])
    tasks: dict[str, Callable[[], Any]] = {"pdqhash RGB": lambda: reference.compute(pixels)}
    for name in available_backends():
        tasks[f"seawall RGB {name}"] = partial(pdq_array, pixels, backend=name)
        tasks[f"seawall gray {name}"] = partial(pdq_array, luma, backend=name)
    tasks["seawall gray, original only"] = lambda: pdq_array(luma, dihedral=False)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for name in shuffled(tasks, ARRAY_ROUNDS):
        times[name].append(cpu(tasks[name])[0])
    return {name: statistics.median(values) for name, values in times.items()}


def report(
    times: dict[str, list[float]],
    bits: dict[str, list[int]],
    array: dict[str, float],
    sizes: list[tuple[int, int]],
    bytes_written: int,
) -> str:
    """Return the tables."""
    pixels = sum(width * height for width, height in sizes)
    mean = {name: statistics.fmean(values) for name, values in times.items()}
    shape = f"{pixels / len(sizes) / 1e6:.2f} MP, {8 * bytes_written / pixels:.2f} bits/pixel"
    lines = [
        f"{len(sizes)} JPEGs, {shape}; kernel {kernel_name()}; one core, CPU ms, interleaved",
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        + ", ".join(
            f"{name} {importlib.metadata.version(name)}" for name in ("threatexchange", "pdqhash", "simplejpeg")
        ),
        "",
        f"{'per JPEG':<32}{'mean ms':>9}{'images/s':>10}{'x threatexchange':>18}{'/ gray decode':>15}",
    ]
    lines += [
        f"{name:<32}{value:>9.2f}{1e3 / value:>10.1f}{mean[PEER] / value:>18.1f}{value / mean[FLOOR]:>15.3f}"
        for name, value in mean.items()
    ]
    lines += ["", *by_width(times, sizes)]
    lines += ["", f"{'bits from pdqhash (full RGB)':<32}{'mean':>9}{'p99':>10}{'max':>18}{'identical':>15}"]
    lines += [
        f"{name:<32}{np.mean(values):>9.3f}{np.percentile(values, 99):>10.1f}{max(values):>18}"
        f"{values.count(0) / len(values):>14.1%}"
        for name, values in bits.items()
    ]
    base = array["pdqhash RGB"]
    lines += ["", f"{f'{ARRAY_SIDE}x{ARRAY_SIDE} array':<32}{'median ms':>9}{'x pdqhash':>10}"]
    lines += [f"{name:<32}{value:>9.3f}{base / value:>10.1f}" for name, value in array.items()]
    lines += ["", *goals(mean, bits, array)]
    return "\n".join(lines)


def by_width(times: dict[str, list[float]], sizes: list[tuple[int, int]]) -> list[str]:
    """Return the ratio for widths that are multiples of 1024, where the column pass of the peer thrashes caches."""
    lines = [f"{'width':<32}{'JPEGs':>9}{'peer ms':>10}{'seawall gray ms':>18}{'ratio':>15}"]
    for label, wanted in (("a multiple of 1024", True), ("any other", False)):
        chosen = [index for index, (width, _) in enumerate(sizes) if (width % 1024 == 0) == wanted]
        if chosen:
            peer, ours = (statistics.fmean(times[name][index] for index in chosen) for name in (PEER, GRAY))
            lines.append(f"{label:<32}{len(chosen):>9}{peer:>10.2f}{ours:>18.2f}{peer / ours:>15.1f}")
    return lines


def goals(mean: dict[str, float], bits: dict[str, list[int]], array: dict[str, float]) -> list[str]:
    """Return a line for each goal, with whether this run met it."""
    rgb, ours = bits[RGB], bits[GRAY]
    compiled, twin = array[f"seawall RGB {kernel_name()}"], array["seawall RGB numpy"]
    rows = [
        ("JPEG to PDQ / threatexchange", mean[PEER] / mean[GRAY], ">=", 12),
        ("JPEG to PDQ / gray decode alone", mean[GRAY] / mean[FLOOR], "<=", 1.15),
        ("eight orientations / one", mean[GRAY] / mean[ONE], "<=", 1.05),
        ("1024x1024 RGB array / pdqhash", array["pdqhash RGB"] / compiled, ">=", 60),
        ("the same, NumPy twin", array["pdqhash RGB"] / twin, ">=", 7),
        ("RGB path, share with 0 bits", rgb.count(0) / len(rgb), ">=", 0.99),
        ("RGB path, most bits", max(rgb), "<=", 2),
        ("gray path, mean bits", statistics.fmean(ours), "<=", 0.5),
        ("gray path, most bits", max(ours), "<=", 8),
    ]
    lines = [f"{'goal':<32}{'measured':>9}{'wanted':>10}"]
    for name, value, relation, wanted in rows:
        met = value >= wanted if relation == ">=" else value <= wanted
        lines.append(f"{name:<32}{value:>9.3f}{f'{relation} {wanted}':>10}  {'met' if met else 'MISSED'}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megapixels", type=float, nargs=2, default=(1.0, 4.0))
    options = parser.parse_args(arguments)
    try:
        peer = importlib.import_module("threatexchange.signal_type.pdq.signal").PdqSignal
        reference = importlib.import_module("pdqhash")
    except ImportError as error:
        print(f"the bench requirements are not installed: {error} (requirements-bench.lock)", file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        paths = make_corpus(Path(folder), options.images, options.seed, tuple(options.megapixels))
        sizes = [pixel_size(path) for path in paths]
        bytes_written = sum(path.stat().st_size for path in paths)
        times, bits = measure(paths, contenders(peer, reference))
    print(report(times, bits, measure_array(reference), sizes, bytes_written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
