"""Cryptographic digests of a stream, all in one pass over the bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

from seawall.errors import UsageError

DIGESTS = ("sha256", "md5", "sha1", "blake3")
"""Digests that seawall computes; `sha256` names the content, the others serve the lists that need them."""

ALWAYS = frozenset({"sha256", "md5"})
"""Digests computed for every item; others only when a loaded list needs them."""


def needed_digests(types: Iterable[str]) -> frozenset[str]:
    """Return the digests to compute so that values of these signal types can be looked up (`video_sha1`: `sha1`)."""
    return frozenset(name.removeprefix("video_") for name in types) & frozenset(DIGESTS)


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> object: ...
    def digest(self) -> bytes: ...


class Digester:
    """Several digests of one stream.

    Args:
        names: Which of `DIGESTS` to compute.

    Raises:
        UsageError: If a name is not in `DIGESTS`.
    """

    def __init__(self, names: Iterable[str] = ALWAYS) -> None:
        self._hashes = {name: _new(name) for name in sorted(names)}
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        """Add bytes to every digest."""
        self.size += len(data)
        for digest in self._hashes.values():
            digest.update(data)

    def values(self) -> dict[str, bytes]:
        """Return the digests of all bytes so far, by name."""
        return {name: digest.digest() for name, digest in self._hashes.items()}


def _new(name: str) -> _Hash:
    if name == "blake3":
        from blake3 import blake3

        return blake3()
    if name not in DIGESTS:
        raise UsageError(f"unknown digest {name!r}", hint="known: " + ", ".join(DIGESTS))
    return hashlib.new(name, usedforsecurity=False)
