"""Sessions on the server: only a digest of each id is stored, and each request asks whether it is still good.

An id never outlives a step up: signing in, a code, a new password or a broken glass each make a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.errors import NotFound
from seawall.store.tables import staff_session as table
from seawall.users import User, Users
from seawall.web.sessions.cookies import digest, new_token
from seawall.web.sessions.options import SessionOptions

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MOST = 10
_SEEN = timedelta(seconds=60)


class Stage(StrEnum):
    """How far somebody has come."""

    FACTOR = "factor"
    """The password was right; a code is asked for. Nothing else may be done."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Session:
    """A session.

    Attributes:
        id: 32 hex digits; may be shown, and opens nothing.
        person: Id of the user.
        stage: How far they have come.
        created_at, seen_at, expires_at: RFC 3339 in UTC.
    """

    id: str
    person: str
    stage: Stage
    created_at: str
    seen_at: str
    expires_at: str


class SessionBook:
    """The sessions of a database. Threads may share one.

    Args:
        users: Whose they are.
        options: How long they last.
    """

    def __init__(self, users: Users, options: SessionOptions) -> None:
        self._users = users
        self._store = users.store
        self._options = options

    def open(self, user: User, stage: Stage, *, how: str, instead: str | None = None) -> tuple[str, Session]:
        """Begin a session; its token is returned once.

        Args:
            user: Whose.
            stage: How far they have come.
            how: By what they proved who they are, for the record.
            instead: Token of a session that ends with it.
        """
        now = self._store.clock()
        token = new_token()
        span = self._options.factor if stage is Stage.FACTOR else self._options.absolute
        made = Session(Recorder.new_id(), user.id, stage, to_iso(now), to_iso(now), to_iso(now + span))
        with self._store.begin(alone=f"sessions/{user.id}") as connection:
            if instead is not None:
                connection.execute(table.delete().where(table.c.digest == digest(instead)))
            self._sweep(connection, user.id, now)
            connection.execute(table.insert(), _row(made) | {"digest": digest(token)})
            if stage is Stage.FULL:
                body = {"user": user.id, "session": made.id, "how": how}
                self._users.ledger.record(connection, "session.opened", f"session/{made.id}/opened", body)
        return token, made

    def find(self, token: str) -> tuple[Session, User] | None:
        """Return the session of a token, and whose it is; None if it is over, or they may sign in no more."""
        now = self._store.clock()
        with self._store.read() as connection:
            row = connection.execute(table.select().where(table.c.digest == digest(token))).mappings().first()
        if row is None:
            return None
        found = _read(row)
        if not self._good(found, now):
            self.end(token)
            return None
        try:
            user = self._users.get(found.person)
        except NotFound:
            return None
        if user.disabled_at is not None:
            return None
        if datetime.fromisoformat(found.seen_at) + _SEEN <= now:
            with self._store.begin() as connection:
                seen = table.update().where(table.c.digest == digest(token), table.c.seen_at < to_iso(now))
                connection.execute(seen.values(seen_at=to_iso(now)))
        return found, user

    def renew(self, token: str) -> str | None:
        """Give a session another token, at a step up; None if it has ended meanwhile."""
        fresh = new_token()
        with self._store.begin() as connection:
            mine = table.update().where(table.c.digest == digest(token))
            changed = connection.execute(mine.values(digest=digest(fresh))).rowcount
        return fresh if changed == 1 else None

    def end(self, token: str) -> None:
        """End a session."""
        with self._store.begin() as connection:
            connection.execute(table.delete().where(table.c.digest == digest(token)))

    def of(self, user_id: str) -> list[Session]:
        """Return the sessions of a user that go on, the newest first."""
        now = self._store.clock()
        with self._store.read() as connection:
            mine = table.select().where(table.c.person == user_id, table.c.stage == Stage.FULL.value)
            rows = connection.execute(mine.order_by(table.c.created_at.desc())).mappings().all()
        return [found for found in map(_read, rows) if self._good(found, now)]

    def _good(self, found: Session, now: datetime) -> bool:
        idle = datetime.fromisoformat(found.seen_at) + self._options.idle
        return to_iso(now) < found.expires_at and now < idle

    def _sweep(self, connection: Connection, user_id: str, now: datetime) -> None:
        connection.execute(table.delete().where(table.c.person == user_id, table.c.expires_at <= to_iso(now)))
        mine = table.select().where(table.c.person == user_id).order_by(table.c.seen_at.desc())
        doomed = [row.digest for row in connection.execute(mine).all()[_MOST - 1 :]]
        if doomed:
            connection.execute(table.delete().where(table.c.digest.in_(doomed)))


def _row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "person": session.person,
        "stage": session.stage.value,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
    }


def _read(row: Any) -> Session:
    return Session(row["id"], row["person"], Stage(row["stage"]), row["created_at"], row["seen_at"], row["expires_at"])
