"""Examining one item: its digests, its kind, and the hashes of what it shows.

The bytes are read once. They are digested here and decoded in the sandboxed decode process, at the same time;
a file that kills the decoder costs that item alone. An item that could not be examined says why, and is
never passed over in silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Self

from seawall.content.item import Item, Problem
from seawall.content.media import HEAD_BYTES, Medium, Sniffed, sniff
from seawall.content.sandbox import Sandbox, SandboxLimits
from seawall.errors import MediaError, SeawallError, TooLarge
from seawall.hashing.decode import ENTRY
from seawall.hashing.digests import ALWAYS, Digester
from seawall.hashing.examined import Examined, judged
from seawall.hashing.replies import read_reply

CHUNK_BYTES = 1 << 20
MAX_IMAGE_BYTES = 512 << 20
"""Longest encoded image that is decoded; a longer one is digested and counted as unexamined."""


class Examiner:
    """Examines items with one decode process, which is started when the first medium comes.

    Args:
        digests: Which digests to compute.
        limits: Memory and time that one medium may take.
    """

    def __init__(self, digests: Iterable[str] = ALWAYS, *, limits: SandboxLimits | None = None) -> None:
        self._names = frozenset(digests) | ALWAYS
        self._sandbox = Sandbox(ENTRY, limits=limits or SandboxLimits())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the decode process."""
        self._sandbox.close()

    def examine_file(self, path: Path) -> Examined:
        """Examine one local file."""
        from seawall.content.origin import Origin

        return self.examine(Item(str(path), Origin(), lambda: path.open("rb"), path=path))

    def examine(self, item: Item) -> Examined:
        """Examine one item; what goes wrong is in the result, except for a full disk and the like."""
        if item.problem is not None or item.open is None:
            return Examined(problem=item.problem or Problem("unreadable", "the item has no bytes"))
        try:
            with item.open() as stream:
                return self._examine_stream(stream, item)
        except SeawallError as error:
            return Examined(problem=Problem(error.code, error.message))
        except (OSError, EOFError, ValueError) as error:
            return Examined(problem=Problem("unreadable", _reason(error)))

    def _examine_stream(self, stream: BinaryIO, item: Item) -> Examined:
        head = _read_up_to(stream, HEAD_BYTES)
        kind = sniff(head)
        if kind.medium is Medium.IMAGE:
            return self._examine_image(stream, head, kind, item.size)
        digester = Digester(self._names)
        if kind.medium is not Medium.OTHER:
            from seawall.hashing.timed import examine_timed

            return examine_timed(stream, head, kind, item, digester, self._sandbox)
        digester.update(head)
        while chunk := stream.read(CHUNK_BYTES):
            digester.update(chunk)
        return Examined(digester.values(), digester.size, kind)

    def _examine_image(self, stream: BinaryIO, head: bytes, kind: Sniffed, size: int | None) -> Examined:
        """Read the image straight into the memory that the decode process sees, digest it while it decodes."""
        digester = Digester(self._names)
        length = self._fill(stream, head, size)
        if length > MAX_IMAGE_BYTES:
            digester.update(self._sandbox.buffer(length)[:length])
            while chunk := stream.read(CHUNK_BYTES):
                digester.update(chunk)
            problem = Problem(TooLarge.code, f"the encoded image is longer than {MAX_IMAGE_BYTES >> 20} MiB")
            return Examined(digester.values(), digester.size, kind, problem=problem)
        self._sandbox.submit(length, {"medium": kind.medium.value, "format": kind.format})
        digester.update(self._sandbox.buffer(length)[:length])
        known = Examined(digester.values(), length, kind)
        try:
            return judged(known, read_reply(self._sandbox.result()))
        except MediaError as error:
            return replace(known, problem=Problem(error.code, error.message))

    def _fill(self, stream: BinaryIO, head: bytes, size: int | None) -> int:
        """Copy the stream into the sandbox's buffer, to one byte past the limit; return how much that is."""
        room = max(len(head) + 1, min((size or CHUNK_BYTES) + 1, MAX_IMAGE_BYTES + 1))
        buffer = self._sandbox.buffer(room)
        buffer[: len(head)] = head
        length = len(head)
        while True:
            if length == len(buffer):
                if length > MAX_IMAGE_BYTES:
                    return length
                buffer = self._sandbox.buffer(min(2 * length, MAX_IMAGE_BYTES + 1))
            read = _read_into(stream, buffer[length:])
            if not read:
                return length
            length += read


def _read_up_to(stream: BinaryIO, size: int) -> bytes:
    head = b""
    while len(head) < size and (chunk := stream.read(size - len(head))):
        head += chunk
    return head


def _read_into(stream: BinaryIO, view: memoryview) -> int:
    readinto = getattr(stream, "readinto", None)
    if readinto is not None:
        return readinto(view) or 0
    chunk = stream.read(min(len(view), CHUNK_BYTES))
    view[: len(chunk)] = chunk
    return len(chunk)


def _reason(error: Exception) -> str:
    """Say what went wrong without repeating anything that a file wrote."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return f"reading stopped with {type(error).__name__}"
