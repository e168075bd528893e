"""What joined a case after its reviewer had begun goes on to a case of its own when the first one is decided.

So a subject that does not rest cannot keep its case from being decided, and nobody decides on what they never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from seawall.cases._office import Office
from seawall.cases._rows import Row
from seawall.cases.model import Door, Item, Severity
from seawall.cases.opening import arrived, new_case
from seawall.cases.policy import Traits
from seawall.cases.states import EventKind
from seawall.clock import to_iso
from seawall.store.errors import StoreLocked
from seawall.store.tables import review_case, review_item

_SAME = (
    "subject_kind", "subject", "subject_key", "drill", "door", "severity", "category", "event_class", "jurisdiction",
    "findings", "found_at", "imminent", "reach", "points", "turn", "why",
)  # fmt: skip


def split(office: Office, connection: Connection, case_id: str, rest: Sequence[Item]) -> str:
    """Move items of a case that was just decided to a new case of the same subject; return that case's id.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction, which holds the case.
        case_id: The case that was decided.
        rest: The items that nobody has judged.
    """
    case = connection.execute(select(review_case).where(review_case.c.id == case_id)).mappings().one()
    now = office.now()
    queue = office.policy.queue(_queue_before(office, case))
    promised = to_iso(datetime.fromisoformat(now) + timedelta(minutes=queue.sla_minutes))
    values = {name: case[name] for name in _SAME} | {
        "queue": queue.name,
        "items": len(rest),
        "opened_at": now,
        # Waiting that was endured in the first case counts in the second.
        "due_at": min(case["due_at"] or promised, promised),
        "due_why": case["due_why"] or queue.ground,
    }
    facts = {"items": len(rest), "from": case_id, "queue": queue.name, "severity": case["severity"]}
    made = new_case(office, connection, values, facts)
    if made is None:
        raise StoreLocked("another transaction opened a case of this subject at the same moment")
    for number, item in enumerate(rest, 1):
        moved = {"case_id": made["id"], "number": number}
        connection.execute(update(review_item).where(review_item.c.id == item.id).values(moved))
    left = {"items": case["items"] - len(rest)}
    office.move(connection, case, EventKind.SPLIT, facts={"to": made["id"], "items": len(rest)}, changes=left)
    arrived(office, connection, made, [replace(item, case_id=made["id"]) for item in rest])
    return str(made["id"])


def _queue_before(office: Office, case: Row) -> str:
    """Return where the case would wait had it not been escalated."""
    about = Traits(
        Door(case["door"]),
        Severity(case["severity"]),
        case["category"],
        case["event_class"],
        bool(case["drill"]),
        bool(case["imminent"]),
    )
    return office.policy.queue_for(about).name
