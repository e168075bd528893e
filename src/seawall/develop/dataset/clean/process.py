"""Cleaning one unit: survey it, keep the evidence, write it, read it back, put it in place, and commit.

The receipt is the commit. A unit without one is done again from the beginning, with the same result. Nothing of a unit
is in its place before all of it was read and nothing in it had changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from seawall.content.item import Item
from seawall.develop.dataset.readers import read
from seawall.files import storage

from .config import CleanConfig, done_folder
from .container import write_container
from .errors import DataChanged
from .evidence import DigestedReader, EvidenceSink, MakeSink
from .fates import Fate, Why
from .loose import write_loose
from .outlet import Outlet, open_outlet
from .removals import Removals
from .survey import Survey, survey
from .tally import Tally
from .units import LOOSE, PROBLEM, Unit
from .written import Rows

_CHANGED = "changed while it was cleaned"


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What became of one unit.

    Attributes:
        unit: Its id.
        receipt: Its receipt.
        resumed: Whether an earlier run did it.
    """

    unit: str
    receipt: dict[str, Any]
    resumed: bool

    @property
    def tally(self) -> Tally:
        """Its counts."""
        return Tally.from_dict(self.receipt["tally"])


class UnitProcessor:
    """Cleans units in one process; opens tables and the evidence sink when they are first needed.

    Args:
        config: The clean.
        make_sink: Makes the evidence sink.
    """

    def __init__(self, config: CleanConfig, make_sink: MakeSink) -> None:
        self._config = config
        self._done = done_folder(config)
        self._make_sink = make_sink

    def __call__(self, unit: Unit) -> UnitResult:
        """Clean one unit, or return what an earlier attempt committed if its files are still there."""
        receipt = self._done.read(unit.id)
        if receipt is not None:
            if all(self._outlet.size(name) == size for name, size in receipt["outputs"]):
                return UnitResult(unit.id, receipt, resumed=True)
            self._done.discard(unit.id)
        return UnitResult(unit.id, self._clean(unit), resumed=False)

    def close(self) -> None:
        """Release the sink, if there is one."""
        if "_sink" in self.__dict__:
            self._sink.close()

    @cached_property
    def _outlet(self) -> Outlet:
        return open_outlet(self._config.out)

    @cached_property
    def _removals(self) -> Removals:
        return Removals.open(self._config.tables, self._config.kept)

    @cached_property
    def _sink(self) -> EvidenceSink:
        return self._make_sink()

    def _clean(self, unit: Unit) -> dict[str, Any]:
        surveyed, written = self._done.temporary(), self._done.temporary()
        try:
            with storage(written.parent):
                known = survey(unit, self._removals, surveyed)
                tally = Tally(read=known.read)
                self._keep_evidence(unit, known, tally)
                with written.open("w", encoding="utf-8") as file:
                    outputs = self._write(unit, known, file, tally)
                facts = {
                    "label": unit.label,
                    "tally": tally.to_dict(),
                    "found": known.found,
                    "late": known.late,
                    "outputs": outputs,
                }
                return self._done.commit(unit.id, written, facts)
        finally:
            for path in (surveyed, written):
                path.unlink(missing_ok=True)

    def _keep_evidence(self, unit: Unit, known: Survey, tally: Tally) -> None:
        """Hand the bytes of everything that goes and can be read to the sink."""
        left = sum(_is_evidence(fate) for fate in known.fates()) if known.removes else 0
        if not left:
            return
        items = (item for spec in unit.specs for item in read(spec))
        for fate, item in zip(known.fates(), items, strict=False):
            if not _is_evidence(fate):
                continue
            self._keep(fate, item)
            tally.stored += 1
            left -= 1
            if not left:
                return
        raise DataChanged(f"{unit.label} {_CHANGED}")

    def _keep(self, fate: Fate, item: Item) -> None:
        if item.key != fate.key or item.open is None or fate.sha256 is None:
            raise DataChanged(f"{fate.key} {_CHANGED}")
        with item.open() as stream:
            digested = DigestedReader(stream)
            key = self._config.evidence_key(fate.sha256.hex())
            self._sink.put(cast(BinaryIO, digested), key=key, sha256=fate.sha256)
            if digested.rest() != fate.sha256:
                raise DataChanged(f"{fate.key} {_CHANGED}")

    def _write(self, unit: Unit, known: Survey, file: IO[str], tally: Tally) -> list[list[Any]]:
        rows = Rows(file, tally)
        if unit.reader == LOOSE:
            write_loose(unit, known, self._outlet, rows, self._config.given)
        elif unit.reader == PROBLEM or known.damaged:
            for fate in known.fates():
                rows.fate(fate)
        else:
            write_container(unit, known, self._outlet, rows)
        return rows.outputs


def _is_evidence(fate: Fate) -> bool:
    """Whether an item's bytes are kept apart: it goes, and it can be read."""
    return fate.why not in (None, Why.UNREADABLE) and fate.sha256 is not None


def receipts(config: CleanConfig, units: Iterator[Unit]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the receipt of each unit of the plan, and the file with its lines of the manifest."""
    folder = done_folder(config)
    for unit in units:
        receipt = folder.read(unit.id)
        if receipt is None:
            raise DataChanged(f"the receipt of {unit.label} is gone", hint="run the same command again")
        yield receipt, folder.path / receipt["file"]
