"""Loose files: copied with their times, unless they go."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from seawall.develop.dataset.readers.places import Place, open_place

from .errors import DataChanged
from .fates import Fate
from .outlet import Digesting, Outlet
from .survey import Survey
from .units import Unit, out_key, out_name
from .written import Rows

_COPY = 1 << 20


def write_loose(unit: Unit, known: Survey, outlet: Outlet, rows: Rows, given: Collection[str]) -> None:
    """Copy the files of a unit.

    Args:
        unit: The unit.
        known: What is known of it.
        outlet: Where copies go.
        rows: Takes the lines of the manifest.
        given: Keys of files that are cleaned line by line elsewhere.

    Raises:
        DataChanged: If a file is not what it was a moment ago.
    """
    (spec,) = unit.specs
    place = open_place(spec.location)
    files = spec.selector["files"]
    for number, (fate, (name, *_)) in enumerate(zip(known.fates(), files, strict=True)):
        if fate.key in given:
            continue
        rows.fate(fate)
        if fate.why is None:
            sha256, size = copy_file(place, name, fate, outlet, rows, f"{unit.id[:16]}-{number}")
            rows.item(out_key(fate.key), sha256, size)


def copy_file(place: Place, name: str, fate: Fate, outlet: Outlet, rows: Rows, mark: str) -> tuple[bytes, int]:
    """Copy one file to the place of its key; return its digest and length.

    Args:
        place: Where it is.
        name: Its name there.
        fate: The item that it is; its key may be that of a row which names the file.
        outlet: Where the copy goes.
        rows: Counts it.
        mark: Part of its temporary name, the same on every attempt.
    """
    target = out_name(fate.key)
    temporary = f"{target.rpartition('/')[0]}/.seawall-{mark}".lstrip("/")
    with place.open(name) as raw, outlet.writing(temporary) as file:
        written = Digesting(file)
        _copy(raw, written)
    if written.sha256 != fate.sha256:
        outlet.discard(temporary)
        raise DataChanged(f"{fate.key} changed while it was cleaned")
    outlet.publish(temporary, target, changed_ns=_changed_ns(place, name))
    rows.output(target, written.size)
    return written.sha256, written.size


def _copy(raw: BinaryIO, out: Digesting) -> None:
    while data := raw.read(_COPY):
        out.write(data)


def _changed_ns(place: Place, name: str) -> int | None:
    path = place.path(name)
    return None if path is None else path.stat().st_mtime_ns
