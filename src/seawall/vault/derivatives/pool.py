"""The decode process as the vault uses it: bytes in from a stream, plain pixels out, nothing on a disk.

What comes back is read as if a hostile file had written it: sizes are checked, and pictures are encoded on this side.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from seawall.content.loading import MAX_IMAGE_BYTES, SPOOL_BYTES, copy_through, fill_buffer
from seawall.content.media import Sniffed
from seawall.content.sandbox import Sandbox, SandboxLimits
from seawall.errors import DecoderDied, SeawallError, TooLarge, UnsupportedMedia
from seawall.vault.derivatives._decode import ENTRY, GREY_BYTES, GREY_SIDE, MOST_PEAKS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from seawall.content.item import Item
    from seawall.content.pictures import PictureReader, Shown

_LARGEST_SIDE = 65_535
_LONGEST_SECONDS = 3600 * 24 * 30
_FLAGS = frozenset({"damaged", "partial"})


@dataclass(frozen=True, slots=True)
class Grey:
    """The first frame of an image in grey.

    Attributes:
        pixels: uint8 (height, width), upright, at most `GREY_SIDE` long.
        width, height: Of the whole picture, upright.
        more: Whether it has more frames.
        flags: `damaged` or `partial`.
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    width: int
    height: int
    more: bool
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a video or a sound is in seconds, as far as is known, and how large."""

    duration: float | None
    width: int | None
    height: int | None


class Decoder:
    """One decode process, for one thread at a time.

    Args:
        limits: What one object may cost.
    """

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        self._sandbox = Sandbox(ENTRY, limits=limits or SandboxLimits())
        self._pictures: PictureReader | None = None

    def close(self) -> None:
        """End the process."""
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None
        self._sandbox.close()

    def show(self, item: Item) -> Shown:
        """Return small pictures of an image or a video; see `seawall.content.pictures.PictureReader.show`."""
        if self._pictures is None:
            from seawall.content.pictures import PictureReader

            self._pictures = PictureReader(self._sandbox)
        return self._pictures.show(item)

    def grey(self, stream: BinaryIO, size: int, kind: Sniffed) -> Grey:
        """Return an image in grey.

        Raises:
            MediaError: If it does not decode.
        """
        import numpy as np

        length = fill_buffer(stream, b"", size, self._sandbox)
        if length > MAX_IMAGE_BYTES:
            raise TooLarge
        with _memory("seawall-grey", GREY_BYTES) as descriptor, mmap(descriptor, GREY_BYTES) as memory:
            params = {"ask": "grey", "medium": kind.medium.value, "format": kind.format}
            self._sandbox.submit(length, params, fds=[descriptor])
            reply = self._sandbox.result()
            try:
                rows, columns = _side(reply["rows"], GREY_SIDE), _side(reply["columns"], GREY_SIDE)
                width, height = _side(reply["width"], _LARGEST_SIDE), _side(reply["height"], _LARGEST_SIDE)
                flags, more = frozenset(reply["flags"]) & _FLAGS, reply["more"] is True
            except (KeyError, TypeError, ValueError):
                raise DecoderDied from None
            pixels = np.frombuffer(memory[: rows * columns], np.uint8).reshape(rows, columns)
            return Grey(pixels, width, height, more, flags)

    def peaks(self, descriptor: int) -> tuple[list[int], frozenset[str]]:
        """Return how loud a sound is, part by part, from 0 to 255, and flags.

        Raises:
            MediaError: If it does not decode.
        """
        reply = self._ask("peaks", descriptor)
        try:
            peaks = [int(peak) for peak in reply["peaks"]]
            if not 0 < len(peaks) <= 2 * MOST_PEAKS or min(peaks) < 0 or max(peaks) > 255:
                raise ValueError("peaks")
            return peaks, frozenset(reply["flags"]) & _FLAGS
        except (KeyError, TypeError, ValueError):
            raise DecoderDied from None

    def length(self, descriptor: int) -> Length:
        """Return how long a video or a sound is.

        Raises:
            MediaError: If it cannot be read.
        """
        reply = self._ask("length", descriptor)
        try:
            duration = None if reply["duration"] is None else float(reply["duration"])
            if duration is not None and not 0 < duration <= _LONGEST_SECONDS:
                raise ValueError("duration")
            sides = [None if reply[name] is None else _side(reply[name], _LARGEST_SIDE) for name in ("width", "height")]
        except (KeyError, TypeError, ValueError):
            raise DecoderDied from None
        return Length(duration, sides[0], sides[1])

    def _ask(self, what: str, descriptor: int) -> dict[str, Any]:
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._sandbox.submit(0, {"ask": what}, fds=[descriptor])
        return self._sandbox.result()


class DecoderPool:
    """A few decode processes that threads take turns with. Each is started when it is first needed.

    Args:
        size: How many at most.
        limits: What one object may cost.
    """

    def __init__(self, size: int = 2, *, limits: SandboxLimits | None = None) -> None:
        self._limits = limits
        self._turns = threading.BoundedSemaphore(size)
        self._idle: list[Decoder] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End those that are not at work."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    @contextmanager
    def decoder(self) -> Iterator[Decoder]:
        """Give out a decoder for the length of a block; wait if all are at work."""
        with self._turns:
            with self._lock:
                decoder = self._idle.pop() if self._idle else Decoder(self._limits)
            try:
                yield decoder
            except SeawallError:
                self._back(decoder)
                raise
            except BaseException:
                # What it was in the middle of is not known.
                decoder.close()
                raise
            self._back(decoder)

    def _back(self, decoder: Decoder) -> None:
        with self._lock:
            self._idle.append(decoder)


@contextmanager
def spooled(stream: BinaryIO, size: int) -> Iterator[int]:
    """Copy a video or a sound into memory that has no name on any disk, and give its descriptor.

    Raises:
        TooLarge: If it is longer than `SPOOL_BYTES`.
        UnsupportedMedia: If this system has no such memory.
    """
    if size > SPOOL_BYTES:
        raise TooLarge
    with _memory("seawall-medium") as descriptor, os.fdopen(os.dup(descriptor), "wb") as file:
        if copy_through(stream, stream.read(1 << 16), lambda _chunk: None, file):
            raise TooLarge
        yield descriptor


def video_item(descriptor: int, kind: Sniffed) -> Item:
    """Return a spooled video as an item that is not copied again."""
    from seawall.content.item import Item
    from seawall.content.origin import Origin

    def opened() -> BinaryIO:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.fdopen(os.dup(descriptor), "rb")

    return Item("vault", Origin(), opened, path=Path(f"/proc/self/fd/{descriptor}"), kind=kind)


def image_item(stream: BinaryIO, size: int, kind: Sniffed) -> Item:
    """Return an image as an item; whoever reads it does not close the stream."""
    from seawall.content.item import Item
    from seawall.content.origin import Origin

    return Item("vault", Origin(), lambda: cast("BinaryIO", _Lent(stream)), size, kind=kind)


class _Lent:
    """A stream that stays open when its reader is done."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)


@contextmanager
def _memory(name: str, size: int = 0) -> Iterator[int]:
    if not hasattr(os, "memfd_create"):
        raise UnsupportedMedia("this system has no memory without a name")
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, size)
        yield descriptor
    finally:
        os.close(descriptor)


def _side(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        raise ValueError("side")
    return value
