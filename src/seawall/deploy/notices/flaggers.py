"""The registry of trusted flaggers (article 22 of the DSA) and of hotlines, each bound to an API key by its name.

A notice has priority only inside the flagger's expertise, while the designation is valid and not suspended.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.deploy.notices.errors import FlaggerProblem
from seawall.deploy.notices.model import Category, Lane
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.store import Store, StoreConflict
from seawall.store.tables import trusted_flagger as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


class FlaggerKind(StrEnum):
    """What a flagger is."""

    TRUSTED = "trusted"
    """Designated by a Digital Services Coordinator."""
    HOTLINE = "hotline"
    """A hotline or clearinghouse that the operator works with, such as a member of INHOPE."""


@dataclass(frozen=True, slots=True)
class Flagger:
    """A trusted flagger or a hotline.

    Attributes:
        id: 32 hex digits.
        name: Its name.
        kind: What it is.
        coordinator: The Digital Services Coordinator that designated it.
        country: Where it is established.
        expertise: Categories in which its notices have priority.
        valid_from, valid_until: Of the designation, RFC 3339 in UTC.
        key_name: Name of the API key that its notices come with; a rotated key keeps its name.
        suspended_at, suspended_by, suspend_reason: If the operator works with it no more.
    """

    id: str
    name: str
    kind: FlaggerKind
    coordinator: str | None
    country: str | None
    expertise: frozenset[Category]
    valid_from: str
    valid_until: str | None
    key_name: str | None
    suspended_at: str | None = None
    suspended_by: str | None = None
    suspend_reason: str | None = None

    def valid(self, now: str) -> bool:
        """Whether its notices may have priority at a moment, RFC 3339 in UTC."""
        inside = self.valid_from <= now and (self.valid_until is None or now < self.valid_until)
        return inside and self.suspended_at is None

    def lane(self, category: Category, now: str) -> Lane:
        """Return which way a notice of this flagger goes."""
        if category not in self.expertise or not self.valid(now):
            return Lane.USER
        return Lane.TRUSTED if self.kind is FlaggerKind.TRUSTED else Lane.HOTLINE

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind.value,
            "coordinator": self.coordinator,
            "country": self.country,
            "expertise": sorted(self.expertise),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "key_name": self.key_name,
            "suspended_at": self.suspended_at,
            "suspended_by": self.suspended_by,
            "suspend_reason": self.suspend_reason,
        }


class Flaggers:
    """The registry in a store.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def add(
        self,
        name: str,
        *,
        kind: FlaggerKind = FlaggerKind.TRUSTED,
        expertise: Collection[Category],
        person: str,
        coordinator: str | None = None,
        country: str | None = None,
        valid_from: str | None = None,
        valid_until: str | None = None,
        key_name: str | None = None,
    ) -> Flagger:
        """Register a flagger.

        Raises:
            FlaggerProblem: If something is missing, or the name or key is taken.
        """
        if not name.strip() or len(name) > 128:
            raise FlaggerProblem("a flagger has a name of 1 to 128 characters")
        if not expertise:
            raise FlaggerProblem("a flagger has an expertise: categories in which its notices have priority")
        if kind is FlaggerKind.TRUSTED and not (coordinator and country):
            raise FlaggerProblem("a trusted flagger has a coordinator that designated it, and a country")
        now = to_iso(self._store.clock())
        made = Flagger(
            id=Recorder.new_id(),
            name=name.strip(),
            kind=kind,
            coordinator=coordinator,
            country=country,
            expertise=frozenset(expertise),
            valid_from=valid_from or now,
            valid_until=valid_until,
            key_name=key_name,
        )
        row = made.to_dict() | {"expertise": json.dumps(sorted(expertise)), "added_at": now, "added_by": person}
        body = {"flagger": made.id, "kind": kind.value, "expertise": sorted(expertise), "person": person}
        try:
            with self._store.begin() as connection:
                connection.execute(table.insert(), row)
                self._ledger.record(connection, "flagger.added", f"flagger/{made.id}/added", body)
        except StoreConflict:
            raise FlaggerProblem("there is a flagger of this name, or with this key, already") from None
        self._ledger.append_pending()
        return made

    def suspend(self, name: str, *, person: str, reason: str) -> Flagger:
        """Give a flagger's notices no more priority; they are still taken.

        Raises:
            NotFound: If there is no such flagger.
            FlaggerProblem: If there is no reason.
        """
        if not reason.strip():
            raise FlaggerProblem("a suspension needs a reason")
        now = to_iso(self._store.clock())
        with self._store.begin() as connection:
            found = self._named(connection, name)
            values = {"suspended_at": now, "suspended_by": person, "suspend_reason": reason.strip()[:500]}
            connection.execute(table.update().where(table.c.id == found.id).values(values))
            body = {"flagger": found.id, "person": person}
            self._ledger.record(connection, "flagger.suspended", f"flagger/{found.id}/suspended/{now}", body)
            changed = self._named(connection, found.id)
        self._ledger.append_pending()
        return changed

    def all(self) -> list[Flagger]:
        """Return all flaggers, by name."""
        with self._store.read() as connection:
            return [_read(row) for row in connection.execute(table.select().order_by(table.c.name)).mappings()]

    def get(self, name: str) -> Flagger:
        """Return a flagger by its name or id.

        Raises:
            NotFound: If there is none.
        """
        with self._store.read() as connection:
            return self._named(connection, name)

    def with_key(self, key_name: str) -> Flagger | None:
        """Return the flagger whose notices come with a key."""
        with self._store.read() as connection:
            row = connection.execute(table.select().where(table.c.key_name == key_name)).mappings().first()
        return _read(row) if row is not None else None

    def _named(self, connection: Connection, name: str) -> Flagger:
        wanted = table.select().where((table.c.id == name) | (table.c.name == name))
        row = connection.execute(wanted).mappings().first()
        if row is None:
            raise NotFound(f"there is no flagger {name!r}", hint="see 'seawall notices flaggers ls'")
        return _read(row)


def _read(row: Mapping[Any, Any]) -> Flagger:
    return Flagger(
        id=row["id"],
        name=row["name"],
        kind=FlaggerKind(row["kind"]),
        coordinator=row["coordinator"],
        country=row["country"],
        expertise=frozenset(Category(each) for each in json.loads(row["expertise"])),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        key_name=row["key_name"],
        suspended_at=row["suspended_at"],
        suspended_by=row["suspended_by"],
        suspend_reason=row["suspend_reason"],
    )
