"""Holds on the vault's objects: begun at a finding, extended at a receipt, released at a verdict, never shortened.

A hold is committed with the fact that it follows from. Whatever calls for a destruction, the vault asks the holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.vault import _rows as objects_rows
from seawall.vault.objects import MAX_REASON, VaultObject, id_of, name_of
from seawall.vault.retention import _rows
from seawall.vault.retention.clocks import Clocks, Keeps, RetentionClock, Start
from seawall.vault.retention.model import HoldKind, HoldRecord, Purged, Standing
from seawall.vault.retention.recorded import RecordedHolds

if TYPE_CHECKING:
    from seawall.vault.vault import Vault

PAGE = 200
ENDING_VERDICTS = frozenset({"not_reportable", "no_violation"})
"""Outcomes of a case that mean that no authority must be told."""

_NEVER = "9"  # sorts behind every moment


class Retention:
    """The holds of a store. It is a hold of `seawall.vault.objects`, which every vault asks by itself.

    Args:
        store: The database.
        ledger: In the same store.
        clocks: How long what is kept; default those that seawall knows.
    """

    def __init__(self, store: Store, ledger: Ledger, clocks: Clocks | None = None) -> None:
        self._store = store
        self._ledger = ledger
        self._clocks = clocks or Clocks.builtin()
        self._recorded = RecordedHolds(store)

    @property
    def clocks(self) -> Clocks:
        """How long what is kept."""
        return self._clocks

    def may_destroy(self, item: VaultObject) -> str | None:
        """Return None if it may be destroyed, else why not."""
        return self._recorded.may_destroy(item)

    def begin(self, connection: Connection, objects: Iterable[str], *, case: str, ground: str) -> list[str]:
        """Hold objects from a finding on, without an end: in the transaction that records the finding.

        Doing it again adds nothing while the hold stands. What is destroyed already is passed over.

        Args:
            connection: From `Store.begin`.
            objects: Vault objects.
            case: The case that the finding opens.
            ground: What was found, in a few words: a category, never content.

        Returns:
            Ids of the holds that are new.

        Raises:
            NotFound: If there is no such object.
        """
        name_of(case, "the case")
        name_of(ground, "the ground", longest=MAX_REASON)
        new = []
        for each in self._living(connection, objects):
            known = _rows.findings(connection, each, case)
            if not any(hold.ended_at is None for hold in known):
                identity = _rows.hold_id(each, case, HoldKind.FINDING, len(known))
                new.append(self._hold(identity, each, case, HoldKind.FINDING, Keeps.CONTENT, ground))
        return self._add(connection, new)

    def extend(
        self,
        connection: Connection,
        objects: Iterable[str],
        *,
        case: str,
        receipt: str,
        places: Sequence[str] | None = None,
        clocks: Sequence[str] | None = None,
        at: datetime | None = None,
        awaiting: Sequence[str] = (),
    ) -> list[str]:
        """Start the clocks of a receipt; then end the finding's hold, unless other receipts are awaited.

        Args:
            connection: From `Store.begin`.
            objects: Vault objects.
            case: The case that was reported.
            receipt: What the authority gave: its report's id.
            places: The countries whose authorities took it; their clocks start.
            clocks: The clocks that start, by name; instead of `places`.
            at: When it was received, aware; default now.
            awaiting: Countries whose receipts are still to come: until then nothing of the hold lapses.

        Returns:
            Ids of the holds that are new.

        Raises:
            UnknownClock: If a place has no clock, or there is no clock of a name.
            UsageError: If neither places nor clocks are given.
            NotFound: If there is no such object.
        """
        name_of(case, "the case")
        name_of(receipt, "the receipt")
        if not places and not clocks:
            raise UsageError("a receipt starts the clocks of a place, or clocks that are named")
        start = self._moment(at)
        started = [self._clocks.get(each) for each in clocks or ()]
        started += self._clocks.of(Start.RECEIPT, places) if places else []
        living = self._living(connection, objects)
        new = [self._clock_hold(each, case, clock, receipt, start) for each in living for clock in started]
        added = self._add(connection, new)
        if not awaiting:
            self._end(connection, living, case, "receipt")
        return added

    def release(
        self,
        connection: Connection,
        objects: Iterable[str],
        *,
        case: str,
        verdict: str = "not_reportable",
        at: datetime | None = None,
    ) -> list[str]:
        """End the finding's hold of a case because nothing is to be reported; start the clocks of such a verdict.

        Clocks that receipts started go on, and so do the holds of other cases.

        Args:
            connection: From `Store.begin`.
            objects: Vault objects.
            case: The case that was decided.
            verdict: The outcome.
            at: When it was decided, aware; default now.

        Returns:
            Ids of the holds that are new.

        Raises:
            UsageError: If the outcome is one after which something may have to be reported.
        """
        name_of(case, "the case")
        if verdict not in ENDING_VERDICTS:
            raise UsageError("a hold is released by a verdict that nothing is to be reported, and by no other")
        start = self._moment(at)
        living = self._living(connection, objects)
        clocks = self._clocks.of(Start.VERDICT)
        number = {each: len(_rows.findings(connection, each, case)) for each in living}
        new = [
            self._clock_hold(each, case, clock, f"verdict {number[each]}", start) for each in living for clock in clocks
        ]
        added = self._add(connection, new)
        self._end(connection, living, case, str(verdict))
        return added

    def keep(
        self,
        connection: Connection,
        objects: Iterable[str],
        *,
        until: datetime,
        ground: str,
        person: str,
        case: str | None = None,
    ) -> list[str]:
        """Keep objects for longer: by a request of an authority, or of one's own accord (18 USC 2258A(h)(5)).

        It never shortens anything: what another hold keeps longer is kept longer.

        Args:
            connection: From `Store.begin`.
            objects: Vault objects.
            until: How long, aware.
            ground: Why, in words.
            person: Who decides so.
            case: The case, if it is one.

        Raises:
            UsageError: If the moment is past or has no time zone.
        """
        name_of(person, "the person")
        name_of(ground, "the ground", longest=MAX_REASON)
        if case is not None:
            name_of(case, "the case")
        if until.tzinfo is None or until <= self._store.clock():
            raise UsageError("objects are kept until a moment to come, with a time zone")
        end = to_iso(until)
        new = [
            self._hold(
                _rows.hold_id(each, case, HoldKind.KEPT, end, ground, person),
                each,
                case,
                HoldKind.KEPT,
                Keeps.CONTENT,
                ground,
                until=end,
                person=person,
            )
            for each in self._living(connection, objects)
        ]
        return self._add(connection, new)

    def holds(self, object_id: str) -> list[HoldRecord]:
        """Return the holds of an object, also those that have ended; the one that keeps it longest comes first."""
        with self._store.read() as connection:
            found = _rows.holds(connection, [id_of(object_id)])[object_id]
        return sorted(found, key=lambda each: (each.ended_at is None, each.until or _NEVER), reverse=True)

    def standing(self, object_id: str, now: datetime | None = None) -> Standing:
        """Return what the holds of an object come to at a moment, aware; default now.

        Raises:
            NotFound: If it never was under a hold.
        """
        found = next(self.standings(object_id=id_of(object_id), now=now), None)
        if found is None:
            raise NotFound(f"vault object {object_id} never was under a hold")
        return found

    def standings(
        self, *, case: str | None = None, object_id: str | None = None, now: datetime | None = None
    ) -> Iterator[Standing]:
        """Go through all objects that are or were under a hold, or through those of a case."""
        moment, after = self._moment(now), ""
        while True:
            with self._store.read() as connection:
                page = _rows.under_retention(connection, case=case, after=after, limit=PAGE, object_id=object_id)
                ids = [each for each, _ in page]
                found, ordered = _rows.holds(connection, ids), _rows.orders(connection, ids)
            for each, destroyed_at in page:
                yield self._standing(each, found[each], each in ordered, destroyed_at, to_iso(moment))
            if len(page) < PAGE:
                return
            after = ids[-1]

    def due(self, now: datetime | None = None) -> list[str]:
        """Return the objects that are kept, though nothing keeps them at a moment, aware; default now."""
        found: list[str] = []
        while True:
            with self._store.read() as connection:
                after = found[-1] if found else ""
                page = _rows.due(connection, to_iso(self._moment(now)), after=after, limit=PAGE, destroyed=False)
            found += page
            if len(page) < PAGE:
                return found

    def purge(self, now: datetime | None, person: str, *, vault: Vault) -> Purged:
        """Destroy what nothing keeps at a moment; see `seawall.vault.retention.purge.Purge.run`."""
        from seawall.vault.retention.purge import Purge

        return Purge(vault, self._ledger).run(person, now)

    def _standing(
        self, object_id: str, holds: Sequence[HoldRecord], ordered: bool, destroyed_at: str | None, now: str
    ) -> Standing:
        standing = [each for each in holds if each.keeps is Keeps.CONTENT and each.stands(now)]
        standing.sort(key=lambda each: each.until or _NEVER, reverse=True)
        winner = standing[0] if standing else None
        passed = () if winner is None else tuple(self._passed_over(holds, winner, now))
        return Standing(object_id, winner, tuple(standing[1:]), passed, ordered, destroyed_at)

    def _passed_over(self, holds: Sequence[HoldRecord], winner: HoldRecord, now: str) -> Iterator[str]:
        """Say which duties to destroy another hold goes before; a clock that is not known any more says nothing."""
        demanding = {clock.id: clock for clock in self._clocks if clock.destroy_after}
        for each in holds:
            clock = demanding.get(each.clock or "")
            if clock is not None and each is not winner and each.until is not None:
                when = "was due" if each.until <= now else "would be due"
                yield f"{clock.id}: destruction {when} at {each.until[:19]}Z, but another hold lasts longer"

    def _hold(
        self,
        identity: str,
        object_id: str,
        case: str | None,
        kind: HoldKind,
        keeps: Keeps,
        ground: str,
        *,
        until: str | None = None,
        person: str | None = None,
    ) -> HoldRecord:
        at = to_iso(self._store.clock())
        return HoldRecord(identity, object_id, case, kind, keeps, ground, at, until, person=person)

    def _clock_hold(
        self, object_id: str, case: str, clock: RetentionClock, receipt: str, start: datetime
    ) -> HoldRecord:
        return HoldRecord(
            _rows.hold_id(object_id, case, HoldKind.CLOCK, clock.id, receipt),
            object_id,
            case,
            HoldKind.CLOCK,
            clock.keeps,
            clock.ground,
            to_iso(start),
            to_iso(clock.until(start)),
            clock.id,
            clock.place,
            receipt,
        )

    def _add(self, connection: Connection, new: Sequence[HoldRecord]) -> list[str]:
        if new:
            _rows.enter(connection, sorted({each.object for each in new}), to_iso(self._store.clock()))
        added = [each for each in new if _rows.add(connection, each)]
        self._ledger.record_all(
            connection, [("retention.hold", f"retention/{each.id}", _facts(each)) for each in added]
        )
        return [each.id for each in added]

    def _end(self, connection: Connection, objects: Sequence[str], case: str, why: str) -> None:
        at = to_iso(self._store.clock())
        for each in objects:
            for hold in _rows.findings(connection, each, case):
                if hold.ended_at is None:
                    _rows.end(connection, hold, at, why)
                    body = {"hold": hold.id, "object": each, "case": case, "why": why}
                    self._ledger.record(connection, "retention.ended", f"retention/{hold.id}/ended", body)

    def _living(self, connection: Connection, objects: Iterable[str]) -> list[str]:
        """Return those that are not destroyed; their rows are locked, so that nobody destroys them meanwhile."""
        living = []
        for each in sorted({id_of(each) for each in objects}):
            stored = objects_rows.find(connection, each, lock=True)
            if stored is None:
                raise NotFound(f"the vault has no object {each}", hint="see 'seawall vault ls'")
            if stored.wrapped is not None:
                living.append(each)
        return living

    def _moment(self, at: datetime | None) -> datetime:
        moment = self._store.clock() if at is None else at
        if moment.tzinfo is None:
            raise UsageError("a moment must carry its time zone")
        return moment


def _facts(hold: HoldRecord) -> dict[str, object]:
    return {
        "hold": hold.id,
        "object": hold.object,
        "case": hold.case,
        "kind": hold.kind.value,
        "keeps": hold.keeps.value,
        "clock": hold.clock,
        "until": hold.until,
        "receipt": hold.receipt,
        "person": hold.person,
    }
