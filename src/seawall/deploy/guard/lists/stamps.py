"""Telling whether files have changed, without reading them."""

from __future__ import annotations

import os
from pathlib import Path

Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, inode, length and time of every file."""


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file, or of every file below a directory; empty if there is nothing."""
    found: list[tuple[str, int, int, int]] = []
    try:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                found += [_facts(Path(folder, name)) for name in names]
        else:
            found.append(_facts(path))
    except FileNotFoundError:
        return tuple(sorted(found))
    return tuple(sorted(found))


def _facts(path: Path) -> tuple[str, int, int, int]:
    known = path.stat()
    return str(path), known.st_ino, known.st_size, known.st_mtime_ns
