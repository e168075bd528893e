"""Tar archives: blocks are copied as they stand, headers, padding and end marks included.

Only a member that goes leaves a gap, and a global header before it stays, because it speaks of all that follow. Data
that no item stands for (of a directory or a label) were not examined, and are left out.
"""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.problems import EXPECTED
from seawall.develop.dataset.readers.source import SourceFile
from seawall.develop.dataset.readers.streams import Forward
from seawall.develop.dataset.readers.tar_headers import BLOCK, Member, MemberKind, members, padded

from .packing import unpacked

_COPY = 1 << 20
_ZERO = bytes(BLOCK)
_END = 2 * BLOCK
_BARE = (MemberKind.FOLDER, MemberKind.LABEL)


class _Tap(Forward):
    """A forward stream that keeps the headers that pass by; runs of empty blocks are counted, not kept."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(raw)
        self._zeros = 0
        self._headers = bytearray()
        self._keeping = True

    def read(self, size: int) -> bytes:
        """Read, and keep what is read of headers."""
        data = super().read(size)
        if self._keeping:
            if not self._headers and data == _ZERO:
                self._zeros += 1
            else:
                self._headers += data
        return data

    def taken(self) -> tuple[int, bytes]:
        """Return the empty blocks and the headers since the last call."""
        zeros, headers = self._zeros, bytes(self._headers)
        self._zeros = 0
        self._headers.clear()
        return zeros, headers

    def payload(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` bytes, which are no headers."""
        self._keeping = False
        try:
            while size and (data := self.read(min(size, _COPY))):
                size -= len(data)
                yield data
        finally:
            self._keeping = True


def write_tar(source: SourceFile, removed: Collection[int], out: BinaryIO) -> int:
    """See `Writer`. An archive that breaks off is written up to there, with an end mark."""
    dropped = 0
    with unpacked(source, out) as (stream, packed):
        tap = _Tap(stream)
        try:
            for member in members(tap):
                bare = member.kind in _BARE
                dropped += bare and member.size > 0
                _copy(tap, member, packed, keep=member.size == 0 if bare else member.offset not in removed)
        except EXPECTED:
            packed.write(bytes(_END))
        else:
            zeros, rest = tap.taken()
            _write_zeros(packed, zeros)
            packed.write(rest)
    return dropped


def _copy(tap: _Tap, member: Member, packed: Any, *, keep: bool) -> None:
    zeros, headers = tap.taken()
    _write_zeros(packed, zeros)
    packed.write(headers if keep else _shared(headers))
    for data in tap.payload(padded(member.size)):
        if keep:
            packed.write(data)


def _shared(headers: bytes) -> bytes:
    """Return the global headers among the headers of a member."""
    kept, at = b"", 0
    while at + BLOCK <= len(headers):
        header = tarfile.TarInfo.frombuf(headers[at : at + BLOCK], "utf-8", "surrogateescape")
        if header.type not in (tarfile.XGLTYPE, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, b"L", b"K"):
            break
        end = at + BLOCK + padded(header.size)
        if header.type == tarfile.XGLTYPE:
            kept += headers[at:end]
        at = end
    return kept


def _write_zeros(packed: Any, blocks: int) -> None:
    while blocks > 0:
        count = min(blocks, _COPY // BLOCK)
        packed.write(_ZERO * count)
        blocks -= count
