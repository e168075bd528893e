"""Rows of statements, and what else is on record of a decision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.cases.model import Case, CaseDecision, Item
from seawall.maintain.statements.deriving import Derived, InForce, Records
from seawall.maintain.statements.model import Statement, StatementKind
from seawall.store.tables import decision as guard_decision
from seawall.store.tables import notice, restriction, strike
from seawall.store.tables import statement as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHUNK = 200


def records(connection: Connection, case: Case, items: Sequence[Item]) -> Records:
    """Return what else is on record of items."""
    decided = {each.decision_id for each in items if each.decision_id is not None}
    noticed = {each.notice_id for each in items if each.notice_id is not None}
    moments: dict[str, str] = {}
    for part in _parts(decided):
        wanted = guard_decision.select().where(guard_decision.c.id.in_(part))
        moments |= {row["id"]: row["at"] for row in connection.execute(wanted).mappings()}
    lanes: set[str] = set()
    for part in _parts(noticed):
        lanes |= {row["lane"] for row in connection.execute(notice.select().where(notice.c.id.in_(part))).mappings()}
    dates = {each.id: moments[each.decision_id] for each in items if each.decision_id in moments}
    return Records(frozenset(lanes), dates, tuple(_in_force(connection, case, decided)))


def find(connection: Connection, *conditions: Any) -> Statement | None:
    """Return the one statement for which conditions hold."""
    row = connection.execute(table.select().where(*conditions)).mappings().first()
    return _statement(row) if row is not None else None


def page(connection: Connection, *conditions: Any, after: str | None, limit: int) -> list[Statement]:
    """Return statements in the order of their making."""
    wanted = table.select().where(*conditions).order_by(table.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(table.c.id > after)
    return [_statement(row) for row in connection.execute(wanted).mappings()]


def add(
    connection: Connection,
    statement_id: str,
    decision: CaseDecision,
    kind: StatementKind,
    derived: Derived,
    *,
    replaces: str | None,
    token: str | None,
    puid: str | None,
    options: str,
) -> None:
    """Write a statement."""
    payload = derived.payload if kind is StatementKind.RESTRICTION else None
    row = {
        "id": statement_id,
        "decision_id": decision.id,
        "case_id": decision.case_id,
        "kind": kind.value,
        "at": decision.at,
        "replaces": replaces,
        "token": token,
        "puid": puid if payload is not None else None,
        "payload": _encode(payload) if payload is not None else None,
        "facts": _encode(derived.facts),
        "options": options,
        "drill": decision.drill,
    }
    connection.execute(table.insert(), row)


def _in_force(connection: Connection, case: Case, decided: set[str]) -> list[InForce]:
    """Return what holds against the account because of the guard's decisions on its items."""
    found = []
    for part in _parts(decided):
        given = strike.select().where(strike.c.decision_id.in_(part), strike.c.voided_at.is_(None))
        strikes = [row["id"] for row in connection.execute(given.where(strike.c.account == case.subject)).mappings()]
        if not strikes:
            continue
        lifted = restriction.alias("lifted")
        wanted = (
            restriction.select()
            .where(restriction.c.strike.in_(strikes), restriction.c.inverse_of.is_(None))
            .where(~lifted.select().where(lifted.c.inverse_of == restriction.c.id).exists())
        )
        found += [InForce(row["kind"], row["ends_at"]) for row in connection.execute(wanted).mappings()]
    return found


def _statement(row: Mapping[Any, Any]) -> Statement:
    return Statement(
        id=row["id"],
        decision_id=row["decision_id"],
        case_id=row["case_id"],
        kind=StatementKind(row["kind"]),
        at=row["at"],
        drill=bool(row["drill"]),
        replaces=row["replaces"],
        puid=row["puid"],
        payload=json.loads(row["payload"]) if row["payload"] is not None else None,
        facts=json.loads(row["facts"]),
        account=row["token"] is not None,
    )


def _parts(ids: set[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]


def _encode(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
