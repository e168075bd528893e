"""The record of viewing, as pages write it and as reports read it.

That something is shown is committed before its bytes leave. What a page tells afterwards is only ever added, never
beyond what the clock on the wall allows, and telling it twice changes nothing.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, select

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.tables import exposure as table
from seawall.store.tables import vault_object
from seawall.vault.derivatives.facts import read_facts
from seawall.vault.derivatives.model import Rung
from seawall.vault.objects import id_of, name_of
from seawall.vault.viewing import _rows
from seawall.vault.viewing.judging import FASTEST, judged, most_of
from seawall.vault.viewing.model import Exposure, Viewed
from seawall.vault.viewing.spans import MOST_SPANS, Span, grown, whole

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SEVERITIES = range(5)
_LONGEST_ID = 128


class ViewingRecord:
    """Exposures in a store.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def shown(
        self, object_id: str, sha256: str, *, user: str, case: str, task: str | None, rung: Rung, severity: int
    ) -> str:
        """Record that something is about to be shown; durable when this returns.

        Args:
            object_id: The vault object.
            sha256: Digest of its bytes, in hex.
            user: Who it is shown to.
            case: What for.
            task: What task, if it is one.
            rung: How much of it.
            severity: How grave the case is, 0 to 4.

        Returns:
            The exposure's id, which the page's beacons name.

        Raises:
            UsageError: If something is not of its form.
            StoreError: If it cannot be recorded: then nothing may be shown.
        """
        if int(severity) not in _SEVERITIES:
            raise UsageError("a severity is a number from 0 to 4")
        for text, what in ((user, "the user"), (case, "the case"), (task, "the task")):
            if text is not None:
                name_of(text, what, longest=_LONGEST_ID)
        at = to_iso(self._store.clock())
        facts = (id_of(object_id), _digest_of(sha256), user, case, task, Rung(rung), int(severity), at)
        new = Exposure(secrets.token_hex(16), *facts)
        body = {
            "exposure": new.id,
            "object": new.object,
            "sha256": new.sha256,
            "person": user,
            "case": case,
            "task": task,
            "rung": new.rung.value,
            "severity": new.severity,
        }
        with self._store.begin() as connection:
            _rows.add(connection, new)
            self._ledger.record(connection, "exposure.shown", f"exposure/{new.id}", body)
        self._ledger.append_pending()
        return new.id

    def seen(
        self,
        exposure_id: str,
        visible_ms: int,
        spans: Sequence[Span] = (),
        sound: bool = False,
        *,
        user: str | None = None,
    ) -> None:
        """Take what a page tells of an exposure: each time the whole so far, so that beacons may be lost or repeated.

        Args:
            exposure_id: Which.
            visible_ms: For how long it was visible.
            spans: What was played, in seconds.
            sound: Whether it was heard.
            user: Who tells it; only the one that it was shown to may.

        Raises:
            NotFound: If there is no such exposure of this user.
            UsageError: If there are too many spans, or the time is negative.
        """
        if visible_ms < 0:
            raise UsageError("the time that something was visible is not negative")
        if len(spans) > MOST_SPANS:
            raise UsageError(f"a beacon tells of at most {MOST_SPANS} spans")
        with self._store.begin() as connection:
            known = _rows.lock(connection, id_of(exposure_id))
            if known is None or user not in (None, known.user):
                raise NotFound("there is no such exposure")
            now = self._store.clock()
            elapsed = max(0, int((now - _moment(known.shown_at)).total_seconds() * 1000))
            before = _rows.known_spans(known)
            visible = max(known.visible_ms, min(int(visible_ms), elapsed))
            played = grown(before, whole(spans), int(elapsed * FASTEST))
            heard = known.sound or bool(sound)
            if (visible, played, heard) == (known.visible_ms, before, known.sound):
                return
            told = replace(known, sound=heard)
            number = _rows.add_beacon(connection, told, to_iso(now), visible, played)
            body = {
                "exposure": known.id,
                "visible_ms": visible,
                "played_ms": sum(end - start for start, end in played),
                "sound": heard,
            }
            self._ledger.record(connection, "exposure.seen", f"exposure/{known.id}/seen/{number}", body)

    def viewed(self, what: str, *, user: str | None = None) -> Viewed:
        """Return what was seen of a file: by one person, or the most that any one person saw.

        Args:
            what: SHA-256 of the file, or the id of a vault object that holds it.
            user: Whose view; default anybody's. What two people saw is never added up.
        """
        found = self.viewers(what)
        return most_of(list(found.values())) if user is None else found.get(user, Viewed.UNVIEWED)

    def viewers(self, what: str) -> dict[str, Viewed]:
        """Return for each person that a file was shown to what they saw of it; see `viewed`."""
        by_person: dict[str, list[Exposure]] = defaultdict(list)
        with self._store.read() as connection:
            digest = what
            if not _DIGEST.fullmatch(what):
                owner = select(vault_object.c.sha256).where(vault_object.c.id == id_of(what))
                digest = connection.execute(owner).scalar() or ""
            condition: ColumnElement[bool] = table.c.sha256 == digest
            for each in _rows.find(connection, condition):
                by_person[each.user].append(each)
            facts = read_facts(connection, digest)
        return {person: judged(facts, shown) for person, shown in by_person.items()}

    def exposures(self, user: str, since: datetime | str) -> list[Exposure]:
        """Return what was shown to one person from a moment on, in the order of showing.

        Args:
            user: Who.
            since: The moment, aware, or RFC 3339 in UTC as records carry it.
        """
        start = since if isinstance(since, str) else to_iso(since)
        with self._store.read() as connection:
            return _rows.find(connection, table.c.person == user, table.c.shown_at >= start)

    def exposure(self, exposure_id: str) -> Exposure:
        """Return one exposure.

        Raises:
            NotFound: If there is none.
        """
        with self._store.read() as connection:
            found = _rows.find(connection, table.c.id == id_of(exposure_id))
        if not found:
            raise NotFound("there is no such exposure")
        return found[0]


def _digest_of(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise UsageError("a SHA-256 is written in 64 hex digits, in small letters")
    return text


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
