"""Reading forward, with bounds: decompression that stops at bombs, and members that end where they should.

Memory is a few buffers, whatever an archive says of itself.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.errors import BadArchive, Bomb, TruncatedArchive
from seawall.errors import SourceError

MAX_RATIO = 250
"""Bytes out for each byte in, above which data is a bomb; gzip cannot exceed 1032, photographs reach 2."""
RATIO_FROM = 256 << 20
"""Bytes out up to which any ratio is fine."""

_SKIP = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"


def is_bomb(size: int, packed: int) -> bool:
    """Say whether `packed` bytes may not become `size` bytes."""
    return size > RATIO_FROM and size > MAX_RATIO * max(packed, 1)


class _Counted(io.RawIOBase):
    """Counts the bytes that a decompressor takes."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


class _Expanded(io.RawIOBase):
    """Decompressed data; refuses bombs and calls damage by its name."""

    def __init__(self, raw: BinaryIO, opener: Callable[[BinaryIO], Any]) -> None:
        self._counted = _Counted(raw)
        self._inner = opener(io.BufferedReader(self._counted, 1 << 16))
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except EOFError:
            raise TruncatedArchive("the compressed data end before their end") from None
        except (zlib.error, gzip.BadGzipFile):
            raise BadArchive("the compressed data are damaged") from None
        except OSError as error:
            if error.errno is not None:
                raise
            kind = TruncatedArchive if "truncated" in str(error).lower() else BadArchive
            raise kind("the compressed data are damaged or cut") from None
        self._given += len(data)
        if is_bomb(self._given, self._counted.taken):
            raise Bomb
        buffer[: len(data)] = data
        return len(data)


def decompressed(raw: BinaryIO) -> BinaryIO:
    """Return the stream, decompressed if it is gzip or Zstandard by its first bytes.

    Args:
        raw: A seekable stream at its beginning.
    """
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(_GZIP):
        return io.BufferedReader(_Expanded(raw, lambda packed: gzip.GzipFile(fileobj=packed)), 1 << 17)
    if head == _ZSTD or (head[1:] == _ZSTD_SKIPPABLE and 0x50 <= head[0] <= 0x5F):
        return io.BufferedReader(_Expanded(raw, _zstd), 1 << 17)
    return raw


def _zstd(packed: BinaryIO) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")


class Forward:
    """A stream that is read once, from beginning to end, and knows where it is."""

    def __init__(self, raw: BinaryIO, *, offset: int = 0) -> None:
        self._raw = raw
        self.offset = offset

    def read(self, size: int) -> bytes:
        """Read `size` bytes, fewer only at the end."""
        data = self._raw.read(size)
        if len(data) < size and data:
            parts = [data]
            while missing := size - sum(map(len, parts)):
                more = self._raw.read(missing)
                if not more:
                    break
                parts.append(more)
            data = b"".join(parts)
        self.offset += len(data)
        return data

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; return how many there were."""
        start = self.offset
        while (left := start + size - self.offset) > 0 and self.read(min(left, _SKIP)):
            pass
        return self.offset - start


class Window(io.RawIOBase):
    """The next `size` bytes of a forward stream; raises TruncatedArchive if they are not all there."""

    def __init__(self, source: Forward, size: int) -> None:
        self._source = source
        self._left = size
        self.failed = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the window goes."""
        size = min(len(buffer), self._left)
        if not size:
            return 0
        try:
            data = self._source.read(size)
        except (SourceError, OSError):
            self.failed = True
            raise
        if not data:
            self.failed = True
            raise TruncatedArchive("the archive ends inside this member")
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Pass over what was not read.

        Raises:
            TruncatedArchive: If it is not all there, and reading did not say so before.
        """
        wanted, self._left = self._left, 0
        if self._source.skip(wanted) < wanted:
            raise TruncatedArchive("the archive ends inside a member")
