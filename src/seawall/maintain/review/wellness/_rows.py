"""Rows of wellness: choices, breaks, shifts, opt-outs and turns of one person at a time. No reason is ever kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.maintain.review.wellness.lattice import Choice, Limits, Preset, Value
from seawall.maintain.review.wellness.load import Pause, Shift, moment
from seawall.store import insert_new, insert_or_replace
from seawall.store.ids import new_id
from seawall.store.tables import wellness_break, wellness_choice, wellness_opt_out, wellness_shift, wellness_turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERYTHING = "*"
"""The category of who said: not today."""


def choice_of(connection: Connection, person: str) -> Choice:
    """Return what somebody chose."""
    query = wellness_choice.select().where(wellness_choice.c.person == person)
    row = connection.execute(query).mappings().first()
    if row is None:
        return Choice()
    data = json.loads(row["choice"])
    presets = {key: _values(Preset, each) for key, each in data["presets"].items()}
    return Choice(presets, _values(Limits, data["limits"]))


def keep_choice(connection: Connection, person: str, choice: Choice, at: datetime) -> None:
    """Replace what somebody chose."""
    presets = {key: dict(each) for key, each in choice.presets.items() if each}
    data = json.dumps({"presets": presets, "limits": dict(choice.limits)}, sort_keys=True)
    row = {"person": person, "choice": data, "changed_at": to_iso(at)}
    insert_or_replace(connection, wellness_choice, [row])


def pauses(connection: Connection, person: str, since: datetime) -> list[Pause]:
    """Return breaks that were not over before a moment."""
    table = wellness_break
    query = table.select().where(table.c.person == person, table.c.began_at >= to_iso(since)).order_by(table.c.began_at)
    rows = connection.execute(query).mappings()
    return [Pause(moment(row["began_at"]), moment(row["ended_at"]) if row["ended_at"] else None) for row in rows]


def running(connection: Connection, person: str) -> tuple[str, datetime] | None:
    """Return the id and beginning of the break that runs."""
    table = wellness_break
    query = table.select().where(table.c.person == person, table.c.ended_at.is_(None)).order_by(table.c.began_at.desc())
    row = connection.execute(query).mappings().first()
    return (row["id"], moment(row["began_at"])) if row is not None else None


def begin(connection: Connection, person: str, at: datetime) -> None:
    """Begin a break."""
    row = {"id": new_id(), "person": person, "began_at": to_iso(at), "ended_at": None}
    connection.execute(wellness_break.insert(), row)


def end(connection: Connection, break_id: str, at: datetime) -> None:
    """End a break."""
    changed = wellness_break.update().where(wellness_break.c.id == break_id).values(ended_at=to_iso(at))
    connection.execute(changed)


def shift_of(connection: Connection, person: str) -> Shift | None:
    """Return the shift that somebody announced last."""
    table = wellness_shift
    query = table.select().where(table.c.person == person).order_by(table.c.began_at.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Shift(moment(row["began_at"]), moment(row["ends_at"])) if row is not None else None


def add_shift(connection: Connection, person: str, shift: Shift) -> None:
    """Keep a shift that somebody announced."""
    row = {"id": new_id(), "person": person, "began_at": to_iso(shift.began), "ends_at": to_iso(shift.ends)}
    connection.execute(wellness_shift.insert(), row)


def opt_outs(connection: Connection, person: str, now: datetime) -> dict[str, datetime | None]:
    """Return what somebody does not take now, with when that ends."""
    table = wellness_opt_out
    rows = connection.execute(table.select().where(table.c.person == person)).mappings()
    found = {row["category"]: moment(row["until"]) if row["until"] else None for row in rows}
    return {category: until for category, until in found.items() if until is None or until > now}


def add_opt_out(connection: Connection, person: str, category: str, until: datetime | None, at: datetime) -> None:
    """Keep that somebody does not take a category."""
    row = {"person": person, "category": category, "until": to_iso(until) if until else None, "at": to_iso(at)}
    insert_or_replace(connection, wellness_opt_out, [row])


def drop_opt_out(connection: Connection, person: str, category: str) -> None:
    """Let somebody take a category again."""
    table = wellness_opt_out
    connection.execute(table.delete().where(table.c.person == person, table.c.category == category))


def add_turn(connection: Connection, person: str, task: str, *, severe: bool, at: datetime) -> None:
    """Keep that somebody took a task on; taking the same again changes nothing."""
    row = {"person": person, "task": task, "severe": severe, "at": to_iso(at)}
    insert_new(connection, wellness_turn, [row])


def severe_in_a_row(connection: Connection, person: str, since: datetime, most: int) -> int:
    """Return how many of the last tasks were severe, without one in between; at most `most`."""
    table = wellness_turn
    query = table.select().where(table.c.person == person, table.c.at >= to_iso(since)).order_by(table.c.at.desc())
    count = 0
    for row in connection.execute(query.limit(max(1, most))).mappings():
        if not row["severe"]:
            break
        count += 1
    return count


def forget(connection: Connection, before: datetime, now: datetime) -> int:
    """Delete what is over; return how many rows."""
    old, present = to_iso(before), to_iso(now)
    gone = 0
    for statement in (
        wellness_break.delete().where(wellness_break.c.ended_at < old),
        wellness_shift.delete().where(wellness_shift.c.ends_at < old),
        wellness_turn.delete().where(wellness_turn.c.at < old),
        wellness_opt_out.delete().where(wellness_opt_out.c.until < present),
    ):
        gone += connection.execute(statement).rowcount
    return gone


def _values(kind: type[Preset] | type[Limits], data: Mapping[str, Any]) -> dict[str, Value]:
    """Return settings as they were kept; one that there is no more is left out."""
    read = {name: kind.checked(name, value) for name, value in data.items()}
    return {name: value for name, value in read.items() if value is not None}
