"""The body of an upload: a form with a file that is read once, in pieces, and digested on its way."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from seawall.errors import UsageError

PIECE = 1 << 18
_NAME = "file"
"""What the authority is told the file is called: nothing of its own name."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests of what was sent, in hex.

    Attributes:
        md5, sha1, sha256: Of the file's bytes.
        size: In bytes.
    """

    md5: str
    sha1: str
    sha256: str
    size: int


class Upload:
    """A multipart form with the id of a report and a file.

    Args:
        report_id: Of which report.
        file: Its bytes, from where it stands; read once.
        size: How many there are.
    """

    def __init__(self, report_id: str, file: BinaryIO, size: int) -> None:
        mark = secrets.token_hex(16)
        self._head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="id"\r\n\r\n{report_id}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{_NAME}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode("ascii")
        self._tail = f"\r\n--{mark}--\r\n".encode("ascii")
        self._file = file
        self._size = size
        self._digests = (hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256())
        self._sent = 0
        self.content_type = f"multipart/form-data; boundary={mark}"

    @property
    def length(self) -> int:
        """Of the whole body, in bytes."""
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body.

        Raises:
            UsageError: If the file has more or fewer bytes than were announced.
        """
        yield self._head
        while piece := self._file.read(PIECE):
            self._sent += len(piece)
            if self._sent > self._size:
                break
            for digest in self._digests:
                digest.update(piece)
            yield piece
        if self._sent != self._size:
            raise UsageError("the file is not as long as it was said to be")
        yield self._tail

    def digests(self) -> Digests:
        """Return the digests of what was sent so far."""
        md5, sha1, sha256 = (each.hexdigest() for each in self._digests)
        return Digests(md5, sha1, sha256, self._sent)
