"""Getting an item's bytes to the decode process: into its shared buffer, or into anonymous memory that it can seek in.

Nothing here writes content to a disk.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from seawall.content.item import Item
from seawall.content.sandbox import Sandbox

CHUNK_BYTES = 1 << 20

MAX_IMAGE_BYTES = 512 << 20
"""Longest encoded image that is decoded."""

SPOOL_BYTES = 1 << 30
"""Longest video or sound inside an archive that is decoded; a local file of its own may be longer."""


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """Return `size` bytes, or fewer if the stream ends before."""
    head = b""
    while len(head) < size and (chunk := stream.read(size - len(head))):
        head += chunk
    return head


def fill_buffer(stream: BinaryIO, head: bytes, size: int | None, sandbox: Sandbox) -> int:
    """Copy an image into the sandbox's buffer, to one byte past the limit.

    Args:
        stream: The bytes after `head`.
        head: The first bytes, already read.
        size: Length of the whole, if known.
        sandbox: The decode process.

    Returns:
        How much was copied.
    """
    room = max(len(head) + 1, min((size or CHUNK_BYTES) + 1, MAX_IMAGE_BYTES + 1))
    buffer = sandbox.buffer(room)
    buffer[: len(head)] = head
    length = len(head)
    while True:
        if length == len(buffer):
            if length > MAX_IMAGE_BYTES:
                return length
            buffer = sandbox.buffer(min(2 * length, MAX_IMAGE_BYTES + 1))
        read = _read_into(stream, buffer[length:])
        if not read:
            return length
        length += read


@contextmanager
def spool(item: Item) -> Iterator[IO[bytes] | None]:
    """Give anonymous memory for an item that is not a local file by itself; None for one that is."""
    if item.path is not None:
        yield None
    elif hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("seawall-medium"), "w+b") as file:
            yield file
    else:
        with tempfile.TemporaryFile() as file:
            yield file


def copy_through(stream: BinaryIO, head: bytes, update: Callable[[bytes], None], target: IO[bytes] | None) -> bool:
    """Read a stream to its end, digesting it on the way; return whether it was too long to be kept.

    Args:
        stream: The bytes after `head`.
        head: The first bytes, already read.
        update: Takes each chunk.
        target: Where to keep the bytes; None if they need not be kept.
    """
    length = 0
    chunk = head
    while chunk:
        update(chunk)
        length += len(chunk)
        if target is not None and length <= SPOOL_BYTES:
            target.write(chunk)
        chunk = stream.read(CHUNK_BYTES)
    if target is not None:
        target.flush()
    return target is not None and length > SPOOL_BYTES


def reason_of(error: Exception) -> str:
    """Say what went wrong without repeating anything that a file wrote."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return f"reading stopped with {type(error).__name__}"


def _read_into(stream: BinaryIO, view: memoryview) -> int:
    readinto = getattr(stream, "readinto", None)
    if readinto is not None:
        return readinto(view) or 0
    chunk = stream.read(min(len(view), CHUNK_BYTES))
    view[: len(chunk)] = chunk
    return len(chunk)
