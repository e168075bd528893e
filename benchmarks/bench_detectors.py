"""The shipped image detectors: CPU milliseconds per picture, each and together, and resident memory above an empty one.

Every file goes the whole way in one process: read, PDQ from the full-resolution luma (the hash stage), the small
picture, and the four detectors. Files are the benign photographs of the sample wheels, scaled to 1 to 4 megapixels.

Each step's time is the best of the rounds, file by file, since neighbours on the machine only ever add to it.

Usage: python -m benchmarks.bench_detectors [--images 64] [--rounds 3] [--seed 1] [--megapixels 1 4]
Needs the model files (seawall detectors fetch); exits with 2 when they are missing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from seawall.content.media import sniff
from seawall.content.pictures import Picture
from seawall.content.pictures._shrink import small_pictures
from seawall.detectors.contract import Detector, LoadContext
from seawall.detectors.errors import WeightsMissing
from seawall.detectors.weights import installed_weights
from seawall.hashing.pdq import pdq_array

PERSONS = ("skimage.data/astronaut.png", "skimage.data/camera.png")
OTHERS = (
    "skimage.data/chelsea.png",
    "skimage.data/coffee.png",
    "skimage.data/rocket.jpg",
    "skimage.data/motorcycle_left.png",
    "sklearn.datasets.images/china.jpg",
    "sklearn.datasets.images/flower.jpg",
)
DETECTORS = {
    "open-nsfw": "seawall.detectors.open_nsfw:OpenNsfw",
    "image-safety": "seawall.detectors.image_safety:ImageSafety",
    "faces": "seawall.detectors.faces:Faces",
    "apparent-age": "seawall.detectors.apparent_age:ApparentAge",
}
PER_SECOND, MEGABYTES = 12.0, 250.0
REMEMBERED = 32


def resident() -> float:
    """Return the resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def corpus(folder: Path, images: int, seed: int, least: float, most: float) -> Iterator[Path]:
    """Write JPEGs of the sample photographs, each with noise of its own so that no two are alike."""
    rng = np.random.default_rng(seed)
    for index in range(images):
        name = (*PERSONS, *OTHERS)[index % (len(PERSONS) + len(OTHERS))]
        package, _, file = name.partition("/")
        with (files(package) / file).open("rb") as stream, Image.open(stream) as opened:
            image = opened.convert("RGB")
        share = (rng.uniform(least, most) * 1e6 / (image.width * image.height)) ** 0.5
        image = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BICUBIC)
        pixels = np.asarray(image, np.int16) + rng.integers(-3, 4, (image.height, image.width, 1), np.int16)
        path = folder / f"{index:04}-{Path(file).stem}.jpg"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=88)
        yield path


class Stopwatch:
    """CPU milliseconds by step."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        start = time.process_time()
        yield
        self.times.setdefault(name, []).append((time.process_time() - start) * 1e3)


def small(data: bytes) -> Picture:
    """Return the picture that detectors are given."""
    view = memoryview(data)
    return small_pictures(view, sniff(data[:4096]))[0][0]


def run(paths: list[Path], detectors: dict[str, Detector]) -> tuple[Stopwatch, float]:
    """Take every file the whole way; return times and the largest resident memory."""
    watch = Stopwatch()
    top = 0.0
    for path in paths:
        data = path.read_bytes()
        with watch.step("hash (decode and PDQ)"):
            pdq_array(simplejpeg.decode_jpeg(data, "GRAY")[..., 0])
        with watch.step("small picture"):
            picture = small(data)
        for name, detector in detectors.items():
            with watch.step(name):
                detector.score([picture])
        top = max(top, resident())
    return watch, top


def best(watches: list[Stopwatch]) -> Stopwatch:
    """Return the smallest time of every step of every file."""
    smallest = Stopwatch()
    for name in watches[0].times:
        smallest.times[name] = [min(times) for times in zip(*(each.times[name] for each in watches), strict=True)]
    return smallest


def load() -> dict[str, Detector]:
    """Return the detectors, ready.

    Raises:
        WeightsMissing: If a model file is not installed.
    """
    context = LoadContext(installed_weights())
    detectors: dict[str, Detector] = {}
    for name, place in DETECTORS.items():
        module, _, cls = place.partition(":")
        make: Callable[[], Detector] = getattr(importlib.import_module(module), cls)
        detectors[name] = make()
        detectors[name].load(context)
    return detectors


def report(paths: list[Path], watch: Stopwatch, memory: dict[str, float]) -> str:
    """Return the tables."""
    persons = [any(Path(name).stem in path.name for name in PERSONS) for path in paths]
    lines = [f"{len(paths)} JPEGs, one core, CPU ms; Python {platform.python_version()}, NumPy {np.__version__}", ""]
    lines.append(f"{'step':<24}{'mean':>9}{'median':>9}{'with a face':>13}{'without':>9}")
    whole = [0.0] * len(paths)
    models = [0.0] * len(paths)
    for name, times in watch.times.items():
        whole = [one + other for one, other in zip(whole, times, strict=True)]
        if name in DETECTORS:
            models = [one + other for one, other in zip(models, times, strict=True)]
        lines.append(row(name, times, persons))
    lines += [row("all detectors", models, persons), row("the whole stack", whole, persons), ""]
    lines += [f"{name:<40}{value:>9.0f} MB" for name, value in memory.items()]
    rate, above = 1e3 / statistics.fmean(whole), memory["largest while running, above empty"]
    lines += ["", f"{'goal':<32}{'measured':>9}{'wanted':>10}"]
    lines.append(f"{'images/s/core, whole stack':<32}{rate:>9.1f}{f'>= {PER_SECOND:g}':>10}  {met(rate >= PER_SECOND)}")
    lines.append(f"{'models, MB above empty':<32}{above:>9.0f}{f'<= {MEGABYTES:g}':>10}  {met(above <= MEGABYTES)}")
    return "\n".join(lines)


def row(name: str, times: list[float], persons: list[bool]) -> str:
    """Return a line: all files, and those with and without a face."""
    means = [
        statistics.fmean([value for value, person in zip(times, persons, strict=True) if person is wanted] or [0.0])
        for wanted in (True, False)
    ]
    mean, median = statistics.fmean(times), statistics.median(times)
    return f"{name:<24}{mean:>9.1f}{median:>9.1f}{means[0]:>13.1f}{means[1]:>9.1f}"


def met(reached: bool) -> str:
    """Return a word for it."""
    return "met" if reached else "MISSED"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megapixels", type=float, nargs=2, default=(1.0, 4.0))
    options = parser.parse_args(arguments)
    if options.images <= REMEMBERED:
        parser.error(f"--images: more than {REMEMBERED}, or the finder of faces remembers pictures of the round before")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        paths = list(corpus(Path(folder), options.images, options.seed, *options.megapixels))
        small(paths[0].read_bytes())  # an empty worker has its decoders loaded
        pdq_array(simplejpeg.decode_jpeg(paths[0].read_bytes(), "GRAY")[..., 0])
        empty = resident()
        try:
            detectors = load()
        except WeightsMissing as error:
            print(error, file=sys.stderr)
            return 2
        loaded = resident()
        run(paths[:2], detectors)
        rounds = [run(paths, detectors) for _ in range(options.rounds)]
    watch, top = best([each for each, _ in rounds]), max(each for _, each in rounds)
    memory = {"empty worker": empty, "loaded, above empty": loaded - empty}
    memory["largest while running, above empty"] = top - empty
    print(report(paths, watch, memory))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
