"""Personal tokens: what somebody proves with at the command line that it is they. Of each only a digest is stored.

A token is made with a password, and a code where a second factor is on; it ends after some days, and with its owner's
sessions: when they are disabled, lose a grant, or get another role or password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.store.ids import new_id
from seawall.store.tables import personal_token as table
from seawall.users import _rows
from seawall.users._record import note
from seawall.users.errors import SignInRefused, UserProblem
from seawall.users.model import User
from seawall.users.sign_in import SignIn

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.store import Store

PREFIX = "swpat_"
LONGEST_DAYS = 90
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)


class Tokens:
    """The personal tokens of a database.

    Args:
        store: The database.
        ledger: In the same store.
        sign_in: Verifies whoever wants one.
    """

    def __init__(self, store: Store, ledger: Ledger, sign_in: SignIn) -> None:
        self._store = store
        self._ledger = ledger
        self._sign_in = sign_in

    def add(self, name: str, password: str, *, code: str | None = None, days: int = 30) -> str:
        """Make a token for whoever's name and password these are; it is shown this once.

        Args:
            name: As they sign in.
            password: Theirs.
            code: Of their second factor, if they have one.
            days: How long it is good for.

        Raises:
            SignInRefused: If it is not they.
            MustWait: If there were too many attempts.
            UserProblem: If it is for longer than ninety days.
        """
        if not 0 < days <= LONGEST_DAYS:
            raise UserProblem(f"a token is good for 1 to {LONGEST_DAYS} days")
        user = self._sign_in.password(name, password)
        if user.second_factor:
            if code is None:
                raise SignInRefused("a code of the second factor is missing")
            self._sign_in.factor(user, code)
        made = PREFIX + secrets.token_urlsafe(32)
        now = self._store.clock()
        row = {
            "digest": _digest(made),
            "id": new_id(),
            "person": user.id,
            "created_at": to_iso(now),
            "expires_at": to_iso(now + timedelta(days=days)),
        }
        with self._store.begin() as connection:
            connection.execute(table.insert(), row)
            note(self._ledger, connection, "user.token_made", user.id, user.id, token=row["id"], days=days)
        return made

    def owner(self, token: str) -> User:
        """Return whose token this is.

        Raises:
            SignInRefused: If it is nobody's, has ended, or its owner is disabled: never says which.
        """
        refused = SignInRefused("this is no token of anybody's, or it has ended")
        if not _TOKEN.fullmatch(token):
            raise refused
        with self._store.read() as connection:
            row = connection.execute(table.select().where(table.c.digest == _digest(token))).mappings().first()
            if row is None or row["expires_at"] <= to_iso(self._store.clock()):
                raise refused
            user = _rows.find(connection, row["person"]).user
        if user.disabled_at is not None:
            raise refused
        return user

    def revoke(self, user_id: str, by: str | None = None) -> int:
        """End all tokens of somebody; return how many there were.

        Args:
            user_id: Whose.
            by: Who says so; None for the command line.
        """
        with self._store.begin() as connection:
            ended = _rows.end_tokens(connection, user_id)
            if ended:
                note(self._ledger, connection, "user.tokens_ended", user_id, by, tokens=ended)
        return ended


def _digest(token: str) -> str:
    return hashlib.sha256(f"seawall-token\0{token}".encode()).hexdigest()
