"""Zip archives: a member's compressed bytes and headers are copied as they stand, in the order in which they lie.

The directory is written anew from its own entries. What no entry names (bytes between members, before the first, after
the last, the archive's comment) was not examined, and is left out.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZipFile, ZipInfo

from seawall.develop.dataset.readers.errors import BadArchive
from seawall.develop.dataset.readers.source import SourceFile
from seawall.develop.dataset.readers.zip import opened

_COPY = 1 << 20
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_FULL = 0xFFFFFFFF
_MOST = 0xFFFF
_DESCRIBED = 0x8
_ZIP64 = 1
_EMPTY = 2
_DESCRIPTOR = b"PK\x07\x08"


@dataclass(slots=True)
class _Entry:
    """A member: its raw directory entry, where it is and how long it is."""

    raw: bytearray
    info: ZipInfo
    offset: int


def write_zip(source: SourceFile, removed: Collection[int], out: BinaryIO) -> int:
    """See `Writer`.

    Raises:
        BadArchive: If members overlap, or a header is not where the directory says.
    """
    with source.open() as raw, opened(raw) as archive:
        entries = [_Entry(entry, info, info.header_offset) for entry, info in _entries(raw, archive)]
        kept = [each for each in entries if each.offset not in removed and not _hides(each.info)]
        dropped = sum(_hides(each.info) for each in entries)
        end = raw.seek(0, io.SEEK_END)
        written = 0
        for each in sorted(kept, key=lambda each: each.offset):
            length = _record_length(raw, each.info, each.offset)
            if written + length > end:
                raise BadArchive("members of the archive overlap")
            _move(each, written)
            _copy(raw, each.offset, length, out)
            written += length
        _write_directory(kept, written, out)
    return dropped


def _hides(info: ZipInfo) -> bool:
    """Whether a folder has data, which no item stands for; nothing, deflated, takes two bytes."""
    return info.is_dir() and (info.compress_size > _EMPTY or info.file_size > 0)


def _entries(raw: BinaryIO, archive: ZipFile) -> list[tuple[bytearray, ZipInfo]]:
    """Return each member with its raw directory entry."""
    raw.seek(archive.start_dir)
    found = []
    for info in archive.infolist():
        fixed = raw.read(_ENTRY.size)
        if len(fixed) < _ENTRY.size or not fixed.startswith(b"PK\x01\x02"):
            raise BadArchive("the archive's directory is damaged")
        names = sum(_ENTRY.unpack(fixed)[10:13])
        found.append((bytearray(fixed + raw.read(names)), info))
    return found


def _record_length(raw: BinaryIO, info: ZipInfo, offset: int) -> int:
    """Return the length of a member from its header to the end of its data, a descriptor included."""
    raw.seek(offset)
    fixed = raw.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(b"PK\x03\x04"):
        raise BadArchive("a member is not where the directory says")
    _, _, flags, *_, names, extra = map(_number, _LOCAL.unpack(fixed))
    raw.seek(offset + _LOCAL.size + names)
    wide = any(kind == _ZIP64 for kind, _, _ in _extras(raw.read(extra)))
    length = _LOCAL.size + names + extra + info.compress_size
    if not flags & _DESCRIBED:
        return length
    raw.seek(offset + length)
    tail = raw.read(4 + 4 + 16)
    signed = 4 if tail.startswith(_DESCRIPTOR) else 0
    # The width of the two sizes is not always stated; the one that fits the directory is taken.
    for width in (8, 4) if wide else (4, 8):
        sizes = tail[signed + 4 : signed + 4 + 2 * width]
        if sizes == info.compress_size.to_bytes(width, "little") + info.file_size.to_bytes(width, "little"):
            return length + signed + 4 + 2 * width
    raise BadArchive("a member's descriptor is damaged")


def _extras(data: bytes) -> list[tuple[int, int, int]]:
    """Return (kind, start, end) of each extra field."""
    found, at = [], 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        found.append((kind, at + 4, min(at + 4 + size, len(data))))
        at += 4 + size
    return found


def _move(entry: _Entry, offset: int) -> None:
    """State where a member is now; it never moves towards the end, so that the number fits where the old one stood."""
    fields = _ENTRY.unpack_from(entry.raw)
    if fields[16] != _FULL:
        struct.pack_into("<L", entry.raw, 42, offset)
        return
    start = _ENTRY.size + fields[10]
    for kind, first, _ in _extras(bytes(entry.raw[start : start + fields[11]])):
        if kind == _ZIP64:
            before = 8 * (fields[9] == _FULL) + 8 * (fields[8] == _FULL)
            struct.pack_into("<Q", entry.raw, start + first + before, offset)
            return
    raise BadArchive("the directory does not say where a member is")


def _copy(raw: BinaryIO, offset: int, length: int, out: BinaryIO) -> None:
    raw.seek(offset)
    while length:
        data = raw.read(min(length, _COPY))
        if not data:
            raise BadArchive("the archive ends inside a member")
        out.write(data)
        length -= len(data)


def _write_directory(kept: list[_Entry], start: int, out: BinaryIO) -> None:
    size = 0
    for each in kept:
        out.write(each.raw)
        size += len(each.raw)
    count = len(kept)
    if count >= _MOST or size >= _FULL or start >= _FULL:
        out.write(_END_64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start))
        out.write(_LOCATOR_64.pack(b"PK\x06\x07", 0, start + size, 1))
    short = min(count, _MOST)
    out.write(_END.pack(b"PK\x05\x06", 0, 0, short, short, min(size, _FULL), min(start, _FULL), 0))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
