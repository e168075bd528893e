"""Strikes by decisions of cases: one for what a case found, whoever saw it first, and voided if that was wrong.

If the guard has struck for one of the items already, that strike stands unless people found something graver; then
theirs takes its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from seawall.accounts.errors import AlreadyDone
from seawall.accounts.news import Deserved
from seawall.cases.model import Label
from seawall.store.tables import strike as strikes

if TYPE_CHECKING:
    from seawall.accounts import Accounts, Ladder

PERSON = "cases"


def gravest(ladder: Ladder, names: Mapping[Label, str], labels: Collection[Label]) -> str | None:
    """Return the gravest of the strike classes that labels stand for; None if there is none."""
    return max((names[each] for each in labels if each in names), key=lambda name: _weight(ladder, name), default=None)


def give(
    accounts: Accounts,
    connection: Connection,
    *,
    decision_id: str,
    account: str,
    name: str,
    seen: Collection[str],
    at: str,
) -> tuple[str, list[str]]:
    """Give the strike of a decision in the caller's transaction, once; return its id, and those that it replaces.

    Args:
        accounts: The book of accounts.
        connection: The caller's transaction.
        decision_id: The decision of the case.
        account: Whom.
        name: The strike class.
        seen: Decisions of the guard about what the case found.
        at: The moment.
    """
    ladder = accounts.ladders.active(connection)
    earlier = _standing(connection, account, seen)
    wanted = _weight(ladder, name)
    for identity, points, class_ in earlier:
        if max(points, _weight(ladder, class_)) >= wanted:
            return identity, []
    accounts.settle(connection, [Deserved(decision_id, account, name, at)])
    return decision_id, [identity for identity, _, _ in earlier]


def void(accounts: Accounts, identities: Collection[str], reason: str) -> None:
    """Take strikes back; those that are void already stay so."""
    for each in identities:
        with suppress(AlreadyDone):
            accounts.void(each, person=PERSON, reason=reason)


def _standing(connection: Connection, account: str, seen: Collection[str]) -> list[tuple[str, float, str]]:
    wanted = select(strikes.c.id, strikes.c.points, strikes.c["class"]).where(
        strikes.c.decision_id.in_(sorted(seen)), strikes.c.account == account, strikes.c.voided_at.is_(None)
    )
    rows = connection.execute(wanted.order_by(strikes.c.points.desc(), strikes.c.id))
    return [(identity, float(points), str(name)) for identity, points, name in rows]


def _weight(ladder: Ladder, name: str) -> float:
    terms = ladder.terms(name)
    return float("inf") if terms.outright is not None else float(terms.points)
