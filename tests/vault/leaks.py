"""Looking for a canary where no content may be: plain, in hex, in base64 at any alignment, in either case."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def forms(canary: bytes) -> list[bytes]:
    """The ways in which a canary may be written."""
    found = [canary, canary.hex().encode(), canary.hex().upper().encode(), canary.decode("latin-1").encode("utf-16-le")]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + canary)
        # The first and the last group also hold what stands beside the canary.
        inner = encoded[4 * (shift > 0) : -4]
        found += [inner, inner.replace(b"+", b"-").replace(b"/", b"_")]
    return found


def holds(data: bytes, canaries: Iterable[bytes]) -> bool:
    """Whether a canary is in the bytes, or in what they unpack to."""
    texts = [data]
    for start in (0, data.find(b"\x78\x9c")):
        if start >= 0:
            try:
                texts.append(zlib.decompressobj().decompress(data[start:], 1 << 24))
            except zlib.error:
                continue
    return any(form in text for text in texts for canary in canaries for form in forms(canary))


def leaks(roots: Iterable[Path], canaries: Iterable[bytes]) -> Iterator[Path]:
    """The files under the roots that hold a canary, or are named by one."""
    wanted = list(canaries)
    for root in roots:
        for path in sorted(root.rglob("*")):
            if holds(str(path).encode(), wanted) or (path.is_file() and holds(path.read_bytes(), wanted)):
                yield path
