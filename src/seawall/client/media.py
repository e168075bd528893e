"""Bytes in memory, as something that can be checked."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class HeldBytes:
    """A medium in memory.

    Attributes:
        data: Its bytes.
    """

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """Return a stream of its own from the start."""
        return io.BytesIO(self.data)
