"""The file of one segment: a header, then arrays at multiples of 64 bytes. All little-endian; mapped, never unpickled.

    header    magic "SEAWALLX", version u32, kind u32, width u32, sections u32, entries u64, first id u64, last id u64,
              bytes in the file u64, reserved u64 (64 bytes)
    sections  each: name (8 bytes, zero-padded), type (4), reserved (4), offset u64, items u64, BLAKE3 (32) (64 bytes)
    checksum  BLAKE3 of all of the above (32 bytes), which is also the identity of the file

In memory a segment has the same image, so writing it is writing one buffer. Opening checks the header and that every
section lies inside the file; `Image.verify` reads everything.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt

VERSION = 1
ALIGNMENT = 64
MAX_SECTIONS = 16

_MAGIC = b"SEAWALLX"
_HEADER = struct.Struct("<8sIIIIQQQQQ")
_SECTION = struct.Struct("<8s4s4xQQ32s")
_CHECKSUM = 32
_TYPES: Mapping[str, np.dtype[Any]] = {
    "u1": np.dtype("u1"),
    "u2": np.dtype("<u2"),
    "u4": np.dtype("<u4"),
    "u8": np.dtype("<u8"),
}


class FileKind(IntEnum):
    """What a segment holds."""

    HAMMING = 1
    DIGEST = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What the header says of the entries.

    Attributes:
        kind: What they are.
        width: Bytes in a value.
        entries: Number of entries.
        first_id: Lowest entry id.
        last_id: Highest entry id.
    """

    kind: FileKind
    width: int
    entries: int
    first_id: int
    last_id: int


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    type: str
    offset: int
    items: int

    @property
    def end(self) -> int:
        return self.offset + self.items * int(self.type[1:])


class Image:
    """A segment as it lies in a file: facts, and arrays by name.

    Attributes:
        facts: What the header says.
        mapped: Whether the arrays are a read-only mapping of a file.
    """

    __slots__ = ("_buffer", "_digests", "_sections", "arrays", "facts", "mapped")

    def __init__(
        self,
        facts: Facts,
        buffer: NDArray[np.uint8],
        sections: tuple[_Section, ...],
        digests: tuple[bytes, ...] | None,
        mapped: bool,
    ) -> None:
        self.facts = facts
        self.mapped = mapped
        self._buffer = buffer
        self._sections = sections
        self._digests = digests
        self.arrays: Mapping[str, NDArray[Any]] = {
            section.name: buffer[section.offset : section.end].view(_TYPES[section.type]) for section in sections
        }

    @classmethod
    def new(cls, facts: Facts, arrays: Mapping[str, tuple[str, int]]) -> Image:
        """Make room for arrays, to be filled by the caller.

        Args:
            facts: What the header will say.
            arrays: Type ("u1", "u2", "u4", "u8") and number of items of each.
        """
        offset = _aligned(_header_bytes(len(arrays)))
        sections = []
        for name, (kind, items) in arrays.items():
            sections.append(_Section(name, kind, offset, items))
            offset = _aligned(sections[-1].end)
        memory = np.empty(offset + ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % ALIGNMENT
        buffer = memory[start : start + offset]
        ends = [_header_bytes(len(arrays)), *(section.end for section in sections)]
        for end in ends:
            buffer[end : _aligned(end)] = 0
        return cls(facts, buffer, tuple(sections), None, mapped=False)

    @classmethod
    def map(cls, path: Path) -> Image:
        """Map a file, checking its header and sizes.

        Raises:
            IndexCorrupt: If it is not a segment, or is cut.
            FileNotFoundError: If there is no such file.
        """
        try:
            with path.open("rb") as file:
                view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as problem:
            raise IndexCorrupt(f"{path.name} is empty") from problem
        buffer = np.frombuffer(view, np.uint8)
        facts, sections, digests = _read_header(buffer, path.name)
        return cls(facts, buffer, sections, digests, mapped=True)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, which are those of the file."""
        return len(self._buffer)

    @property
    def identity(self) -> bytes:
        """Checksum of the header, which covers the checksums of all arrays; fills the header if that was not done."""
        if self._digests is None:
            self._seal()
        start = _header_bytes(len(self._sections)) - _CHECKSUM
        return self._buffer[start : start + _CHECKSUM].tobytes()

    def blocks(self) -> Iterator[memoryview]:
        """Give the bytes of the file, sealed."""
        if self._digests is None:
            self._seal()
        yield self._buffer.data

    def verify(self, name: str) -> None:
        """Read all arrays and compare their checksums.

        Raises:
            IndexCorrupt: If one differs; the message names the file `name`.
        """
        if self._digests is None:
            return
        if _checksum(self._buffer[: _header_bytes(len(self._sections)) - _CHECKSUM]) != self.identity:
            raise IndexCorrupt(f"the header of {name} is damaged")
        for section, digest in zip(self._sections, self._digests, strict=True):
            if _checksum(self._buffer[section.offset : section.end]) != digest:
                raise IndexCorrupt(f"{name} is damaged in its section {section.name}")

    def _seal(self) -> None:
        facts = self.facts
        self._digests = tuple(_checksum(self._buffer[section.offset : section.end]) for section in self._sections)
        header = _HEADER.pack(
            _MAGIC,
            VERSION,
            facts.kind,
            facts.width,
            len(self._sections),
            facts.entries,
            facts.first_id,
            facts.last_id,
            len(self._buffer),
            0,
        )
        for section, digest in zip(self._sections, self._digests, strict=True):
            header += _SECTION.pack(section.name.encode(), section.type.encode(), section.offset, section.items, digest)
        header += blake3(header).digest()
        self._buffer[: len(header)] = np.frombuffer(header, np.uint8)


def _read_header(buffer: NDArray[np.uint8], name: str) -> tuple[Facts, tuple[_Section, ...], tuple[bytes, ...]]:
    head = buffer[: _header_bytes(MAX_SECTIONS)].tobytes()
    if len(head) < _header_bytes(0) or not head.startswith(_MAGIC):
        raise IndexCorrupt(f"{name} is not an index file")
    _, version, kind, width, count, entries, first_id, last_id, size, _ = _HEADER.unpack_from(head)
    if version != VERSION:
        raise IndexCorrupt(f"{name} has version {version}; this seawall reads version {VERSION}")
    end = _header_bytes(count) - _CHECKSUM
    if count > MAX_SECTIONS or len(head) < end or blake3(head[:end]).digest() != head[end : end + _CHECKSUM]:
        raise IndexCorrupt(f"the header of {name} is damaged")
    if size != len(buffer):
        raise IndexCorrupt(f"{name} is cut: {len(buffer)} of {size} bytes")
    sections, digests = [], []
    for number in range(count):
        title, kind_of_item, offset, items, digest = _SECTION.unpack_from(head, _HEADER.size + number * _SECTION.size)
        section = _Section(_text(title), _text(kind_of_item), offset, items)
        if section.type not in _TYPES or offset % ALIGNMENT or section.end > size:
            raise IndexCorrupt(f"a section of {name} lies outside the file")
        sections.append(section)
        digests.append(digest)
    if (
        kind not in FileKind.__members__.values()
        or not first_id <= last_id
        or not 0 < entries <= last_id - first_id + 1
    ):
        raise IndexCorrupt(f"the header of {name} makes no sense")
    return Facts(FileKind(kind), width, entries, first_id, last_id), tuple(sections), tuple(digests)


def _header_bytes(sections: int) -> int:
    return _HEADER.size + sections * _SECTION.size + _CHECKSUM


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _checksum(data: NDArray[np.uint8]) -> bytes:
    return blake3(data.data).digest()


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode("ascii", "replace")
