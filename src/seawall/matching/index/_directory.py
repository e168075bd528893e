"""A directory of segments: immutable files, and a manifest whose replacement publishes a generation at once.

Files are named by their content, written beside their place and renamed, so a crash at any point leaves the old
generation or the new one. Files of the generation before stay, for readers that are just opening it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from seawall.errors import IndexCorrupt, StorageFull
from seawall.matching.index._format import FileKind
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE

MANIFEST = "manifest.json"
FORMAT = "seawall-index"
VERSION = 1

_FULL = (errno.ENOSPC, errno.EDQUOT)
_OWN_FILE = re.compile(r"[0-9a-f]{32}\.(segment|dead)|\.[0-9a-f]{16}\.new")
_LONGEST_MANIFEST = 1 << 22


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A segment in a manifest.

    Attributes:
        file: Name of its file.
        checksum: BLAKE3 of its header, hexadecimal; the header covers the rest.
        entries: Number of entries.
        dead_file: Name of the bitmap of removed entries, empty if there is none.
        dead_checksum: BLAKE3 of that bitmap, hexadecimal.
        dead_count: Number of removed entries.
    """

    file: str
    checksum: str
    entries: int
    dead_file: str = ""
    dead_checksum: str = ""
    dead_count: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation.

    Attributes:
        kind: What the segments hold.
        width: Bytes in a value.
        generation: Number of the generation, from 1.
        next_id: Lowest entry id that was never used.
        segments: The segments, by ascending ids.
    """

    kind: FileKind
    width: int
    generation: int
    next_id: int
    segments: tuple[SegmentRecord, ...]

    @property
    def files(self) -> set[str]:
        """Names of all files."""
        return {name for record in self.segments for name in (record.file, record.dead_file) if name}

    def encode(self) -> bytes:
        """Return the manifest as JSON with a checksum of its own."""
        fields = {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind.name.lower(),
            "width": self.width,
            "generation": self.generation,
            "next_id": self.next_id,
            "segments": [asdict(record) for record in self.segments],
        }
        return json.dumps({"checksum": _checksum(fields)} | fields, indent=1).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes, name: str) -> Manifest:
        """Read a manifest of the index `name`.

        Raises:
            IndexCorrupt: If it is damaged, or of a version that this seawall does not read.
        """
        try:
            fields = json.loads(data)
            checksum = fields.pop("checksum")
            if _checksum(fields) != checksum:
                raise IndexCorrupt(f"the manifest of the index {name} is damaged")
            if fields["format"] != FORMAT or fields["version"] != VERSION:
                raise IndexCorrupt(f"the index {name} has a format that this seawall does not read")
            return cls(
                FileKind[fields["kind"].upper()],
                _whole(fields["width"]),
                _whole(fields["generation"]),
                _whole(fields["next_id"]),
                tuple(_record(**record) for record in fields["segments"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise IndexCorrupt(f"the manifest of the index {name} is damaged") from problem


def read_manifest(folder: Path) -> Manifest | None:
    """Return the published manifest, None if there is none.

    Raises:
        IndexCorrupt: If it is damaged.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            data = file.read(_LONGEST_MANIFEST + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise IndexCorrupt(f"the manifest of the index {folder.name} cannot be read") from problem
    if len(data) > _LONGEST_MANIFEST:
        raise IndexCorrupt(f"the manifest of the index {folder.name} is too long")
    return Manifest.decode(data, folder.name)


def write_once(folder: Path, name: str, blocks: Iterable[memoryview | bytes]) -> None:
    """Write a file durably under a name that says its content."""
    fresh = folder / f".{secrets.token_hex(8)}.new"
    try:
        with _storing(folder), _created(fresh) as descriptor:
            for block in blocks:
                rest = memoryview(block)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        fresh.replace(folder / name)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def publish(folder: Path, manifest: Manifest, before: Manifest | None) -> None:
    """Make a generation, whose files are all written, the current one, and remove files older than the one before."""
    with _storing(folder):
        _sync(folder)
        write_once(folder, MANIFEST, [manifest.encode()])
        _sync(folder)
    keep = manifest.files | (before.files if before else set())
    for path in folder.iterdir():
        if path.name not in keep and _OWN_FILE.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()


def make_folder(folder: Path) -> None:
    """Create a directory that only its owner can enter, if it is missing."""
    with _storing(folder):
        folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)


def _checksum(fields: dict[str, Any]) -> str:
    return blake3(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _record(**fields: Any) -> SegmentRecord:
    record = SegmentRecord(**fields)
    for name in (record.file, *([record.dead_file] if record.dead_file else [])):
        if not _OWN_FILE.fullmatch(name):
            raise ValueError("not a name of a file of an index")
    _whole(record.entries)
    _whole(record.dead_count)
    return record


def _whole(number: object) -> int:
    if type(number) is not int or number < 0:
        raise ValueError("not a whole number")
    return number


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        raise StorageFull(
            f"there is no space left to write the index {folder.name}; it is as it was",
            hint="free some space and try again",
        ) from problem


@contextmanager
def _created(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
