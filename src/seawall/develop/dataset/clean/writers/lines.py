"""Manifests and corpora of lines: lines that go are dropped, all others are copied byte for byte."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.source import SourceFile

from .packing import unpacked

_PIECE = 1 << 20


def write_lines(source: SourceFile, removed: Collection[int], out: BinaryIO) -> int:
    """See `Writer`. Places are the numbers of lines, from 1."""
    with unpacked(source, out) as (stream, packed):
        number = 1
        while _copy_line(stream, packed, keep=number not in removed):
            number += 1
    return 0


def _copy_line(stream: Any, packed: Any, *, keep: bool) -> bool:
    """Copy or pass over one line of any length; return whether there was one."""
    piece = stream.readline(_PIECE)
    there = bool(piece)
    while piece:
        if keep:
            packed.write(piece)
        if piece.endswith(b"\n"):
            break
        piece = stream.readline(_PIECE)
    return there
