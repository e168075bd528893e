"""Ladders that were ever used, by digest, and which one is active. An activation names a person and a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from seawall.accounts.errors import AccountError
from seawall.accounts.ladder import Ladder, parse_ladder
from seawall.accounts.replay import Ladders
from seawall.clock import to_iso
from seawall.ledger import Ledger
from seawall.store import Store, insert_new
from seawall.store.tables import ladder as ladder_table
from seawall.store.tables import ladder_activation

SHIPPED = "seawall"
"""Who activates the first ladder, before any person does."""

_ONE_AT_A_TIME = "ladders"


@dataclass(frozen=True, slots=True)
class Activation:
    """When a ladder became the active one.

    Attributes:
        ladder: Its digest.
        name: Its name.
        at: Since when.
        person: Who activated it.
        reason: Why.
    """

    ladder: str
    name: str
    at: str
    person: str
    reason: str


class LadderStore:
    """The ladders of a store.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self._parsed: dict[str, Ladder] = {}

    def activate(self, ladder: Ladder, *, person: str, reason: str) -> Activation:
        """Make a ladder the active one for what happens from now on; strikes that were given stay as they are."""
        with self._store.begin(alone=_ONE_AT_A_TIME) as connection:
            return self._activate(connection, ladder, person, reason)

    def ensure(self, ladder: Ladder) -> None:
        """Make a ladder the active one if there is none yet."""
        with self._store.begin(alone=_ONE_AT_A_TIME) as connection:
            if connection.execute(select(ladder_activation.c.seq).limit(1)).first() is None:
                self._activate(connection, ladder, SHIPPED, "the ladder that ships, before any other was activated")

    def active(self, connection: Connection) -> Ladder:
        """Return the active ladder.

        Raises:
            AccountError: If none was ever activated.
        """
        newest = select(ladder_activation.c.ladder).order_by(ladder_activation.c.seq.desc()).limit(1)
        digest = connection.execute(newest).scalar()
        if digest is None:
            raise AccountError("no ladder is active", hint="seawall accounts activate --ladder FILE")
        return self.get(connection, digest)

    def get(self, connection: Connection, digest: str) -> Ladder:
        """Return a ladder that was used.

        Raises:
            AccountError: If it is missing, or not what its digest says.
        """
        if digest not in self._parsed:
            data = connection.execute(select(ladder_table.c.data).where(ladder_table.c.digest == digest)).scalar()
            found = parse_ladder(json.loads(data)) if data is not None else None
            if found is None or found.digest != digest:
                raise AccountError(f"the ladder {digest[:12]} is missing or changed", hint="restore the database")
            self._parsed[digest] = found
        return self._parsed[digest]

    def all(self, connection: Connection) -> Ladders:
        """Return every ladder that was used, by digest."""
        digests = connection.execute(select(ladder_table.c.digest)).scalars().all()
        return {digest: self.get(connection, digest) for digest in digests}

    def activations(self) -> Iterator[Activation]:
        """Yield activations, the first first."""
        joined = select(ladder_activation, ladder_table.c.name).join(ladder_table)
        with self._store.read() as connection:
            rows = connection.execute(joined.order_by(ladder_activation.c.seq)).mappings().all()
        for row in rows:
            yield Activation(row["ladder"], row["name"], row["at"], row["person"], row["reason"])

    def _activate(self, connection: Connection, ladder: Ladder, person: str, reason: str) -> Activation:
        at = to_iso(self._store.clock())
        row = {"digest": ladder.digest, "name": ladder.name, "added_at": at, "data": ladder.source}
        insert_new(connection, ladder_table, [row])
        values = {"ladder": ladder.digest, "at": at, "person": person, "reason": reason}
        done = connection.execute(insert(ladder_activation).values(values).returning(ladder_activation.c.seq))
        seq = int(done.scalar_one())
        body = {"ladder": ladder.digest, "name": ladder.name, "person": person}
        self._ledger.record(connection, "ladder.activated", f"ladder/{seq}/{ladder.digest}", body)
        return Activation(ladder.digest, ladder.name, at, person, reason)
