"""Proving who one is: every refusal has the same words, and takes the same work, whether or not the name exists."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.store import insert_or_replace
from seawall.store.tables import known_device
from seawall.users import _rows
from seawall.users._record import note
from seawall.users.errors import SignInRefused
from seawall.users.factors import Factors
from seawall.users.lockout import Attempt, Lockout
from seawall.users.model import User
from seawall.users.passwords import Passwords

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store

DEVICE_DAYS = 180
_MOST_DEVICES = 10
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST_NAME = 256


class SignIn:
    """Verifies passwords and codes, and counts failures.

    Args:
        store: The database.
        ledger: In the same store.
        passwords: Verifies them.
        factors: Verifies codes.
        lockout: Counts failures.
    """

    def __init__(self, store: Store, ledger: Ledger, passwords: Passwords, factors: Factors, lockout: Lockout) -> None:
        self._store = store
        self._ledger = ledger
        self._passwords = passwords
        self._factors = factors
        self._lockout = lockout

    def password(self, name: str, password: str, *, address: str | None = None, device: str | None = None) -> User:
        """Return whose name and password these are. If they have a second factor, that is still to be asked.

        Args:
            name: As it was typed.
            password: As it was typed.
            address: Where it comes from.
            device: What the browser shows for having been used before.

        Raises:
            SignInRefused: If they are nobody's, or that person is disabled: never says which.
            MustWait: If there were too many attempts.
            SignInBusy: If it could not be looked at.
        """
        typed = name.strip().lower()[:_LONGEST_NAME]
        with self._store.read() as connection:
            kept = _rows.named(connection, typed)
            known = self._known(connection, kept.user.id if kept else "", device)
        attempt = self._lockout.begin("password", typed, address=address, device=known)
        right = self._passwords.verify(kept.password if kept else None, password)
        if kept is None or not right or kept.user.disabled_at is not None:
            self._failed(kept.user if kept else None, "password", attempt)
            raise SignInRefused
        if kept.password is not None and self._passwords.outdated(kept.password):
            self._rehash(kept.user.id, kept.password, password)
        self._lockout.succeeded(attempt)
        return kept.user

    def factor(self, user: User, typed: str, *, address: str | None = None, device: str | None = None) -> None:
        """Verify a code of somebody whose password, or single sign-on, was verified.

        Raises:
            SignInRefused: If it is wrong, or was used before.
            MustWait: If there were too many attempts.
        """
        with self._store.read() as connection:
            known = self._known(connection, user.id, device)
        attempt = self._lockout.begin("factor", user.id, address=address, device=known)
        if not self._factors.proves(user.id, typed):
            self._failed(user, "factor", attempt)
            raise SignInRefused("the code is not one of now, or was used before")
        self._lockout.succeeded(attempt)

    def subject(self, issuer: str, subject: str) -> User:
        """Return the user whom an administrator linked with a subject of single sign-on.

        Raises:
            SignInRefused: If there is none, or they are disabled.
        """
        with self._store.read() as connection:
            kept = _rows.linked(connection, issuer, subject)
        if kept is None or kept.user.disabled_at is not None:
            raise SignInRefused
        return kept.user

    def remember_device(self, user_id: str, device: str | None) -> str:
        """Remember that somebody signed in from a browser; return what it shows next time."""
        now = self._store.clock()
        token = device if device is not None and _TOKEN.fullmatch(device) else secrets.token_urlsafe(32)
        row = {"digest": _digest(token), "person": user_id, "seen_at": to_iso(now)}
        with self._store.begin() as connection:
            insert_or_replace(connection, known_device, [row])
            mine = known_device.select().where(known_device.c.person == user_id)
            known = connection.execute(mine.order_by(known_device.c.seen_at.desc())).all()
            oldest = to_iso(now - timedelta(days=DEVICE_DAYS))
            doomed = [each.digest for each in known[_MOST_DEVICES:]]
            doomed += [each.digest for each in known if each.seen_at < oldest]
            if doomed:
                gone = known_device.delete().where(
                    known_device.c.person == user_id, known_device.c.digest.in_(sorted(set(doomed)))
                )
                connection.execute(gone)
        return token

    def again(self, user_id: str, password: str, *, address: str | None = None, device: str | None = None) -> None:
        """Verify the password of somebody who is signed in, before something grave.

        Raises:
            SignInRefused: If it is wrong, or they have none.
            MustWait: If there were too many attempts.
        """
        with self._store.read() as connection:
            kept = _rows.find(connection, user_id)
        self.password(kept.user.name, password, address=address, device=device)

    def _known(self, connection: Connection, user_id: str, device: str | None) -> str | None:
        digest = _digest(device) if device is not None and _TOKEN.fullmatch(device) else ""
        oldest = to_iso(self._store.clock() - timedelta(days=DEVICE_DAYS))
        found = connection.execute(
            known_device.select().where(
                known_device.c.digest == digest, known_device.c.person == user_id, known_device.c.seen_at >= oldest
            )
        ).first()
        return digest if found is not None else None

    def _failed(self, user: User | None, proof: str, attempt: Attempt) -> None:
        # One event for each wait that begins, not for each failure: strangers do not fill the ledger.
        if user is not None and attempt.waits:
            with self._store.begin() as connection:
                note(self._ledger, connection, "user.must_wait", user.id, user.id, proof=proof)

    def _rehash(self, user_id: str, before: str, password: str) -> None:
        fresh = self._passwords.hash(password)
        with self._store.begin() as connection:
            if _rows.find(connection, user_id, change=True).password == before:
                _rows.change(connection, user_id, password=fresh)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
