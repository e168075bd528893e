"""Looking again at what was decided unseen, once the verdict that it repeats is withdrawn: queued with that, done once.

What followed from the decision stands until something else is decided, as with every case that is judged anew. If
something else was said of the same in the meantime, that decides it, unseen as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from seawall.cases import _rows, steering
from seawall.cases._office import Office
from seawall.cases.carrying import carry
from seawall.cases.model import CaseState
from seawall.cases.states import OPEN
from seawall.errors import SeawallError
from seawall.store.outbox import Outbox, enqueue_all
from seawall.store.tables import review_item, review_verdict

TOPIC = "case.look_again"
VERSION = 1
WHY = "a verdict that was repeated here unseen is withdrawn"


def queue_looks(connection: Connection, repeated: Sequence[tuple[str, str]], *, at: str) -> None:
    """Queue looks in the transaction that withdraws verdicts.

    Args:
        connection: The caller's transaction.
        repeated: Case, and verdict in it, that repeats a withdrawn one.
        at: The moment.
    """
    messages = [
        (f"verdict/{verdict}", case, {"v": VERSION, "kind": "look_again", "case": case, "verdict": verdict})
        for case, verdict in repeated
    ]
    enqueue_all(connection, TOPIC, messages, at=at)


def look_again(office: Office, outbox: Outbox, limit: int = 100) -> int:
    """Ask people about items that were decided unseen, as far as it is queued; return how many looks were due.

    A case that cannot be judged anew now, because it is appealed or its subject has another open one, is tried again.

    Args:
        office: Where cases are kept.
        outbox: Where looks wait.
        limit: How many at most.
    """
    done = 0
    while done < limit and (lease := outbox.lease(TOPIC)) is not None:
        done += 1
        try:
            _ask(office, lease.message.payload)
        except SeawallError as problem:
            outbox.failed(lease, problem.code)
        else:
            outbox.delivered(lease)
    return done


def _ask(office: Office, payload: Mapping[str, Any]) -> None:
    with office.store.begin() as connection:
        case = office.locked(connection, payload["case"])
        mine = (
            review_verdict.c.id == payload["verdict"],
            review_verdict.c.case_id == case["id"],
            review_verdict.c.task_id.is_(None),
            review_verdict.c.withdrawn_at.is_(None),
        )
        item_id = connection.execute(select(review_verdict.c.item_id).where(*mine)).scalar()
        if item_id is None:
            return
        connection.execute(update(review_verdict).where(*mine).values(withdrawn_at=office.now()))
        if CaseState(case["state"]) not in OPEN:
            case = steering.anew(office, connection, case, None, WHY)
            # What was said instead holds here too, if anything was: then nobody has to look.
            item = connection.execute(select(review_item).where(review_item.c.id == item_id)).mappings().one()
            carry(office, connection, case, [_rows.item_of(item)])
