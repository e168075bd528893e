"""The first look at a unit: every item is read, digested and judged, before anything of it is written.

What was found out is kept in a file, an item a line, so that memory grows with what is removed and not with what there
is. If a part of a sample or of a row goes, the whole of it goes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from seawall.content.item import Item
from seawall.develop.dataset.readers import read
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.rows import NamedFile
from seawall.develop.dataset.readers.tar import TarReader
from seawall.develop.dataset.shards import ShardSpec

from .fates import Fate, Why
from .removals import Removals
from .units import Unit

_BLOCK = 1 << 20
_TABLES = ("parquet", "arrow")
_DAMAGE = re.compile(r"::(?:group-\d+|@\d+)$")


@dataclass(slots=True)
class Survey:
    """What is known of a unit.

    Attributes:
        path: The file with its items.
        damaged: Whether the file that holds the items cannot be read as a whole, so that it is not copied.
        found: Numbers of the rows that name items of it.
        late: Digests of items that were named without one.
        read: Bytes of all items.
    """

    path: Path
    damaged: bool = False
    found: list[int] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    read: int = 0
    _groups: set[int] = field(default_factory=set)

    def fates(self) -> Iterator[Fate]:
        """Yield every item and what becomes of it, in the order of the source."""
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                fate = Fate.from_line(line)
                yield fate if fate.why is not None else self._settled(fate)

    def _settled(self, fate: Fate) -> Fate:
        why = Why.UNREADABLE if self.damaged else Why.COMPANION if fate.group in self._groups else None
        if why is None:
            return fate
        return Fate(fate.key, fate.offset, fate.group, fate.sha256, fate.size, why, fate.beside)

    def removed(self) -> set[int]:
        """Return the places of everything that is removed."""
        if not self.removes:
            return set()
        return {fate.offset for fate in self.fates() if fate.why is not None}

    @property
    def removes(self) -> bool:
        """Whether anything is removed."""
        return bool(self._groups)

    def note(self, fate: Fate) -> None:
        """Take in that an item is removed by itself."""
        self._groups.add(fate.group)


def survey(unit: Unit, removals: Removals, path: Path) -> Survey:
    """Read, digest and judge every item of a unit.

    Args:
        unit: The unit.
        removals: The judgement.
        path: Where what is found out goes.

    Raises:
        DataChanged: If an item is not what it was when it was examined.
    """
    known = Survey(path)
    number, kept, broken = 0, 0, False
    with path.open("w", encoding="utf-8") as file:
        for group, item in _grouped(unit):
            sha256, size = digested(item)
            judgement = removals.judge(item.key, sha256)
            beside = item.open.name if isinstance(item.open, NamedFile) else None
            offset = item.origin.offset if item.origin.offset is not None else number
            fate = Fate(item.key, offset, group, sha256, size, judgement.why, beside)
            if judgement.why is not None:
                known.note(fate)
            if judgement.named is not None:
                known.found.append(judgement.named)
            if judgement.late and sha256 is not None:
                known.late.append(sha256.hex())
            kept += judgement.why is None
            broken |= sha256 is None and _DAMAGE.search(item.key) is not None
            known.damaged |= sha256 is None and _stands_for_file(unit, item)
            known.read += size
            file.write(fate.to_line())
            number += 1
    known.damaged |= broken and not kept
    return known


def _stands_for_file(unit: Unit, item: Item) -> bool:
    """Whether the problem is one of the whole file."""
    if unit.reader == "files":
        return False
    return "::" not in item.key or (unit.reader in _TABLES and _DAMAGE.search(item.key) is not None)


def _grouped(unit: Unit) -> Iterator[tuple[int, Item]]:
    """Yield the items, each with the number of its sample or row."""
    number = -1
    last: object = None
    for spec in unit.specs:
        if spec.reader == TarReader.name:
            pairs: Iterator[tuple[object, Item]] = _samples(spec)
        else:
            pairs = ((_row(unit, item), item) for item in read(spec))
        for mark, item in pairs:
            if mark is None or mark != last or (item.problem is not None and _DAMAGE.search(item.key)):
                number += 1
            last = mark
            yield number, item


def _samples(spec: ShardSpec) -> Iterator[tuple[object, Item]]:
    try:
        yield from TarReader().samples(spec)
    except EXPECTED as error:
        yield None, problem_item(str(spec.selector["key"]), problem_of(error))


def _row(unit: Unit, item: Item) -> object:
    return item.origin.offset if unit.reader in _TABLES else None


def digested(item: Item) -> tuple[bytes | None, int]:
    """Return an item's SHA-256 and length, or None if it cannot be read to its end."""
    if item.open is None:
        return None, 0
    try:
        with item.open() as stream:
            return digest_of(stream)
    except EXPECTED:
        return None, 0


def digest_of(stream: BinaryIO) -> tuple[bytes, int]:
    """Read a stream to its end; return its SHA-256 and length."""
    digest, size = hashlib.sha256(), 0
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return digest.digest(), size
