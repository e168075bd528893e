"""Fetching the bytes of noticed items from hosts that the operator allows, by the gateway's guarded fetcher.

Only addresses on hosts of `evidence_hosts` are ever asked, only if they are public, and never for anybody's reading:
the bytes go from memory into the vault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seawall.clock import to_iso
from seawall.deploy.gateway.errors import FetchRefused
from seawall.deploy.notices.errors import EvidenceConflict
from seawall.deploy.notices.evidence import EvidenceDesk
from seawall.deploy.notices.model import NoticeObject
from seawall.errors import SeawallError
from seawall.store import Store
from seawall.store.tables import notice_object as table

if TYPE_CHECKING:
    from seawall.deploy.guard.contract import Media

Fetch = Callable[[str, int], "Media"]

_LEASE = timedelta(minutes=10)
_AGAIN = timedelta(minutes=30)
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many items were fetched, put off, and given up."""

    fetched: int = 0
    later: int = 0
    failed: int = 0


def resolvable(hosts: Collection[str]) -> Callable[[NoticeObject], bool]:
    """Return what says whether an object lies on one of these hosts."""
    known = frozenset(host.lower().rstrip(".") for host in hosts)

    def lies_there(each: NoticeObject) -> bool:
        try:
            parts = urlsplit(each.location)
            port = parts.port
        except ValueError:
            return False
        if parts.scheme.lower() not in ("http", "https"):
            return False
        host = (parts.hostname or "").lower().rstrip(".")
        return bool(host) and (host in known or (port is not None and f"{host}:{port}" in known))

    return lies_there


class Resolver:
    """Fetches what is wanted.

    Args:
        store: The database.
        evidence: Takes the bytes.
        fetch: Fetches an address, so many bytes at most; `BlockingFetcher(hosts).fetch` does.
        limit: Most bytes of one item.
    """

    def __init__(self, store: Store, evidence: EvidenceDesk, fetch: Fetch, limit: int) -> None:
        self._store = store
        self._evidence = evidence
        self._fetch = fetch
        self._limit = limit

    def once(self, most: int = 20) -> Fetched:
        """Fetch what is due now, `most` at most."""
        fetched = later = failed = 0
        for _ in range(most):
            taken = self._take()
            if taken is None:
                break
            notice_id, number, location = taken
            try:
                self._bring(notice_id, number, location)
                fetched += 1
            except (FetchRefused, EvidenceConflict):
                self._mark(notice_id, number, "failed")
                failed += 1
            except SeawallError:
                given_up = self._put_off(notice_id, number)
                failed, later = failed + given_up, later + (not given_up)
        return Fetched(fetched, later, failed)

    def _take(self) -> tuple[str, int, str] | None:
        """Take the next item for a while, so that no other worker fetches it as well."""
        now = self._store.clock()
        due = (table.c.fetch_state == "wanted") & (table.c.fetch_at <= to_iso(now))
        wanted = table.select().where(due).order_by(table.c.fetch_at).limit(1).with_for_update(skip_locked=True)
        with self._store.begin() as connection:
            row = connection.execute(wanted).mappings().first()
            if row is None:
                return None
            mine = (table.c.notice == row["notice"]) & (table.c.number == row["number"])
            connection.execute(table.update().where(mine).values(fetch_at=to_iso(now + _LEASE)))
        return row["notice"], row["number"], row["location"]

    def _bring(self, notice_id: str, number: int, location: str) -> None:
        media = self._fetch(location, self._limit)
        noticed = self._evidence.find(notice=notice_id, number=number)
        with media.open() as stream:
            self._evidence.bring(noticed, stream, source="resolver")

    def _put_off(self, notice_id: str, number: int) -> bool:
        now = self._store.clock()
        received = self._evidence.find(notice=notice_id, number=number).notice.received_at
        if now - datetime.fromisoformat(received) > _LONGEST:
            self._mark(notice_id, number, "failed")
            return True
        mine = (table.c.notice == notice_id) & (table.c.number == number)
        with self._store.begin() as connection:
            connection.execute(table.update().where(mine).values(fetch_at=to_iso(now + _AGAIN)))
        return False

    def _mark(self, notice_id: str, number: int, state: str) -> None:
        mine = (table.c.notice == notice_id) & (table.c.number == number)
        with self._store.begin() as connection:
            connection.execute(table.update().where(mine).values(fetch_state=state))
