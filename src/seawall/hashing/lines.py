"""The JSON form of hashes: a line per file, type and frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seawall.content.media import Medium
from seawall.errors import UsageError
from seawall.hashing.digests import DIGESTS, needed_digests
from seawall.hashing.examined import Examined
from seawall.hashing.registry import SignalTypes

_VIDEO = "video_"


def wanted_digests(types: Sequence[str] | None) -> set[str]:
    """Return the digests to compute for the types asked for (None: all).

    Raises:
        UsageError: If a type is not known.
    """
    if types is None:
        return set(DIGESTS)
    known = SignalTypes.installed()
    for name in types:
        if name not in known and name not in DIGESTS:
            raise UsageError(f"unknown signal type {name!r}", hint="known: " + ", ".join(sorted(t.name for t in known)))
    return set(needed_digests(types))


def hash_lines(path: Path, examined: Examined, types: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Return the lines of one file.

    Args:
        path: The file, as the caller named it.
        examined: What was found out about it.
        types: Types to print; None for all that apply.

    Yields:
        path, type, value, quality, dihedral, flags, and frame when there is more than one; a file that could not be
        examined has a line with `value: null` and `error: {code, message}` for each type that is missing.
    """
    flags = sorted(examined.flags)
    for name, value in _digest_values(examined, types):
        yield _line(path, name, value.hex(), flags)
    if types is None or "pdq" in types or "vpdq" in types:
        name = "vpdq" if examined.kind.medium is Medium.VIDEO else "pdq"
        for frame in examined.frames:
            line = _line(path, name, frame.value.hex(), flags)
            line |= {"quality": frame.quality, "dihedral": [each.hex() for each in frame.orientations()]}
            if len(examined.frames) > 1:
                line["frame"] = frame.frame
            if frame.variant:
                line["variant"] = frame.variant
            if frame.time_s is not None:
                line["time_s"] = frame.time_s
            yield line
    for signal in examined.signals:
        if types is None or signal.type in types:
            yield _line(path, signal.type, signal.value.hex(), flags)
    error = _error(examined, types)
    if error is not None:
        missing = "pdq" if examined.kind.medium in (Medium.IMAGE, Medium.OTHER) else "vpdq"
        yield _line(path, missing if examined.digests else (types or ["sha256"])[0], None, flags) | {"error": error}


def _digest_values(examined: Examined, types: Sequence[str] | None) -> Iterator[tuple[str, bytes]]:
    for name, value in examined.digests.items():
        if types is None or name in types:
            yield name, value
        if examined.kind.medium is Medium.VIDEO and types is not None and _VIDEO + name in types:
            yield _VIDEO + name, value


def _error(examined: Examined, types: Sequence[str] | None) -> dict[str, str] | None:
    if examined.problem is not None:
        if types is not None and examined.digests and not {"pdq", "vpdq"} & set(types):
            return None
        return {"code": examined.problem.code, "message": examined.problem.message}
    if types is not None and "pdq" in types and examined.kind.medium is Medium.OTHER:
        return {"code": "not_an_image", "message": "the file is not an image"}
    return None


def _line(path: Path, name: str, value: str | None, flags: list[str]) -> dict[str, Any]:
    return {"path": str(path), "type": name, "value": value, "quality": None, "dihedral": None, "flags": flags}
