"""The demo: the main job on shipped photographs, with canary copies planted among them.

It needs no list, no network and no state of the operator's: everything lives in its own directory, and what it
expects to find is known beforehand, so that it also says whether seawall works on this machine.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from seawall.canary.draw import draw
from seawall.demo_photos import paths
from seawall.develop.dataset.scan import Progress, ScanOptions, scan
from seawall.errors import UsageError
from seawall.settings import Settings

CANARIES = 8
_MARK = "made-by-seawall-demo"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did.

    Attributes:
        out: The scan's output directory.
        summary: The scan's summary.
        found: Names of the items with findings, and the finding.
        planted: Names of the planted canaries.
    """

    out: Path
    summary: dict[str, Any]
    found: dict[str, dict[str, Any]]
    planted: frozenset[str]

    @property
    def as_expected(self) -> bool:
        """Whether every planted canary was found, nothing else was, and everything was examined."""
        return set(self.found) == self.planted and not self.summary["unexamined"]


def run_demo(directory: Path, *, progress: Callable[[Progress], None] | None = None) -> DemoResult:
    """Lay out a dataset, scan it, and compare with what was planted.

    Args:
        directory: Where everything goes; made anew each time.
        progress: See `scan`.

    Raises:
        UsageError: If the directory exists and is not an earlier demo's.
    """
    if directory.exists():
        if not (directory / _MARK).exists():
            raise UsageError(f"{directory} exists and is not a demo's", hint="give another --out")
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    (directory / _MARK).touch()
    planted = _lay_out(directory / "dataset")
    settings = Settings(directory / "home", f"sqlite:///{(directory / 'home' / 'seawall.db').absolute()}")
    out = directory / "scan"
    summary = scan(
        [str(directory / "dataset")], ScanOptions(out=out, hash_only=True), settings=settings, progress=progress
    )
    rows = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    found = {row["item"].rpartition("/")[2].rpartition("::")[2]: row for row in rows}
    return DemoResult(out, summary, found, planted)


def _lay_out(dataset: Path) -> frozenset[str]:
    """Photographs and canaries, half of them loose and half in a tar shard; return the canaries' names."""
    loose, packed = dataset / "photos", dataset / ".packing"
    loose.mkdir(parents=True)
    drawn = dataset / ".drawn"
    draw(["a", "b"], count=CANARIES, seed=2024, out=drawn)
    canaries = sorted(path for path in drawn.iterdir() if path.name != "manifest.jsonl")
    planted = set()
    packed.mkdir()
    for number, photo in enumerate(sorted(paths())):
        shutil.copy(photo, (loose if number % 2 else packed) / photo.name)
    for number, canary in enumerate(canaries):
        folder = loose if number % 2 else packed
        if number < 2:
            planted.add(_turned(canary, folder / f"planted-{number}.gif"))
        else:
            target = folder / f"planted-{number}{canary.suffix}"
            shutil.copy(canary, target)
            planted.add(target.name)
    (loose / "captions.txt").write_text("Not everything in a dataset is a picture.\n")
    with tarfile.open(dataset / "shard-000000.tar", "w") as tar:
        for path in sorted(packed.iterdir()):
            tar.add(path, path.name)
    shutil.rmtree(packed)
    shutil.rmtree(drawn)
    return frozenset(planted)


def _turned(canary: Path, target: Path) -> str:
    """Save a canary on its side, in 256 colours: copies that naive matching misses."""
    with Image.open(canary) as image:
        image.convert("RGB").transpose(Image.Transpose.ROTATE_90).quantize(256).save(target)
    return target.name
