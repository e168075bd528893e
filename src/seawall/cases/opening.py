"""Opening cases: what is found of a subject joins its open case, or opens one; the same item is never taken twice.

All in the caller's transaction, so that a finding and its case are written together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from seawall.cases import _rows, tasks
from seawall.cases._office import Office, chunks
from seawall.cases._openings import expect_whole, subject_key
from seawall.cases._rows import Row
from seawall.cases.carrying import carry
from seawall.cases.model import CaseState, Door, Item, NewItem, Opening, Severity, TaskKind
from seawall.cases.policy import Queue, Traits
from seawall.cases.priority import stand
from seawall.cases.states import EventKind
from seawall.clock import to_iso
from seawall.store import insert_new
from seawall.store.errors import StoreLocked
from seawall.store.ids import new_id
from seawall.store.tables import review_case, review_item

_TRIES = 5


def open_case(office: Office, connection: Connection, opening: Opening) -> str:
    """Let items join the open case of their subject, or open one; return the case's id.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        opening: What was found.

    Raises:
        OpeningInvalid: If it cannot be a case.
    """
    expect_whole(opening)
    key = subject_key(opening.subject_kind, opening.subject)
    for _ in range(_TRIES):
        row = _open_row(connection, key, drill=opening.drill)
        known = _known(connection, key, opening)
        if row is not None:
            return _join(office, connection, row, opening, known)
        new = [each for each in opening.items if not any(_same(each, other) for other in known.get(each.key, ()))]
        if not new:
            # Told again of what was dealt with: a repetition, not a new finding.
            return str(max(other["case_id"] for others in known.values() for other in others))
        opened = _open(office, connection, key, opening, new)
        if opened is not None:
            return opened
    raise StoreLocked("other transactions open and close cases of this subject at the same moment")


def new_case(office: Office, connection: Connection, values: Mapping[str, Any], facts: Mapping[str, Any]) -> Row | None:
    """Write a case and its first task; None if another transaction has opened one of the subject.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        values: Columns of the case, but for what a new case always has.
        facts: What its first event tells.
    """
    row: dict[str, Any] = {
        "id": new_id(),
        "state": CaseState.NEW.value,
        "open": True,
        "held_from": None,
        "round": 1,
        "assigned": None,
        "closed_at": None,
        "version": 1,
    } | dict(values)
    insert_new(connection, review_case, [row])
    found = _open_row(connection, row["subject_key"], drill=row["drill"])
    if found is None or found["id"] != row["id"]:
        return None
    office.write_event(
        connection, row["id"], 1, EventKind.OPENED, CaseState.NEW, None, None, facts, drill=bool(row["drill"])
    )
    tasks.ask(connection, row, TaskKind.FIRST, at=row["opened_at"], place=1)
    return found


def arrived(office: Office, connection: Connection, row: Row, items: Sequence[Item]) -> None:
    """Tell of items that are new in a case, and decide unseen what was judged before."""
    office.tell("opened", connection, office.case(row), items)
    carry(office, connection, row, items)


def restand(office: Office, connection: Connection, row: Row) -> Row:
    """Let a case that is locked stand where its queue wants it; its tasks are placed with it."""
    changes = _standing(office, office.policy.queue(row["queue"]), row)
    connection.execute(update(review_case).where(review_case.c.id == row["id"]).values(changes))
    moved = {**row, **changes}
    office.place_tasks(connection, moved)
    return moved


def _open(office: Office, connection: Connection, key: str, opening: Opening, new: Sequence[NewItem]) -> str | None:
    now = office.now()
    queue = office.policy.queue_for(_traits(opening))
    due, why = _due(opening, queue, now)
    values = {
        "subject_kind": opening.subject_kind.value,
        "subject": opening.subject,
        "subject_key": key,
        "drill": opening.drill,
        "door": opening.door.value,
        "queue": queue.name,
        "severity": int(opening.severity),
        "category": opening.category,
        "event_class": opening.event_class,
        "jurisdiction": opening.jurisdiction,
        "items": len(new),
        "findings": 1,
        "found_at": now,
        "imminent": opening.imminent,
        "reach": opening.reach,
        "opened_at": now,
        "due_at": due,
        "due_why": why,
    }
    values |= _standing(office, queue, values)
    facts = {
        "items": len(new),
        "door": opening.door.value,
        "queue": queue.name,
        "severity": int(opening.severity),
        "category": opening.category,
    }
    row = new_case(office, connection, values, facts)
    if row is None:
        return None
    items = _add_items(connection, row, new, 0, now)
    arrived(office, connection, row, items)
    return str(row["id"])


def _join(
    office: Office, connection: Connection, row: Row, opening: Opening, known: Mapping[str, Sequence[Row]]
) -> str:
    now = office.now()
    here = {key for key, others in known.items() if any(other["case_id"] == row["id"] for other in others)}
    new = [each for each in opening.items if each.key not in here]
    changes = _merged(office, row, opening, now, new=bool(_further(connection, row, new)))
    if not new and all(row[name] == value for name, value in changes.items()):
        return str(row["id"])
    changes["items"] = row["items"] + len(new)
    facts = {"items": len(new), "door": opening.door.value, "severity": int(opening.severity)}
    moved = office.move(connection, row, EventKind.JOINED, facts=facts, changes=changes)
    items = _add_items(connection, row, new, row["items"], now)
    office.place_tasks(connection, moved)
    if items:
        arrived(office, connection, moved, items)
    return str(row["id"])


def _further(connection: Connection, row: Row, new: Sequence[NewItem]) -> list[NewItem]:
    """Return what is found beyond what the case knows: the bytes of what a notice told of are no other finding."""
    told = [each.parent for each in new if each.notice_id is not None and each.parent is not None]
    there: set[tuple[str | None, str | None]] = set()
    for keys in chunks(told):
        wanted = (review_item.c.case_id == row["id"], review_item.c.key.in_(keys))
        found = connection.execute(select(review_item.c.key, review_item.c.notice_id).where(*wanted))
        there |= {(each.key, each.notice_id) for each in found}
    return [each for each in new if each.notice_id is None or (each.parent, each.notice_id) not in there]


def _merged(office: Office, row: Row, opening: Opening, now: str, *, new: bool) -> dict[str, Any]:
    """Return what a case becomes when more is found: never less grave, never later due."""
    policy = office.policy
    incoming = policy.queue_for(_traits(opening))
    graver = opening.severity > row["severity"]
    changes: dict[str, Any] = {
        "imminent": bool(row["imminent"]) or opening.imminent,
        "reach": max(row["reach"], opening.reach),
    }
    if new:
        since = datetime.fromisoformat(now) - datetime.fromisoformat(row["found_at"])
        goes_on = since <= timedelta(hours=policy.weights.ongoing_hours)
        changes |= {"findings": row["findings"] + 1 if goes_on else 1, "found_at": now}
    if graver:
        changes |= {
            "severity": int(opening.severity),
            "category": opening.category,
            "event_class": opening.event_class,
            "jurisdiction": opening.jurisdiction or row["jurisdiction"],
        }
    elif row["jurisdiction"] is None and opening.jurisdiction is not None:
        changes["jurisdiction"] = opening.jurisdiction
    due, why = _due(opening, incoming, now)
    if row["due_at"] is None or due < row["due_at"]:
        changes |= {"due_at": due, "due_why": why}
    whole = {**row, **changes}
    queue = policy.queue(row["queue"])
    if CaseState.ESCALATED.value not in (row["state"], row["held_from"]):
        about = Traits(
            Door(row["door"]),
            Severity(whole["severity"]),
            whole["category"],
            whole["event_class"],
            bool(row["drill"]),
            whole["imminent"],
        )
        queue = min(incoming, queue, policy.queue_for(about), key=policy.queues.index)
        changes["queue"] = queue.name
    return changes | _standing(office, queue, whole)


def _standing(office: Office, queue: Queue, values: Mapping[Any, Any]) -> dict[str, Any]:
    standing = stand(
        office.policy.weights,
        queue,
        severity=Severity(values["severity"]),
        imminent=bool(values["imminent"]),
        findings=values["findings"],
        reach=values["reach"],
        opened_at=values["opened_at"],
        due_at=values["due_at"],
    )
    return {"points": standing.points, "turn": standing.turn, "why": _rows.encode(list(standing.why))}


def _traits(opening: Opening) -> Traits:
    return Traits(
        opening.door, opening.severity, opening.category, opening.event_class, opening.drill, opening.imminent
    )


def _due(opening: Opening, queue: Queue, now: str) -> tuple[str, str]:
    promised = to_iso(datetime.fromisoformat(now) + timedelta(minutes=queue.sla_minutes))
    if opening.due_at is not None:
        asked = to_iso(datetime.fromisoformat(opening.due_at))
        if asked < promised:
            return asked, f"the {opening.door.value} that led here is due then"
    return promised, f"{queue.ground} (queue {queue.name}, {_span(queue.sla_minutes)})"


def _span(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _open_row(connection: Connection, key: str, *, drill: bool) -> Row | None:
    mine = (review_case.c.subject_key == key, review_case.c.drill.is_(drill), review_case.c.open)
    return connection.execute(select(review_case).where(*mine).with_for_update()).mappings().first()


def _known(connection: Connection, key: str, opening: Opening) -> dict[str, list[Row]]:
    """Return the subject's items of the same keys, in whichever of its cases."""
    found: dict[str, list[Row]] = {}
    columns = (review_item.c.key, review_item.c.case_id, review_item.c.decision_id, review_item.c.notice_id)
    for keys in chunks([each.key for each in opening.items]):
        wanted = (
            select(*columns)
            .join(review_case, review_case.c.id == review_item.c.case_id)
            .where(
                review_item.c.key.in_(keys),
                review_case.c.subject_key == key,
                review_case.c.drill.is_(opening.drill),
            )
        )
        for row in connection.execute(wanted).mappings():
            found.setdefault(row["key"], []).append(row)
    return found


def _same(item: NewItem, other: Row) -> bool:
    """Whether an item is one that was handed in before, and not the same thing found once more."""
    return (item.decision_id, item.notice_id) == (other["decision_id"], other["notice_id"])


def _add_items(connection: Connection, row: Row, new: Sequence[NewItem], before: int, now: str) -> list[Item]:
    if not new:
        return []
    rows = [
        {
            "id": new_id(),
            "case_id": row["id"],
            "number": before + place,
            "key": item.key,
            "kind": item.kind.value,
            "added_at": now,
            "sha256": item.sha256,
            "vault": item.vault,
            "ref": item.ref,
            "decision_id": item.decision_id,
            "notice_id": item.notice_id,
            "parent": item.parent,
            "stage": item.stage,
            "evidence": _rows.encode(dict(item.evidence)),
        }
        for place, item in enumerate(new, 1)
    ]
    connection.execute(review_item.insert(), rows)
    return [_rows.item_of(each) for each in rows]
