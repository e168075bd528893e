"""Segments in a directory: writing what is new, opening what a manifest names, reading all of it to verify."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.matching.index._directory import Manifest, SegmentRecord, read_manifest, write_once
from seawall.matching.index._format import Image
from seawall.matching.index._ids import IdSpan
from seawall.matching.index._segment import SavedAs, Segment, SegmentKind

SearcherT = TypeVar("SearcherT")

_TRIES = 5


def published(folder: Path) -> Manifest:
    """Return the published manifest.

    Raises:
        IndexCorrupt: If it is damaged, or there is none.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise IndexCorrupt(f"there is no index {folder.name}")
    return manifest


def written(segment: Segment[SearcherT], folder: Path, at_home: bool) -> Segment[SearcherT]:
    """Write the files of a segment; `at_home` those alone that were not written there yet."""
    saved = segment.saved if at_home else None
    if saved is None:
        saved = SavedAs(f"{segment.image.identity.hex()[:32]}.segment")
        write_once(folder, saved.file, segment.image.blocks())
    if segment.dead is not None and saved.dead_file is None:
        bits = segment.dead.tobytes()
        dead_file = f"{blake3(bits).hexdigest()[:32]}.dead"
        write_once(folder, dead_file, [bits])
        saved = SavedAs(saved.file, dead_file)
    return replace(segment, saved=saved)


def record_of(segment: Segment[SearcherT]) -> SegmentRecord:
    """Describe a written segment for the manifest."""
    saved = segment.saved or SavedAs("")
    checksum = segment.image.identity.hex()
    if segment.dead is None:
        return SegmentRecord(saved.file, checksum, segment.entries)
    dead = blake3(segment.dead.tobytes()).hexdigest()
    return SegmentRecord(saved.file, checksum, segment.entries, saved.dead_file or "", dead, segment.dead_count)


def opened(
    kind: SegmentKind[SearcherT], folder: Path, manifest: Manifest, known: Iterable[Segment[SearcherT]]
) -> tuple[tuple[Segment[SearcherT], ...], Manifest]:
    """Open the segments of a manifest, keeping those in `known` that it names still.

    Returns:
        The segments, and the manifest that names them: a later one if a writer removed files in between.

    Raises:
        IndexCorrupt: If a file is missing, or its header, sizes or identity are wrong.
    """
    by_name = {segment.saved.file: segment for segment in known if segment.saved}
    for _ in range(_TRIES):
        try:
            return tuple(
                _open(kind, folder, record, by_name.get(record.file)) for record in manifest.segments
            ), manifest
        except OSError:
            # A writer may have published twice since the manifest was read, and removed what it names.
            latest = published(folder)
            if latest == manifest:
                break
            manifest = latest
    raise IndexCorrupt(f"files of the index {folder.name} are missing or cannot be read")


def verify_files(folder: Path, segments: Iterable[Segment[SearcherT]], manifest: Manifest | None) -> None:
    """Read all files of saved segments and compare their checksums.

    Raises:
        IndexCorrupt: If a file is damaged or missing; the message names it.
    """
    for segment in segments:
        if segment.saved is None:
            continue
        name = segment.saved.file
        try:
            image = segment.image if segment.image.mapped else Image.map(folder / name)
        except OSError as problem:
            raise IndexCorrupt(f"{name} cannot be read") from problem
        image.verify(name)
        if image.identity != segment.image.identity:
            raise IndexCorrupt(f"{name} is not the file that was saved")
    current = published(folder)
    if current != manifest:
        return
    # Bitmaps of older generations were checked when they were read, and may be gone.
    for record in current.segments:
        try:
            _dead(folder, record)
        except OSError as problem:
            raise IndexCorrupt(f"{record.dead_file} cannot be read") from problem


def _open(
    kind: SegmentKind[SearcherT], folder: Path, record: SegmentRecord, known: Segment[SearcherT] | None
) -> Segment[SearcherT]:
    saved = SavedAs(record.file, record.dead_file or None)
    if known is None or known.image.identity.hex() != record.checksum:
        image = Image.map(folder / record.file)
        facts = image.facts
        if (facts.kind, facts.width, facts.entries, image.identity.hex()) != (
            kind.kind,
            kind.width,
            record.entries,
            record.checksum,
        ):
            raise IndexCorrupt(f"{record.file} is not the file that the manifest names")
        known = Segment(image, IdSpan.read(image, record.file), kind.searcher(image, record.file))
    if known.saved == saved:
        return known
    return replace(known, dead=_dead(folder, record), dead_count=record.dead_count, saved=saved)


def _dead(folder: Path, record: SegmentRecord) -> NDArray[np.uint8] | None:
    """Read the bitmap of removed entries of a segment."""
    if not record.dead_file:
        return None
    data = (folder / record.dead_file).read_bytes()
    bits = np.frombuffer(data, np.uint8)
    if (
        len(data) != -(-record.entries // 8)
        or blake3(data).hexdigest() != record.dead_checksum
        or int(np.bitwise_count(bits).sum()) != record.dead_count
    ):
        raise IndexCorrupt(f"{record.dead_file} is damaged")
    return bits
