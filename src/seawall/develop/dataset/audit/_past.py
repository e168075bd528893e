"""Earlier draws are kept: whoever draws until the result pleases leaves a row of folders behind.

A draw is put aside by copying first and removing after, so that a crash in between loses nothing.
"""

from __future__ import annotations

from pathlib import Path

from seawall.develop.dataset.audit.errors import SampleDamaged
from seawall.develop.dataset.audit.sample import FOLDER, HEADER, ROWS, VERDICTS, Sample
from seawall.files import write_whole
from seawall.settings import PRIVATE_DIR

_PREFIX = "draw-"


def keep_draw(out: Path, sample: Sample) -> None:
    """Put a sample and its verdicts aside, into `audit/draw-N`."""
    folder = out / FOLDER
    aside = folder / f"{_PREFIX}{sample.draw}"
    aside.mkdir(exist_ok=True, mode=PRIVATE_DIR)
    for name in (ROWS, VERDICTS, HEADER):
        if (folder / name).exists():
            write_whole(aside / name, (folder / name).read_bytes())
    for name in (HEADER, VERDICTS, ROWS):
        (folder / name).unlink(missing_ok=True)


def next_draw(out: Path) -> int:
    """Return the number of the next draw, where no sample is.

    Raises:
        SampleDamaged: If there are verdicts whose sample is gone.
    """
    folder = out / FOLDER
    past = [int(each.name.removeprefix(_PREFIX)) for each in folder.glob(f"{_PREFIX}[0-9]*") if each.name[5:].isdigit()]
    last = max(past, default=0)
    left = folder / VERDICTS
    if left.exists():
        kept = folder / f"{_PREFIX}{last}" / VERDICTS
        if not kept.exists() or kept.read_bytes() != left.read_bytes():
            raise SampleDamaged(f"{left} has verdicts on a sample that is gone", hint="find out why; move them away")
        left.unlink()
    return last + 1
