"""Breaking the glass: evidence for an hour at most, when nobody with a grant can be reached.

Every administrator is told. What is seen then is recorded like everything that is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.store.tables import break_glass, staff, staff_notice
from seawall.users import _rows
from seawall.users._record import note, reason_digest
from seawall.users.errors import NotPermitted, UserProblem
from seawall.users.model import Role
from seawall.users.roles import GLASS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store

LONGEST_MINUTES = 60
KIND = "break_glass"


@dataclass(frozen=True, slots=True)
class Broken:
    """That somebody broke the glass.

    Attributes:
        id: 32 hex digits.
        person: Id of the user.
        reason: As they gave it.
        at, until: From when until when they may open evidence.
        ended_at: When it was ended before.
    """

    id: str
    person: str
    reason: str
    at: str
    until: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one administrator is to know.

    Attributes:
        id: 32 hex digits.
        kind: What it is about.
        broken: That somebody broke the glass.
        at: When it was announced.
        seen_at: When it was seen.
    """

    id: str
    kind: str
    broken: Broken
    at: str
    seen_at: str | None


class Glass:
    """Breaks the glass.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def smash(self, user_id: str, reason: str, minutes: int = LONGEST_MINUTES) -> Broken:
        """Let somebody open evidence for a while.

        Raises:
            NotPermitted: If their role may not, or they are disabled.
            UserProblem: If there is no reason, or it is for longer than an hour.
        """
        wanted = _rows.checked_reason(reason)
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise UserProblem(f"the glass is broken for 1 to {LONGEST_MINUTES} minutes", hint="")
        now = self._store.clock()
        made = Broken(Recorder.new_id(), user_id, wanted, to_iso(now), to_iso(now + timedelta(minutes=minutes)))
        with self._store.begin() as connection:
            user = _rows.find(connection, user_id, change=True).user
            if user.disabled_at is not None or user.role not in GLASS:
                raise NotPermitted("this role may not break the glass")
            row = {
                "id": made.id,
                "person": user_id,
                "reason": wanted,
                "at": made.at,
                "until": made.until,
                "ended_at": None,
            }
            connection.execute(break_glass.insert(), row)
            told = self._announce(connection, made)
            facts = {"glass": made.id, "until": made.until, "reason": reason_digest(wanted), "told": told}
            note(self._ledger, connection, "user.glass_broken", user_id, user_id, **facts)
        return made

    def end(self, user_id: str, *, by: str | None) -> int:
        """End it before its time; return how many there were."""
        now = to_iso(self._store.clock())
        mine = break_glass.update().where(
            break_glass.c.person == user_id, break_glass.c.ended_at.is_(None), break_glass.c.until > now
        )
        with self._store.begin() as connection:
            ended = connection.execute(mine.values(ended_at=now)).rowcount
            if ended:
                note(self._ledger, connection, "user.glass_ended", user_id, by, ended=ended)
        return ended

    def broken(self, connection: Connection, user_id: str) -> Broken | None:
        """Return whether somebody may open evidence for this reason now."""
        now = to_iso(self._store.clock())
        mine = break_glass.select().where(
            break_glass.c.person == user_id,
            break_glass.c.ended_at.is_(None),
            break_glass.c.until > now,
            break_glass.c.at <= now,
        )
        row = connection.execute(mine.order_by(break_glass.c.until.desc())).mappings().first()
        return Broken(**row) if row is not None else None

    def announcements(self, user_id: str, *, unseen: bool = False, limit: int = 50) -> list[Announcement]:
        """Return what an administrator is to know, the newest first."""
        mine = staff_notice.select().where(staff_notice.c.person == user_id, staff_notice.c.kind == KIND)
        if unseen:
            mine = mine.where(staff_notice.c.seen_at.is_(None))
        found = []
        with self._store.read() as connection:
            rows = connection.execute(mine.order_by(staff_notice.c.at.desc()).limit(limit)).mappings().all()
            for row in rows:
                about = connection.execute(break_glass.select().where(break_glass.c.id == row["about"])).mappings()
                found.append(Announcement(row["id"], row["kind"], Broken(**about.one()), row["at"], row["seen_at"]))
        return found

    def seen(self, user_id: str, announcement: str) -> bool:
        """Note that an administrator saw it; return whether it was news."""
        now = to_iso(self._store.clock())
        mine = staff_notice.update().where(
            staff_notice.c.id == announcement, staff_notice.c.person == user_id, staff_notice.c.seen_at.is_(None)
        )
        with self._store.begin() as connection:
            return connection.execute(mine.values(seen_at=now)).rowcount == 1

    def _announce(self, connection: Connection, made: Broken) -> int:
        admins = staff.select().where(staff.c.role == Role.ADMIN.value, staff.c.disabled_at.is_(None))
        rows = [
            {
                "id": Recorder.new_id(),
                "person": row.id,
                "kind": KIND,
                "about": made.id,
                "at": made.at,
                "seen_at": None,
            }
            for row in connection.execute(admins)
        ]
        if rows:
            connection.execute(staff_notice.insert(), rows)
        return len(rows)
