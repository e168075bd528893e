"""The second factor: one-time codes, each accepted once, and recovery codes, of which only digests are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seawall.errors import NotFound
from seawall.store.tables import recovery_code, staff
from seawall.users import _rows, codes
from seawall.users._record import note
from seawall.users.errors import SignInRefused, UserProblem
from seawall.users.seal import Seal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that is set up, but not confirmed yet.

    Attributes:
        secret: As authenticators take it by hand.
        uri: As they take it by link.
    """

    secret: str
    uri: str


class Factors:
    """Sets up and verifies second factors.

    Args:
        store: The database.
        ledger: In the same store.
        seal: Seals their secrets.
    """

    def __init__(self, store: Store, ledger: Ledger, seal: Seal) -> None:
        self._store = store
        self._ledger = ledger
        self._seal = seal

    def enrol(self, user_id: str) -> Enrolment:
        """Make a secret. It asks for nothing until a code of it confirms it; one that was there before goes on.

        Raises:
            NotFound: If there is no such user.
        """
        secret = codes.new_secret()
        with self._store.begin() as connection:
            kept = _rows.find(connection, user_id, change=True)
            _rows.change(connection, user_id, factor_pending=self._seal.close(secret, _purpose(user_id)))
        return Enrolment(codes.shown_secret(secret), codes.setup_uri(secret, kept.user.name))

    def pending(self, user_id: str) -> Enrolment | None:
        """Return what is set up, but not confirmed yet."""
        with self._store.read() as connection:
            kept = _rows.find(connection, user_id)
        if kept.factor_pending is None:
            return None
        secret = self._seal.open(kept.factor_pending, _purpose(user_id))
        return Enrolment(codes.shown_secret(secret), codes.setup_uri(secret, kept.user.name))

    def confirm(self, user_id: str, code: str, *, session: str | None = None) -> tuple[str, ...]:
        """Ask for codes from now on; return the recovery codes, which cannot be had again.

        Args:
            user_id: Whose.
            code: Of the new secret.
            session: Id of the session in which it is done; all others end.

        Raises:
            UserProblem: If nothing is set up.
            SignInRefused: If the code is wrong.
        """
        recovery = codes.new_recovery_codes()
        with self._store.begin() as connection:
            kept = _rows.find(connection, user_id, change=True)
            if kept.factor_pending is None:
                raise UserProblem("no second factor is being set up", hint="begin again")
            secret = self._seal.open(kept.factor_pending, _purpose(user_id))
            step = codes.matching_step(secret, code, self._store.clock(), after=0)
            if step is None:
                raise SignInRefused("the code is not one of now")
            _rows.change(connection, user_id, factor=kept.factor_pending, factor_pending=None, factor_step=step)
            connection.execute(recovery_code.delete().where(recovery_code.c.person == user_id))
            rows = [{"person": user_id, "digest": self._digest(user_id, each)} for each in recovery]
            connection.execute(recovery_code.insert(), rows)
            _rows.end_sessions(connection, user_id, but=session)
            _rows.forget_devices(connection, user_id)
            note(self._ledger, connection, "user.factor", user_id, user_id, codes=len(recovery))
        return recovery

    def proves(self, user_id: str, typed: str) -> bool:
        """Whether a code is one of now, or a recovery code; either counts once.

        Raises:
            SecretUnusable: If the secret cannot be opened.
        """
        with self._store.begin() as connection:
            try:
                kept = _rows.find(connection, user_id, change=True)
            except NotFound:
                return False
            if kept.factor is None or kept.user.disabled_at is not None:
                return False
            secret = self._seal.open(kept.factor, _purpose(user_id))
            step = codes.matching_step(secret, typed, self._store.clock(), after=kept.factor_step)
            if step is not None:
                # The condition, not the lock, is what makes a code count once.
                newer = staff.update().where(staff.c.id == user_id, staff.c.factor_step < step)
                return connection.execute(newer.values(factor_step=step)).rowcount == 1
            return self._recovers(connection, user_id, typed)

    def left(self, user_id: str) -> int:
        """Return how many recovery codes a user has left."""
        with self._store.read() as connection:
            mine = recovery_code.select().where(recovery_code.c.person == user_id)
            return len(connection.execute(mine).all())

    def reset(self, user_id: str, *, by: str | None) -> None:
        """Ask for no code any more, end the user's sessions, and forget their browsers.

        Raises:
            NotFound: If there is no such user.
        """
        with self._store.begin() as connection:
            _rows.find(connection, user_id, change=True)
            _rows.change(connection, user_id, factor=None, factor_pending=None, factor_step=0)
            connection.execute(recovery_code.delete().where(recovery_code.c.person == user_id))
            ended = _rows.end_sessions(connection, user_id)
            _rows.forget_devices(connection, user_id)
            note(self._ledger, connection, "user.factor_reset", user_id, by, sessions=ended)

    def _recovers(self, connection: Connection, user_id: str, typed: str) -> bool:
        plain = codes.plain_recovery_code(typed)
        if plain is None:
            return False
        used = recovery_code.delete().where(
            recovery_code.c.person == user_id, recovery_code.c.digest == self._digest(user_id, plain)
        )
        if connection.execute(used).rowcount != 1:
            return False
        note(self._ledger, connection, "user.recovery_code_used", user_id, user_id)
        return True

    def _digest(self, user_id: str, code: str) -> str:
        return self._seal.digest("recovery", user_id, codes.plain_recovery_code(code) or "")


def _purpose(user_id: str) -> str:
    return f"factor/{user_id}"
