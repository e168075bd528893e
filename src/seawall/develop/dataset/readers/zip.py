"""Zip archives, stored or deflated: each member is streamed out of its place, and its checksum is checked.

What the central directory does not list is not part of the archive.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from seawall.content.item import Item, Problem
from seawall.develop.dataset.readers.errors import BadArchive, Bomb, TruncatedArchive
from seawall.develop.dataset.readers.names import Names, printable
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import problem_item
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.streams import is_bomb
from seawall.develop.dataset.shards import ShardSpec

MAX_MEMBERS = 2_000_000
"""Members that one archive may list; the directory of a zip file is held in memory, about 600 bytes for each."""
MAX_DIRECTORY = 256 << 20
"""Longest directory."""

_SIGNATURE = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END_64, _LOCATOR_64 = b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES = 76 + 22 + (1 << 16)
_LOCAL_HEADER = 30
_MEMBERS_PER_SHARD = 16
_ENCRYPTED = 0x1
_READ = 1 << 20


class ZipReader:
    """Reads zip archives; a long one is divided into ranges of members."""

    name = "zip"
    suffixes: tuple[str, ...] = (".zip",)

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield ranges of members, each of about `limits.size_bytes`.

        Raises:
            BadArchive: If the archive cannot be opened.
        """
        if file.size is not None and file.size <= 2 * limits.size_bytes:
            yield file.shard(self.name, {})
            return
        with file.open() as raw, opened(raw) as archive:
            listed = archive.infolist()
            start, size = 0, 0
            for end, info in enumerate(listed, 1):
                size += info.compress_size
                full = end - start >= limits.items * _MEMBERS_PER_SHARD or size >= limits.size_bytes
                if end == len(listed) or full:
                    part = {"start": start, "end": end}
                    where = f"members {start}-{end - 1}"
                    yield file.shard(self.name, part, part=where, size_bytes=size, items=end - start)
                    start, size = end, 0
            if not listed:
                yield file.shard(self.name, {})

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the members of the range."""
        file = SourceFile.of(spec, open_place(spec.location))
        with file.open() as raw, opened(raw) as archive:
            yield from _members(file, archive, spec.selector.get("start", 0), spec.selector.get("end"))


def _members(file: SourceFile, archive: zipfile.ZipFile, start: int, end: int | None) -> Iterator[Item]:
    names, base = Names(), file.origin
    grown, packed = 0, file.size or 0
    overlapping = _overlapping(archive.infolist())
    for place, info in enumerate(archive.infolist()[:end]):
        if info.is_dir():
            continue
        key = f"{file.key}::{names.unique(printable(info.filename), info.header_offset)}"
        grown += info.file_size
        if place < start:
            continue
        origin = replace(base, offset=info.header_offset)
        problem = _problem(info)
        if info.header_offset in overlapping:
            problem = Problem("overlap", "the member lies where another one does")
        if problem is None and packed and is_bomb(grown, packed):
            problem = Problem(Bomb.code, "the members together grow out of all proportion to the archive")
        if problem is not None:
            yield problem_item(key, problem, origin)
        else:
            yield Item(key, origin, partial(_open, archive, info), size=info.file_size)


def _overlapping(infos: Iterable[zipfile.ZipInfo]) -> frozenset[int]:
    """Return the places of members of which two claim the same bytes; versions of Python differ in seeing it."""
    found: set[int] = set()
    before, end = 0, 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            found |= {before, info.header_offset}
        before, end = info.header_offset, max(end, info.header_offset + _LOCAL_HEADER + info.compress_size)
    return frozenset(found)


def _problem(info: zipfile.ZipInfo) -> Problem | None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return Problem("link", "a link within an archive has no content of its own")
    if info.flag_bits & _ENCRYPTED:
        return Problem("encrypted", "the member is encrypted")
    if is_bomb(info.file_size, info.compress_size):
        return Problem(Bomb.code, Bomb().message)
    return None


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    try:
        return io.BufferedReader(_Member(archive.open(info)), 1 << 16)
    except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError):
        raise BadArchive("the member is damaged") from None
    except NotImplementedError:
        raise BadArchive("the member is compressed in a way that is not read") from None


class _Member(io.RawIOBase):
    """One member's data, whose damage has our errors."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._raw.read(len(buffer))
        except EOFError:
            raise TruncatedArchive("the archive ends inside this member") from None
        except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError):
            raise BadArchive("the member is damaged") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise BadArchive("the member is damaged") from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def opened(raw: BinaryIO) -> zipfile.ZipFile:
    """Open an archive once its directory is known to be of bearable length.

    Raises:
        BadArchive: If it is not a zip archive, or lists too many members.
        TruncatedArchive: If it begins as one and has no directory.
    """
    _check_directory(raw)
    try:
        return zipfile.ZipFile(raw)
    except (zipfile.BadZipFile, ValueError, EOFError, OverflowError, NotImplementedError, UnicodeError):
        raise BadArchive("the archive's directory is damaged") from None
    except OSError as error:
        if error.errno is not None and error.filename is not None:
            raise
        raise BadArchive("the archive's directory is damaged") from None


def _check_directory(raw: BinaryIO) -> None:
    """Count the directory's entries without keeping them."""
    length = raw.seek(0, io.SEEK_END)
    raw.seek(max(0, length - _END_BYTES))
    tail = raw.read(_END_BYTES)
    place = tail.rfind(_END)
    if place < 0 or place + 22 > len(tail):
        raw.seek(0)
        kind = TruncatedArchive if raw.read(4) == b"PK\x03\x04" else BadArchive
        raise kind("the archive has no directory at its end")
    size = int.from_bytes(tail[place + 12 : place + 16], "little")
    end = length - len(tail) + place
    if tail[place - 20 : place - 16] == _LOCATOR_64 and tail[place - 76 : place - 72] == _END_64:
        size = int.from_bytes(tail[place - 36 : place - 28], "little")
        end -= 76
    if size > MAX_DIRECTORY:
        raise BadArchive(f"the archive's directory is longer than {MAX_DIRECTORY >> 20} MiB")
    start = max(0, end - size)
    raw.seek(start)
    entries, rest = 0, b""
    while start < end and (block := raw.read(min(_READ, end - start))):
        start += len(block)
        entries += (rest + block).count(_SIGNATURE)
        rest = block[-3:]
        if entries > MAX_MEMBERS:
            raise BadArchive(f"the archive lists more than {MAX_MEMBERS:,} members")
