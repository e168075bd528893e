"""Rows of accounts: the log as JSON, and the tables that it comes to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from seawall.accounts.errors import AccountError
from seawall.accounts.model import AccountState, Change, Decay, Fact, Lift, Restriction, RestrictionKind, Strike, Void
from seawall.store import insert_new
from seawall.store.tables import account, account_clock, account_fact, restriction, strike

_KINDS: dict[type[Fact], str] = {Strike: "strike", Void: "void", Restriction: "restrict", Lift: "lift"}
_BATCH = 200

# Made once: `json.dumps` with options makes an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def open_accounts(connection: Connection, refs: Iterable[str], at: str, tenant: str | None = None) -> None:
    """Make sure that accounts exist, in one order for all transactions."""
    rows = [{"ref": ref, "tenant": tenant, "created_at": at, "facts": 0} for ref in sorted(set(refs))]
    insert_new(connection, account, rows)


def lock_accounts(connection: Connection, refs: Iterable[str]) -> dict[str, int]:
    """Lock accounts until the transaction ends, in one order for all, and before anything else is locked.

    Returns:
        How many facts each has.
    """
    wanted, found = sorted(set(refs)), {}
    for start in range(0, len(wanted), _BATCH):
        some = select(account.c.ref, account.c.facts).where(account.c.ref.in_(wanted[start : start + _BATCH]))
        rows = connection.execute(some.order_by(account.c.ref).with_for_update())
        found.update({ref: int(facts) for ref, facts in rows})
    return found


def tenant_of(connection: Connection, ref: str, tenant: str) -> str | None:
    """Return whose account it is; if nobody has said so far, it becomes this tenant's."""
    unsaid = update(account).where(account.c.ref == ref, account.c.tenant.is_(None))
    connection.execute(unsaid.values(tenant=tenant))
    found: str | None = connection.execute(select(account.c.tenant).where(account.c.ref == ref)).scalar()
    return found


def count_facts(connection: Connection, counts: Mapping[str, int]) -> None:
    """Write how many facts locked accounts have now."""
    counted = update(account).where(account.c.ref == bindparam("whose")).values(facts=bindparam("count"))
    connection.execute(counted, [{"whose": ref, "count": count} for ref, count in counts.items()])


def next_number(connection: Connection, ref: str) -> int:
    """Lock an account until the transaction ends, and return the number of its next fact."""
    counted = update(account).where(account.c.ref == ref).values(facts=account.c.facts + 1).returning(account.c.facts)
    return int(connection.execute(counted).scalar_one())


def next_changes(connection: Connection, count: int) -> int:
    """Take numbers for restrictions and lifts; return the first. Nobody else can until the transaction ends."""
    insert_new(connection, account_clock, [{"one": 1, "n": 0}])
    taken = update(account_clock).values(n=account_clock.c.n + count).returning(account_clock.c.n)
    return int(connection.execute(taken).scalar_one()) - count + 1


def add_facts(connection: Connection, facts: Iterable[tuple[str, int, str, Fact]]) -> None:
    """Add to accounts' logs: whose, which number, when and what."""
    rows = [
        {"account": ref, "number": number, "kind": _KINDS[type(fact)], "at": at, "data": _encode(_said(fact))}
        for ref, number, at, fact in facts
    ]
    connection.execute(insert(account_fact), rows)


def add_strikes(connection: Connection, given: Iterable[tuple[int, Strike]]) -> None:
    """Write strikes, each with the number of its fact."""
    rows = []
    for number, each in given:
        row = asdict(each) | {"number": number, "decay": each.decay.value}
        row["class"] = row.pop("name")
        rows.append(row)
    connection.execute(insert(strike), rows)


def void_strike(connection: Connection, void: Void) -> None:
    """Write that a strike is void."""
    values = {"voided_at": void.at, "voided_by": void.person, "void_reason": void.reason}
    connection.execute(update(strike).where(strike.c.id == void.strike).values(values))


def add_changes(connection: Connection, first: int, changes: Sequence[Change]) -> None:
    """Write restrictions and lifts under the numbers from `first` on.

    A second lift of a restriction makes the transaction a `StoreConflict`.
    """
    rows = [_row(clock, change) for clock, change in enumerate(changes, first)]
    connection.execute(insert(restriction), rows)


def facts(connection: Connection, ref: str) -> list[Fact]:
    """Return an account's log."""
    rows = connection.execute(
        select(account_fact.c.kind, account_fact.c.data)
        .where(account_fact.c.account == ref)
        .order_by(account_fact.c.number)
    )
    return [_fact(kind, json.loads(data)) for kind, data in rows]


def given_strikes(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Return those of the strikes that are given already."""
    found: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        wanted = select(strike.c.id).where(strike.c.id.in_(ids[start : start + _BATCH]))
        found.update(connection.execute(wanted).scalars())
    return found


def live_strikes(connection: Connection, refs: Sequence[str], moment: str) -> list[Strike]:
    """Return accounts' strikes that weigh something at a moment or later."""
    found: list[Strike] = []
    for start in range(0, len(refs), _BATCH):
        rows = connection.execute(
            select(strike)
            .where(
                strike.c.account.in_(refs[start : start + _BATCH]),
                strike.c.expires_at > moment,
                strike.c.voided_at.is_(None),
            )
            .order_by(strike.c.account, strike.c.number)
        )
        found += [_strike(row) for row in rows.mappings()]
    return found


def holding(connection: Connection, moment: str, refs: Sequence[str] | None = None) -> list[Restriction]:
    """Return the restrictions that hold at a moment or later, of some accounts or of all."""
    lifted = restriction.alias("lifted")
    wanted = (
        select(restriction)
        .outerjoin(lifted, lifted.c.inverse_of == restriction.c.id)
        .where(
            restriction.c.inverse_of.is_(None),
            restriction.c.kind != RestrictionKind.WARN.value,
            (restriction.c.ends_at.is_(None)) | (restriction.c.ends_at > moment),
            lifted.c.id.is_(None),
        )
        .order_by(restriction.c.change)
    )
    if refs is None:
        return [_restriction(row) for row in connection.execute(wanted).mappings()]
    found: list[Restriction] = []
    for start in range(0, len(refs), _BATCH):
        some = wanted.where(restriction.c.account.in_(refs[start : start + _BATCH]))
        found += [_restriction(row) for row in connection.execute(some).mappings()]
    return found


def clock(connection: Connection) -> int:
    """Return how many restrictions and lifts were ever written."""
    return int(connection.execute(select(func.max(account_clock.c.n))).scalar() or 0)


def changed_since(connection: Connection, change: int) -> list[str]:
    """Return the accounts whose restrictions were changed since a number."""
    found = connection.execute(select(restriction.c.account).where(restriction.c.change > change).distinct())
    return list(found.scalars())


def state(connection: Connection, ref: str) -> AccountState:
    """Return everything on an account, as the tables have it.

    Raises:
        AccountError: If the tables hold a lift of nothing.
    """
    known = AccountState(ref)
    for row in connection.execute(select(strike).where(strike.c.account == ref).order_by(strike.c.number)).mappings():
        known.strikes[row["id"]] = _strike(row)
        if row["voided_at"] is not None:
            known.voids[row["id"]] = Void(row["id"], row["voided_at"], row["voided_by"], row["void_reason"] or "")
    rows = connection.execute(
        select(restriction).where(restriction.c.account == ref).order_by(restriction.c.change)
    ).mappings()
    for row in rows:
        if row["inverse_of"] is None:
            known.restrictions[row["id"]] = _restriction(row)
            continue
        lifted = known.restrictions.get(row["inverse_of"])
        if lifted is None or row["kind"] != lifted.inverse:
            raise AccountError(f"{row['id']} is not the inverse of what it lifts")
        known.lifts[lifted.id] = Lift(lifted.id, row["starts_at"], row["person"], row["reason"] or "")
    return known


def restriction_of(connection: Connection, identity: str) -> tuple[Restriction, bool] | None:
    """Return a restriction, and whether it was lifted."""
    row = connection.execute(
        select(restriction).where(restriction.c.id == identity, restriction.c.inverse_of.is_(None))
    ).mappings()
    found = row.first()
    if found is None:
        return None
    lifted = connection.execute(select(restriction.c.id).where(restriction.c.inverse_of == identity)).first()
    return _restriction(found), lifted is not None


def strike_of(connection: Connection, identity: str) -> tuple[Strike, bool] | None:
    """Return a strike, and whether it was voided."""
    row = connection.execute(select(strike).where(strike.c.id == identity)).mappings().first()
    return (_strike(row), row["voided_at"] is not None) if row is not None else None


def _row(clock: int, change: Change) -> dict[str, Any]:
    made, lift = change.restriction, change.lift
    numbers = {"number": change.number, "change": clock}
    if lift is None:
        return asdict(made) | numbers | {"kind": made.kind.value, "inverse_of": None}
    nothing = dict.fromkeys(made.__slots__)
    return (
        nothing
        | numbers
        | {
            "id": lift.id,
            "account": made.account,
            "kind": made.inverse,
            "starts_at": lift.at,
            "person": lift.person,
            "reason": lift.reason,
            "inverse_of": made.id,
        }
    )


def _said(fact: Fact) -> dict[str, Any]:
    return {name: value for name, value in asdict(fact).items() if value is not None}


def _fact(kind: str, data: Mapping[str, Any]) -> Fact:
    if kind == "strike":
        return Strike(**_filled(Strike, data) | {"decay": Decay(data["decay"])})
    if kind == "void":
        return Void(**data)
    if kind == "lift":
        return Lift(**data)
    return Restriction(**_filled(Restriction, data) | {"kind": RestrictionKind(data["kind"])})


def _filled(kind: type[Strike] | type[Restriction], data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data.get(name) for name in kind.__slots__}


def _strike(row: RowMapping) -> Strike:
    fields = {name: row[name] for name in Strike.__slots__ if name != "name"}
    return Strike(**fields | {"name": row["class"], "decay": Decay(row["decay"])})


def _restriction(row: RowMapping) -> Restriction:
    fields = {name: row[name] for name in Restriction.__slots__}
    return Restriction(**fields | {"kind": RestrictionKind(row["kind"])})
