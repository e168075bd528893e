"""The caller's side: have the decode process show an item, and read its answer as if it were hostile."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Any, BinaryIO, Protocol

import numpy as np

from seawall.content.item import Item
from seawall.content.loading import MAX_IMAGE_BYTES, SPOOL_BYTES, copy_through, fill_buffer, read_up_to, spool
from seawall.content.media import HEAD_BYTES, Medium, Sniffed, sniff
from seawall.content.pictures._picture import MAX_PICTURES, PICTURE_BYTES, PICTURE_SIDE, Picture
from seawall.content.sandbox import Sandbox
from seawall.errors import DecoderDied, MediaError, TooLarge, UnsupportedMedia

_LARGEST_SIDE = 65_535
_FLAGS = {"damaged", "partial", "alpha"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of one item.

    Attributes:
        pictures: At least one; evenly spread where the item has many. They are gone with the next item.
        flags: `damaged` or `partial` where not all of it could be seen.
    """

    pictures: tuple[Picture, ...]
    flags: frozenset[str]


class _Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


class PictureReader:
    """Shows items by way of a sandbox whose entry answers as `seawall.content.pictures.show` does.

    Args:
        sandbox: The decode process; its owner closes it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._descriptor = _anonymous_file(MAX_PICTURES * PICTURE_BYTES)
        self._memory = mmap(self._descriptor, MAX_PICTURES * PICTURE_BYTES)

    def close(self) -> None:
        """Let go of the memory; pictures that were shown stay good as long as they are held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def show(self, item: Item, *, sha256: bytes | None = None) -> Shown:
        """Return the pictures of an item.

        Args:
            item: An image or a video.
            sha256: What its bytes must be, if they were digested before.

        Raises:
            MediaError: If it has no pictures, nothing decodes, or its bytes are not those expected.
            TooLarge: If it is beyond what detectors are given.
            DecoderDied: If the decode process crashed, took too long, or broke the protocol.
            SourceError: If the item cannot be opened.
            OSError: If it cannot be read.
        """
        if item.open is None:
            raise UnsupportedMedia("the item has no bytes")
        with item.open() as stream:
            head = read_up_to(stream, HEAD_BYTES)
            kind = item.kind or sniff(head)
            digest = hashlib.sha256()
            if kind.medium is Medium.IMAGE:
                return self._show_image(stream, head, kind, item.size, digest, sha256)
            if kind.medium is Medium.VIDEO:
                return self._show_video(stream, head, kind, item, digest, sha256)
        raise UnsupportedMedia(f"{kind.medium.value} has no pictures")

    def _show_image(
        self, stream: BinaryIO, head: bytes, kind: Sniffed, size: int | None, digest: _Digest, sha256: bytes | None
    ) -> Shown:
        length = fill_buffer(stream, head, size, self._sandbox)
        if length > MAX_IMAGE_BYTES:
            raise TooLarge(f"the encoded image is longer than {MAX_IMAGE_BYTES >> 20} MiB")
        self._submit(kind, length)
        if sha256 is not None:
            digest.update(self._sandbox.buffer(length)[:length])
        return self._finish(digest, sha256)

    def _show_video(
        self, stream: BinaryIO, head: bytes, kind: Sniffed, item: Item, digest: _Digest, sha256: bytes | None
    ) -> Shown:
        with spool(item) as memory:
            if copy_through(stream, head, digest.update, memory):
                raise TooLarge(f"the medium is longer than {SPOOL_BYTES >> 20} MiB and inside an archive")
            descriptor = os.dup((memory or stream).fileno())
            try:
                os.lseek(descriptor, 0, os.SEEK_SET)
                self._submit(kind, 0, fds=[descriptor], seed=digest.hexdigest())
                return self._finish(digest, sha256)
            finally:
                os.close(descriptor)

    def _submit(self, kind: Sniffed, length: int, *, fds: Sequence[int] = (), seed: str = "") -> None:
        params = {"show": True, "medium": kind.medium.value, "format": kind.format, "seed": seed}
        self._sandbox.submit(length, params, fds=[*fds, self._descriptor])

    def _finish(self, digest: _Digest, expected: bytes | None) -> Shown:
        """Take the answer in any case, so that the sandbox is free again; then see whether it is of the right bytes."""
        shown = _read(self._sandbox.result(), self._picture)
        if expected is not None and digest.digest() != expected:
            raise MediaError("the item's bytes have changed since they were hashed")
        return shown

    def _picture(self, placed: dict[str, Any]) -> Picture:
        at, rows, columns = int(placed["at"]), int(placed["rows"]), int(placed["columns"])
        width, height = int(placed["width"]), int(placed["height"])
        if not (0 < rows <= PICTURE_SIDE and 0 < columns <= PICTURE_SIDE):
            raise ValueError("size")
        if not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
            raise ValueError("size")
        if not 0 <= at <= MAX_PICTURES * PICTURE_BYTES - 3 * rows * columns:
            raise ValueError("place")
        # A copy: the decode process can still write to what it was given.
        pixels = np.frombuffer(self._memory, np.uint8, 3 * rows * columns, at).reshape(rows, columns, 3).copy()
        pixels.flags.writeable = False
        time_s = None if placed["time_s"] is None else float(placed["time_s"])
        return Picture(pixels, width, height, int(placed["frame"]), time_s)


def _read(reply: dict[str, Any], picture: Callable[[dict[str, Any]], Picture]) -> Shown:
    try:
        placed, flags = reply["pictures"], frozenset(reply["flags"])
        if not 0 < len(placed) <= MAX_PICTURES:
            raise ValueError("number of pictures")
        return Shown(tuple(picture(each) for each in placed), flags & _FLAGS)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DecoderDied("the decode process gave a reply that makes no sense") from None


def _anonymous_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("seawall-pictures", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
