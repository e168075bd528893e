"""Which judged pictures are near one: an index of what is committed, and whatever came after it from the database.

Several processes keep their own index current by the numbers of changes, which commit in their order. A row that a
caller has not committed yet is seen by that caller alone, and never enters the index.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from seawall.store.tables import judged

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.matching.index import HammingIndex
    from seawall.store import Store

LONGEST_TAIL = 128
"""So many changes are looked through one by one before they are indexed."""


class NearIndex:
    """Codes of what was judged, by number. Threads may share one.

    Args:
        store: The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._index: HammingIndex | None = None
        self._known = 0

    def near(self, connection: Connection, code: bytes, radius: int) -> list[int]:
        """Return the numbers of judged items within a distance, also of some that were withdrawn.

        Args:
            connection: The caller's; its own changes count.
            code: PDQ, 32 bytes.
            radius: Largest distance in bits.
        """
        with self._lock:
            tail = self._tail(connection)
            if len(tail) > LONGEST_TAIL or self._index is None:
                self._refresh()
                tail = self._tail(connection)
            found = self._indexed(code, radius)
        wanted = int.from_bytes(code)
        found |= {number for number, value in tail if (int.from_bytes(value) ^ wanted).bit_count() <= radius}
        return sorted(found)

    def _tail(self, connection: Connection) -> list[tuple[int, bytes]]:
        columns = judged.c
        query = judged.select().where(
            columns.revision > self._known, columns.pdq.is_not(None), columns.withdrawn_at.is_(None)
        )
        rows = connection.execute(query.limit(LONGEST_TAIL + 1)).mappings()
        return [(row["id"], bytes.fromhex(row["pdq"])) for row in rows]

    def _indexed(self, code: bytes, radius: int) -> set[int]:
        import numpy as np

        if self._index is None:
            return set()
        _, entries, _ = self._index.search(np.frombuffer(code, np.uint8), radius)
        return {int(each) for each in entries}

    def _refresh(self) -> None:
        """Bring the index up to what is committed: by a connection of its own, that sees nothing else."""
        import numpy as np

        from seawall.matching.index import HammingIndex

        index = self._index or HammingIndex.build(np.empty((0, 32), np.uint8))
        with self._store.read() as connection:
            query = judged.select().where(judged.c.revision > self._known).order_by(judged.c.id)
            rows = connection.execute(query).mappings().all()
        gone = [row["id"] for row in rows if row["id"] <= self._known and row["pdq"] and row["withdrawn_at"]]
        new = [row for row in rows if row["id"] > self._known and row["pdq"] and not row["withdrawn_at"]]
        if gone:
            index.remove(np.array(gone, np.uint64))
        if new:
            codes = np.frombuffer(bytes.fromhex("".join(row["pdq"] for row in new)), np.uint8).reshape(-1, 32)
            index.add(codes, np.array([row["id"] for row in new], np.uint64))
        self._index = index
        self._known = max([self._known, *(row["revision"] for row in rows)])
