"""What decoders found of files, kept by digest: how long and how large, so that nobody must open them again to know.

Nothing of the content is here. What was found first stays.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from seawall.clock import to_iso
from seawall.content.media import Medium
from seawall.store import Store, insert_new
from seawall.store.tables import medium_facts as table
from seawall.vault.derivatives.model import MediumFacts


class FactBook:
    """The facts of files.

    Args:
        store: The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, sha256: str) -> MediumFacts | None:
        """Return what is known of a file, if anything is."""
        with self._store.read() as connection:
            return read_facts(connection, sha256)

    def note(self, sha256: str, facts: MediumFacts) -> None:
        """Keep what was found of a file, unless something is known already."""
        row = {
            "sha256": sha256,
            "medium": facts.medium.value,
            "format": facts.format,
            "width": facts.width,
            "height": facts.height,
            "frames": facts.frames,
            "duration_ms": None if facts.duration is None else round(facts.duration * 1000),
            "at": to_iso(self._store.clock()),
        }
        with self._store.begin() as connection:
            insert_new(connection, table, [row])


def read_facts(connection: Connection, sha256: str) -> MediumFacts | None:
    """Return what is known of a file, in the caller's transaction."""
    row = connection.execute(select(table).where(table.c.sha256 == sha256)).first()
    if row is None:
        return None
    duration = None if row.duration_ms is None else row.duration_ms / 1000
    return MediumFacts(Medium(row.medium), row.format, row.width, row.height, row.frames, duration)
