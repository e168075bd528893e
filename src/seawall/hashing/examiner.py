"""Examining one item: its digests, its kind, and the hashes of what it shows.

The bytes are read once. They are digested here and decoded in the sandboxed decode process, at the same time;
a file that kills the decoder costs that item alone. An item that could not be examined says why, and is
never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from seawall.content.item import Item, Problem
from seawall.content.loading import CHUNK_BYTES, MAX_IMAGE_BYTES, fill_buffer, read_up_to, reason_of
from seawall.content.media import HEAD_BYTES, Medium, Sniffed, sniff
from seawall.content.sandbox import Sandbox, SandboxLimits
from seawall.errors import MediaError, SeawallError, TooLarge
from seawall.hashing.decode import ENTRY
from seawall.hashing.digests import ALWAYS, Digester
from seawall.hashing.examined import Examined, judged
from seawall.hashing.replies import read_reply

if TYPE_CHECKING:
    from seawall.content.pictures import PictureReader


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
        if "pictures" in self.__dict__:
            self.pictures.close()
        self._sandbox.close()

    @cached_property
    def pictures(self) -> PictureReader:
        """Shows items to detectors by the same decode process."""
        from seawall.content.pictures import PictureReader

        return PictureReader(self._sandbox)

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
            return Examined(problem=Problem("unreadable", reason_of(error)))

    def _examine_stream(self, stream: BinaryIO, item: Item) -> Examined:
        head = read_up_to(stream, HEAD_BYTES)
        kind = item.kind or sniff(head)
        if kind.medium is Medium.IMAGE:
            return self._examine_image(stream, head, kind, item.size)
        digester = Digester(self._names)
        if kind.medium in (Medium.VIDEO, Medium.AUDIO):
            from seawall.hashing.timed import examine_timed

            return examine_timed(stream, head, kind, item, digester, self._sandbox)
        digester.update(head)
        while chunk := stream.read(CHUNK_BYTES):
            digester.update(chunk)
        return Examined(digester.values(), digester.size, kind)

    def _examine_image(self, stream: BinaryIO, head: bytes, kind: Sniffed, size: int | None) -> Examined:
        """Read the image straight into the memory that the decode process sees, digest it while it decodes."""
        digester = Digester(self._names)
        length = fill_buffer(stream, head, size, self._sandbox)
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
