"""Files that hold items: written again without what goes, read back by the readers, and only then put in place.

What is read back must be what was surveyed and kept, item for item and in order; else nothing is put in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, cast

from seawall.content.item import Item
from seawall.develop.dataset.readers import read
from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.errors import BadArchive, BadTable
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.registry import container_named
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile

from .errors import DataChanged
from .fates import Fate
from .loose import copy_file
from .outlet import Digesting, Outlet
from .survey import Survey, digested
from .units import Unit, out_key, out_name
from .writers import WRITERS
from .written import Rows

_DIFFERS = "does not read back as it was read: it changed meanwhile, or cannot be written again"


def write_container(unit: Unit, known: Survey, outlet: Outlet, rows: Rows) -> None:
    """Write one file without what is removed.

    Args:
        unit: The unit.
        known: What is known of it.
        outlet: Where the file goes.
        rows: Takes the lines of the manifest.

    Raises:
        DataChanged: If what was written is not what was kept.
    """
    spec = unit.specs[0]
    source = SourceFile.of(spec, open_place(spec.location))
    key, target = out_key(source.key), out_name(source.key)
    _copy_named(unit, known, source, outlet, rows)
    folder, slash, base = target.rpartition("/")
    temporary = f"{folder}{slash}.seawall-{unit.id[:16]}{_suffix(base)}"
    try:
        with outlet.writing(temporary) as file:
            written = Digesting(file)
            rows.tally.dropped += WRITERS[unit.reader](source, known.removed(), cast(BinaryIO, written))
    except (BadArchive, BadTable):
        if rows.outputs:
            raise
        known.damaged = True  # what cannot be written again is not copied, as what cannot be read
        for fate in known.fates():
            rows.fate(fate)
        return
    try:
        again = replace(source, place=outlet.place, name=temporary, key=key, size=written.size, stamp="")
        rows.container(key, written.sha256, written.size)
        _compare(unit, again, known, rows)
    except BaseException:
        outlet.discard(temporary)
        raise
    path = source.place.path(source.name)
    outlet.publish(temporary, target, changed_ns=None if path is None else path.stat().st_mtime_ns)
    rows.output(target, written.size)


def _suffix(name: str) -> str:
    """Return the end of a name by which its reader is told, `.tar.gz` for example."""
    dot = name.find(".")
    return "" if dot < 0 else "." + ".".join(name[dot + 1 :].split(".")[-2:])


def _copy_named(unit: Unit, known: Survey, source: SourceFile, outlet: Outlet, rows: Rows) -> None:
    """Copy the files that rows which stay name."""
    prefix = source.key.removesuffix(printable(source.name))
    last = None
    for number, fate in enumerate(known.fates()):
        if fate.beside is None or fate.why is not None or fate.beside == last:
            continue
        last = fate.beside
        own = replace(fate, key=prefix + printable(fate.beside))
        sha256, size = copy_file(source.place, fate.beside, own, outlet, rows, f"{unit.id[:16]}-{number}")
        rows.container(out_key(own.key), sha256, size)


def _compare(unit: Unit, again: SourceFile, known: Survey, rows: Rows) -> None:
    """Read back what was written, in step with what was kept, and write its lines."""
    kept = _kept(known, rows)
    columns = Columns.from_dict(unit.specs[0].selector.get("columns"))
    for item in _items(unit, again, columns):
        fate = next(kept, None)
        sha256, size = digested(item)
        if fate is None or sha256 is None or sha256 != fate.sha256:
            raise DataChanged(f"{again.key} {_DIFFERS}")
        rows.item(item.key, sha256, size)
    if next(kept, None) is not None:
        raise DataChanged(f"{again.key} {_DIFFERS}")


def _kept(known: Survey, rows: Rows) -> Iterator[Fate]:
    for fate in known.fates():
        rows.fate(fate)
        if fate.why is None:
            yield fate


def _items(unit: Unit, file: SourceFile, columns: Columns) -> Iterator[Item]:
    for spec in container_named(unit.reader).plan(file, PlanLimits(columns=columns)):
        yield from read(spec)
