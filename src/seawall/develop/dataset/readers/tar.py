"""WebDataset tar shards: `.tar`, gzip or Zstandard compressed or not, read forward without seeking.

Every member with content is an item. What the sidecars of a sample say (`000.json`, `000.txt`) is known of all its
members, whichever comes first: a sample is held back until its last member, within a bound.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from seawall.content.item import Item, Problem
from seawall.develop.dataset.readers.columns import NO_FACTS, Columns, Facts, text
from seawall.develop.dataset.readers.errors import TruncatedArchive
from seawall.develop.dataset.readers.names import Names, printable
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.streams import Forward, Window, decompressed
from seawall.develop.dataset.readers.tar_headers import Member, MemberKind, members, padded
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import SourceError

HELD_BYTES = 32 << 20
"""Bytes of one sample that are held back while its sidecars may still come."""
HELD_MEMBERS = 64
MAX_SIDECAR = 1 << 20
"""Longest sidecar that is read for what it says; a longer one is an item like any other."""

_WHY = {
    MemberKind.LINK: "a link within an archive has no content of its own",
    MemberKind.DEVICE: "a device, pipe or socket within an archive",
    MemberKind.SPARSE: "a sparse file within an archive is not unfolded",
    MemberKind.CONTINUED: "a part of a file that began in another volume",
}


class TarReader:
    """Reads tar archives; one archive is one shard."""

    name = "tar"
    suffixes: tuple[str, ...] = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield the one shard."""
        yield file.shard(self.name, limits.columns.to_dict() and {"columns": limits.columns.to_dict()})

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the members, and one problem item where the archive is damaged."""
        for _, item in self.samples(spec):
            yield item

    def samples(self, spec: ShardSpec) -> Iterator[tuple[str | None, Item]]:
        """Yield the members, each with the name of the sample that it is a part of."""
        file = SourceFile.of(spec, open_place(spec.location))
        with file.open() as raw:
            stream = Forward(decompressed(raw))
            archive = _Archive(file, stream, Columns.from_dict(spec.selector.get("columns")))
            for item in archive.items():
                yield archive.sample, item


@dataclass(frozen=True, slots=True)
class _Held:
    """A member that waits for its sidecars."""

    member: Member
    data: bytes
    problem: Problem | None = None


class _Counted(Exception):
    """The archive goes no further, and an item that says so has been made already."""


class _Archive:
    """One archive as it is read."""

    def __init__(self, file: SourceFile, stream: Forward, columns: Columns) -> None:
        self._file = file
        self._base = file.origin
        self._stream = stream
        self._columns = columns
        self._names = Names()
        self._held: list[_Held] = []
        self._held_bytes = 0
        self._sample: str | None = None
        self._facts = NO_FACTS

    @property
    def sample(self) -> str | None:
        """Name of the sample that the item yielded last is a part of."""
        return self._sample

    def items(self) -> Iterator[Item]:
        """Yield every member; where the archive is damaged, one item with the problem, and no more."""
        broken: Exception | None = None
        try:
            for member in members(self._stream):
                yield from self._take(member)
        except _Counted:
            pass
        except EXPECTED as error:
            broken = error
        yield from self._release()
        if broken is not None:
            key = f"{self._file.key}::@{self._stream.offset}"
            yield problem_item(key, problem_of(broken), replace(self._base, offset=self._stream.offset))

    def _take(self, member: Member) -> Iterator[Item]:
        """Take one member in, and yield what need not be held back any longer."""
        if member.kind in (MemberKind.FOLDER, MemberKind.LABEL):
            self._pass(member)
            return
        sample = sample_of(member.name)
        if sample != self._sample or len(self._held) >= HELD_MEMBERS:
            yield from self._release()
        if sample != self._sample:
            self._sample, self._facts = sample, NO_FACTS
        if member.kind is not MemberKind.FILE:
            self._held.append(_Held(member, b"", Problem(member.kind.value, _WHY[member.kind])))
            self._pass(member)
        elif self._held_bytes + member.size <= HELD_BYTES:
            self._hold(member)
        else:
            yield from self._release()
            window = Window(self._stream, member.size)
            yield self._item(member, _once(window), None)
            if window.failed:
                raise _Counted
            window.drain()
            self._stream.skip(padded(member.size) - member.size)

    def _pass(self, member: Member) -> None:
        if self._stream.skip(padded(member.size)) < member.size:
            raise TruncatedArchive("the archive ends inside a member")

    def _hold(self, member: Member) -> None:
        """Read a member into memory; one that is cut becomes the item that stands for the damage."""
        try:
            data = self._stream.read(padded(member.size))
            if len(data) < member.size:
                raise TruncatedArchive("the archive ends inside this member")
        except EXPECTED as error:
            self._held.append(_Held(member, b"", problem_of(error)))
            raise _Counted from error
        data = data[: member.size]
        self._held.append(_Held(member, data))
        self._held_bytes += member.size
        self._facts = _told(self._facts, member, data, self._columns)

    def _release(self) -> Iterator[Item]:
        held, self._held, self._held_bytes = self._held, [], 0
        for each in held:
            yield self._item(each.member, partial(io.BytesIO, each.data), each.problem)

    def _item(self, member: Member, opener: Callable[[], BinaryIO], problem: Problem | None) -> Item:
        name = self._names.unique(printable(member.name), member.offset)
        base = replace(self._base, row=printable(self._sample) if self._sample else None)
        return Item(
            f"{self._file.key}::{name}",
            self._facts.origin(base, offset=member.offset),
            None if problem else opener,
            size=None if problem else member.size,
            problem=problem,
            caption=self._facts.caption,
        )


def _once(window: Window) -> Callable[[], BinaryIO]:
    """Return an opener for data that pass by once."""
    opened = False

    def open_window() -> BinaryIO:
        nonlocal opened
        if opened:
            raise SourceError("a long member of an archive can be read once")
        opened = True
        return io.BufferedReader(window, 1 << 18)

    return open_window


def sample_of(name: str) -> str:
    """Return the WebDataset key of a member: its path up to the first dot of the file name."""
    folder, slash, file = name.rpartition("/")
    stem = file.partition(".")[0]
    return folder + slash + (stem or file)


def _told(facts: Facts, member: Member, data: bytes, columns: Columns) -> Facts:
    """Return `facts` completed by what a sidecar says; damaged sidecars say nothing."""
    suffix = member.name.rpartition(".")[2].lower()
    if suffix not in ("json", "txt") or member.size > MAX_SIDECAR:
        return facts
    if suffix == "txt":
        said = text(data.decode("utf-8", "replace"))
        return facts if facts.caption or said is None else replace(facts, caption=said)
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return facts
    if not isinstance(row, dict):
        return facts
    found = Facts.of(row, columns)
    return replace(
        found,
        url=found.url or facts.url,
        caption=found.caption or facts.caption,
        licensor=found.licensor or facts.licensor,
        collection=found.collection or facts.collection,
        crawled_at=found.crawled_at or facts.crawled_at,
        key=found.key or facts.key,
    )
