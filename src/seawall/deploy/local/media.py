"""Files of this machine as something that can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media import MemoryMedia, SpooledMedia
from seawall.errors import NotFound, UsageError

File = bytes | Path | BinaryIO | Media
"""What can be checked. A stream is read from where it stands to its end, and is left open."""

MAX_STREAM = 2 << 30
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class PathMedia:
    """A file, opened anew whenever it is read.

    Attributes:
        path: Where it is.
        size: Length in bytes.
    """

    path: Path
    size: int

    def open(self) -> BinaryIO:
        """Return a stream from the start."""
        return self.path.open("rb")


@contextmanager
def as_media(file: File) -> Iterator[Media]:
    """Give a file in the form in which it is checked, for the length of a block.

    Raises:
        NotFound: If there is no such file.
        UsageError: If it is no file of bytes.
        TooLarge: If a stream is longer than can be held.
    """
    if isinstance(file, bytes):
        yield MemoryMedia(file)
    elif isinstance(file, Path):
        if not file.is_file():
            raise NotFound(f"no such file: {file}")
        yield PathMedia(file, file.stat().st_size)
    elif hasattr(file, "read"):
        with SpooledMedia.create(MAX_STREAM) as held:
            while piece := cast(BinaryIO, file).read(_CHUNK):
                if isinstance(piece, str):
                    raise UsageError("the file gives text", hint="open it in binary mode")
                held.write(piece)
            yield held.seal()
    else:
        yield file
