"""Waits after failed attempts: they grow, they end, and they are the same for names that nobody has.

An attempt is counted before it is looked at, so that many at once are no way around. Attempts during a wait are
neither looked at nor counted: no stranger can make a wait longer. Somebody who signed in from this browser before is
counted apart from all others, so nobody else's failures keep them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.store import insert_new
from seawall.store.tables import sign_in_wait
from seawall.users.errors import MustWait
from seawall.users.seal import Seal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.store import Store

_FORGOTTEN = timedelta(days=1)
_SWEEP = 200
_LOCK = "sign-in-waits"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait after how many failures.

    Attributes:
        free: Failures before the first wait.
        first: Seconds of the first wait; each further failure doubles it.
        longest: Seconds that no wait exceeds.
    """

    free: int
    first: float = 30.0
    longest: float = 900.0

    def after(self, failures: int) -> timedelta | None:
        """Return how long to wait after a number of failures in a row."""
        over = failures - self.free
        if over <= 0:
            return None
        return timedelta(seconds=min(self.longest, self.first * 2.0 ** min(over - 1, 32)))


@dataclass(frozen=True, slots=True)
class LockoutRules:
    """The waits for each kind of count.

    Attributes:
        user: For a name, by whoever tries it from a browser that is not known.
        address: For an address, whatever names are tried from it.
        device: For a name in a browser in which its owner signed in before.
    """

    user: Waits = Waits(5)
    address: Waits = Waits(20)
    device: Waits = Waits(10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted and may be looked at.

    Attributes:
        counted: The counts it is in, and until when each made others wait.
        shared: Those of them that are not only about its user.
        waits: Whether a wait began with it, should it fail.
    """

    counted: tuple[tuple[str, str | None], ...]
    shared: frozenset[str]
    waits: bool


class Lockout:
    """Counts failed attempts.

    Args:
        store: The database.
        seal: Makes the digests under which is counted.
        rules: The waits.
    """

    def __init__(self, store: Store, seal: Seal, rules: LockoutRules | None = None) -> None:
        self._store = store
        self._seal = seal
        self._rules = rules or LockoutRules()

    def begin(self, proof: str, who: str, *, address: str | None, device: str | None) -> Attempt:
        """Count an attempt as failed; `succeeded` takes that back.

        Args:
            proof: What is to be proved: `password` or `factor`.
            who: The name or id that is tried; it need not exist.
            address: Where it comes from.
            device: Digest of the browser, if the owner of the name signed in from it before.

        Raises:
            MustWait: If it is too early for another.
        """
        keys: dict[str, Waits] = {}
        shared = frozenset[str]()
        if device is not None:
            keys[self._seal.digest("wait", proof, "device", who, device)] = self._rules.device
        else:
            keys[self._user(proof, who)] = self._rules.user
            if address is not None:
                key = self._seal.digest("wait", "address", address)
                keys[key] = self._rules.address
                shared = frozenset({key})
        now = self._store.clock()
        counted = []
        self._forget(now)
        with self._store.begin() as connection:
            insert_new(
                connection,
                sign_in_wait,
                [{"who": key, "failures": 0, "failed_at": to_iso(now), "until": None} for key in sorted(keys)],
            )
            for key in sorted(keys):
                counted.append((key, self._count(connection, key, keys[key], now)))
        return Attempt(tuple(counted), shared, any(until is not None for _, until in counted))

    def succeeded(self, attempt: Attempt) -> None:
        """Take back that an attempt failed: its user's failures are forgotten, an address loses this one alone."""
        with self._store.begin() as connection:
            for key, until in attempt.counted:
                mine = sign_in_wait.c.who == key
                if key not in attempt.shared:
                    connection.execute(sign_in_wait.delete().where(mine))
                    continue
                # Signing in to one's own account in between buys no guesses at those of others.
                connection.execute(
                    sign_in_wait.update()
                    .where(mine, sign_in_wait.c.failures > 0)
                    .values(failures=sign_in_wait.c.failures - 1)
                )
                if until is not None:
                    connection.execute(
                        sign_in_wait.update().where(mine, sign_in_wait.c.until == until).values(until=None)
                    )

    def unlock(self, connection: Connection, whose: Iterable[tuple[str, str]]) -> None:
        """Forget the failures of somebody, by proof and name or id, in browsers that are not known."""
        doomed = [self._user(proof, who) for proof, who in whose]
        connection.execute(sign_in_wait.delete().where(sign_in_wait.c.who.in_(doomed)))

    def _user(self, proof: str, who: str) -> str:
        return self._seal.digest("wait", proof, "user", who)

    @staticmethod
    def _count(connection: Connection, key: str, waits: Waits, now: datetime) -> str | None:
        at = to_iso(now)
        change = sign_in_wait.update().where(sign_in_wait.c.who == key)
        # The update locks the row first: of two attempts at once, the second sees what the first has counted.
        counted = change.values(failures=sign_in_wait.c.failures + 1, failed_at=at)
        failures, until = connection.execute(counted.returning(sign_in_wait.c.failures, sign_in_wait.c.until)).one()
        if until is not None and until > at:
            left = (datetime.fromisoformat(until) - now).total_seconds()
            raise MustWait(max(1, math.ceil(left)))
        wait = waits.after(failures)
        ends = to_iso(now + wait) if wait is not None else None
        connection.execute(change.values(until=ends))
        return ends

    def _forget(self, now: datetime) -> None:
        old = sign_in_wait.select().where(sign_in_wait.c.failed_at < to_iso(now - _FORGOTTEN)).limit(_SWEEP)
        with self._store.read() as connection:
            if connection.execute(old.limit(1)).first() is None:
                return
        with self._store.begin(alone=_LOCK) as connection:
            doomed = [row.who for row in connection.execute(old)]
            connection.execute(sign_in_wait.delete().where(sign_in_wait.c.who.in_(doomed)))
