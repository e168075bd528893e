"""How often a sender was right. It raises or lowers what their notices weigh, and never drops one about a child.

Nobody is suspended who was not warned before and then went on (article 23 of the DSA); every step has a person.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.deploy.notices.errors import WarnFirst
from seawall.deploy.notices.model import NewNotice, Sender
from seawall.deploy.notices.options import Misuse
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.rows import insert_new
from seawall.store.tables import notice_reporter as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

PRIOR = (2, 1)
"""Two founded notices and one unfounded: what is believed of a sender of whom nothing is known."""
_LIGHTEST, _HEAVIEST = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Reporter:
    """The record of a sender.

    Attributes:
        id: Keyed digest of who it is.
        founded, unfounded: Decided notices.
        warned_at, warned_by: When and by whom the sender was warned.
        warned_unfounded: How many were unfounded by then.
        suspended_until, suspended_by, reason: If it came to that.
    """

    id: str
    founded: int = 0
    unfounded: int = 0
    warned_at: str | None = None
    warned_by: str | None = None
    warned_unfounded: int | None = None
    suspended_until: str | None = None
    suspended_by: str | None = None
    reason: str | None = None

    @property
    def decided(self) -> int:
        """How many notices were decided."""
        return self.founded + self.unfounded

    @property
    def accuracy(self) -> float:
        """The share that is expected to be founded: the mean of a Beta distribution."""
        good, bad = PRIOR
        return (good + self.founded) / (good + bad + self.decided)

    @property
    def weight(self) -> float:
        """What a notice of this sender weighs beside one of an unknown sender."""
        good, bad = PRIOR
        return min(_HEAVIEST, max(_LIGHTEST, self.accuracy / (good / (good + bad))))

    def misuses(self, rule: Misuse) -> bool:
        """Whether the sender frequently sends manifestly unfounded notices."""
        return self.decided >= rule.decided and self.unfounded / self.decided >= rule.share


class Reporters:
    """The records of senders in a store.

    Args:
        store: The database.
        ledger: In the same store.
        secret: Keys the digests of senders.
        rule: When a sender misuses notices.
    """

    def __init__(self, store: Store, ledger: Ledger, secret: bytes, rule: Misuse) -> None:
        self._store = store
        self._ledger = ledger
        self._secret = secret
        self._rule = rule

    def identify(self, notice: NewNotice, sender: Sender, flagger: str | None = None) -> str | None:
        """Return the digest of who sends a notice; None if nobody is named, or it is the host that passes it on."""
        if flagger is not None:
            return self._digest("flagger", flagger)
        if sender.host:
            return self._digest("email", notice.contact.email.lower()) if notice.contact.email else None
        if sender.key_name is not None:
            return self._digest("key", sender.key_name)
        if notice.contact.email:
            return self._digest("email", notice.contact.email.lower())
        return None

    def _digest(self, kind: str, name: str) -> str:
        return hmac.digest(self._secret, f"reporter\0{kind}\0{name}".encode(), "sha256").hex()

    def get(self, reporter: str) -> Reporter:
        """Return the record of a sender; an empty one if there is none."""
        with self._store.read() as connection:
            return find(connection, reporter)

    def all(self, *, misusing: bool = False) -> list[Reporter]:
        """Return all records, or only those of senders who misuse notices."""
        with self._store.read() as connection:
            rows = connection.execute(table.select().order_by(table.c.reporter)).mappings().all()
        found = [_read(row) for row in rows]
        return [each for each in found if each.misuses(self._rule)] if misusing else found

    def warn(self, reporter: str, *, person: str) -> Reporter:
        """Note that a person has warned a sender who misuses notices.

        Raises:
            NotFound: If there is no such sender.
            UsageError: If the sender does not misuse notices.
        """
        now = to_iso(self._store.clock())
        with self._store.begin() as connection:
            record = _known(connection, reporter)
            if not record.misuses(self._rule):
                raise UsageError("this sender's notices are not manifestly unfounded often enough for a warning")
            values = {"warned_at": now, "warned_by": person, "warned_unfounded": record.unfounded}
            connection.execute(table.update().where(table.c.reporter == reporter).values(values))
            body = {"reporter": reporter, "person": person, "unfounded": record.unfounded, "decided": record.decided}
            self._ledger.record(connection, "reporter.warned", f"reporter/{reporter}/warned/{now}", body)
            changed = find(connection, reporter)
        self._ledger.append_pending()
        return changed

    def suspend(self, reporter: str, *, days: int, person: str, reason: str) -> Reporter:
        """Stop processing a sender's notices for a while, save those that concern children.

        Raises:
            NotFound: If there is no such sender.
            WarnFirst: If the sender was not warned, or did not go on after it.
            UsageError: If it is for too long, or without a reason.
        """
        if not 1 <= days <= self._rule.days:
            raise UsageError(f"a suspension lasts 1 to {self._rule.days} days")
        if not reason.strip():
            raise UsageError("a suspension needs a reason")
        now = self._store.clock()
        until = to_iso(now + timedelta(days=days))
        with self._store.begin() as connection:
            record = _known(connection, reporter)
            if record.warned_at is None or record.warned_unfounded is None:
                raise WarnFirst("this sender was not warned yet")
            since = record.unfounded - record.warned_unfounded
            if since < self._rule.after_warning:
                raise WarnFirst(f"since the warning {since} notices were unfounded, fewer than the rule asks for")
            values = {"suspended_until": until, "suspended_by": person, "suspend_reason": reason.strip()[:500]}
            connection.execute(table.update().where(table.c.reporter == reporter).values(values))
            body = {"reporter": reporter, "person": person, "until": until}
            self._ledger.record(connection, "reporter.suspended", f"reporter/{reporter}/suspended/{until}", body)
            changed = find(connection, reporter)
        self._ledger.append_pending()
        return changed


def find(connection: Connection, reporter: str) -> Reporter:
    """Return the record of a sender; an empty one if there is none."""
    row = connection.execute(table.select().where(table.c.reporter == reporter)).mappings().first()
    return _read(row) if row is not None else Reporter(reporter)


def add(connection: Connection, reporter: str, *, founded: int = 0, unfounded: int = 0) -> None:
    """Add to the counts of a sender; negative numbers take back what an appeal has changed."""
    insert_new(connection, table, [{"reporter": reporter, "founded": 0, "unfounded": 0}])
    change = {"founded": table.c.founded + founded, "unfounded": table.c.unfounded + unfounded}
    connection.execute(table.update().where(table.c.reporter == reporter).values(change))


def _known(connection: Connection, reporter: str) -> Reporter:
    row = connection.execute(table.select().where(table.c.reporter == reporter).with_for_update()).mappings().first()
    if row is None:
        raise NotFound("there is no such sender")
    return _read(row)


def _read(row: Mapping[Any, Any]) -> Reporter:
    return Reporter(
        row["reporter"], row["founded"], row["unfounded"], row["warned_at"], row["warned_by"],
        row["warned_unfounded"], row["suspended_until"], row["suspended_by"], row["suspend_reason"],
    )  # fmt: skip
