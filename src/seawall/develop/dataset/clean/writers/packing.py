"""Compressing what was decompressed: the same method as the source, and the same bytes each time."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.source import SourceFile
from seawall.develop.dataset.readers.streams import decompressed

_GZIP = b"\x1f\x8b"
_GZIP_LEVEL = 6


@contextmanager
def unpacked(source: SourceFile, out: BinaryIO) -> Iterator[tuple[BinaryIO, Any]]:
    """Open a file, decompressed if it is compressed, and a writer that compresses as the file does.

    Yields:
        What to read from, and what to write to.
    """
    with source.open() as raw:
        head = raw.read(4)
        raw.seek(0)
        stream = decompressed(raw)
        if stream is raw:
            yield stream, out
        elif head.startswith(_GZIP):
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, out, mtime=0) as packed:
                yield stream, packed
        else:
            import pyarrow as pa

            with pa.CompressedOutputStream(pa.PythonFile(out, mode="w"), "zstd") as packed:
                yield stream, packed
