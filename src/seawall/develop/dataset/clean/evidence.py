"""Where removed bytes go: to the vault and nowhere else, or, with a reason on record, to nothing.

A sink takes each item once: the same key again adds nothing, so that a shard that is done again leaves no second copy.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from seawall.settings import Settings

from .errors import DataChanged

if TYPE_CHECKING:
    from seawall.vault import Vault

_PERSON = "seawall clean"


class EvidenceSink(Protocol):
    """Takes removed bytes."""

    def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
        """Keep what the stream holds.

        Args:
            stream: The bytes.
            key: What makes them one; putting a key again adds nothing.
            sha256: Their digest; other bytes are refused.
        """

    def close(self) -> None:
        """Release what the sink holds."""


MakeSink = Callable[[], EvidenceSink]
"""Makes a sink in each worker process; picklable."""


class VaultSink:
    """Keeps removed bytes encrypted in the vault of this home. The vault is opened when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._vault: Vault | None = None

    def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
        """See `EvidenceSink`."""
        from seawall.vault import DigestMismatch, Purpose, open_vault

        if self._vault is None:
            self._vault = self._stack.enter_context(open_vault(self._settings))
        try:
            self._vault.put(stream, purpose=Purpose.REMOVED, person=_PERSON, key=key, sha256=sha256)
        except DigestMismatch:
            raise DataChanged("an item that is to be removed changed while it was cleaned") from None

    def close(self) -> None:
        """See `EvidenceSink`."""
        self._stack.close()
        self._vault = None


class Discard:
    """Keeps nothing."""

    def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
        """See `EvidenceSink`."""
        while stream.read(1 << 20):
            pass

    def close(self) -> None:
        """See `EvidenceSink`."""


class DigestedReader(io.RawIOBase):
    """Passes on what is read, and knows its SHA-256."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read and digest."""
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        return len(data)

    def rest(self) -> bytes:
        """Read to the end; return the SHA-256 of all that was read."""
        while self.read(1 << 20):
            pass
        return self._digest.digest()
