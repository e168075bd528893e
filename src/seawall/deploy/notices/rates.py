"""How many notices one sender sends: counted under keyed digests that change daily, and forgotten after two days.

Over the bound a sender is told to come again, and when; nothing is dropped in silence.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from seawall.deploy.notices.errors import TooManyNotices
from seawall.store import Store
from seawall.store.rows import insert_or_add
from seawall.store.tables import notice_rate as table

_KEPT = timedelta(days=2)


class SenderRates:
    """Counts of senders in a store.

    Args:
        store: The database.
        secret: Keys the digests.
    """

    def __init__(self, store: Store, secret: bytes) -> None:
        self._store = store
        self._secret = secret

    def take(self, kind: str, sender: str, most: int) -> None:
        """Count one of a sender, within this hour.

        Raises:
            TooManyNotices: If it is one too many; it says when to come again.
        """
        now = self._store.clock()
        span = f"{kind}/{now:%Y-%m-%dT%H}"
        digest = hmac.digest(self._secret, f"{kind}\0{now:%Y-%m-%d}\0{sender}".encode(), "sha256").hex()
        ours = (table.c.span == span) & (table.c.sender == digest)
        with self._store.begin() as connection:
            insert_or_add(connection, table, [{"span": span, "sender": digest, "n": 1}], "n")
            row = connection.execute(table.select().where(ours)).mappings().one()
        if row["n"] > most:
            raise TooManyNotices(_until_next_hour(now))

    def forget(self) -> int:
        """Delete counts that are of no use any more; return how many there were."""
        oldest = self._store.clock() - _KEPT
        gone = 0
        with self._store.begin() as connection:
            for row in connection.execute(table.select().with_only_columns(table.c.span).distinct()).mappings().all():
                if row["span"].rpartition("/")[2] < f"{oldest:%Y-%m-%dT%H}":
                    gone += connection.execute(table.delete().where(table.c.span == row["span"])).rowcount
        return gone


def _until_next_hour(now: datetime) -> int:
    following = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return max(1, int((following - now).total_seconds()))
