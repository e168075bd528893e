"""Looking again at what was decided unseen, once the verdict that it repeats is withdrawn: queued with that, done once.

What followed from the decision stands until something else is decided, as with every case that is judged anew. If
something else was said of the same in the meantime, that decides it, unseen as before. The verdict that was repeated is
looked at itself if an appeal showed it to be wrong of the same bytes: by people who had no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from seawall.cases import _rows
from seawall.cases._office import Office
from seawall.cases._rows import Row
from seawall.cases.carrying import carry
from seawall.cases.concluding import standing_decision
from seawall.cases.judging_anew import anew, deciders
from seawall.cases.model import CaseState
from seawall.cases.states import OPEN
from seawall.errors import SeawallError
from seawall.store.outbox import Outbox, enqueue_all
from seawall.store.tables import review_item, review_verdict

TOPIC = "case.look_again"
VERSION = 1
WHY = "a verdict that was repeated here unseen is withdrawn"
WHY_EQUAL = "an appeal about the same bytes in another case was right"


def queue_looks(connection: Connection, repeated: Sequence[tuple[str, str]], *, at: str) -> None:
    """Queue looks in the transaction that withdraws verdicts.

    Args:
        connection: The caller's transaction.
        repeated: Case, and verdict in it, that repeats a withdrawn one or is one.
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
            review_verdict.c.withdrawn_at.is_(None),
        )
        verdict = connection.execute(select(review_verdict).where(*mine)).mappings().first()
        if verdict is None:
            return
        if verdict["task_id"] is not None:
            _judge_anew(office, connection, case, verdict["round"])
            return
        connection.execute(update(review_verdict).where(*mine).values(withdrawn_at=office.now()))
        if CaseState(case["state"]) not in OPEN:
            case = anew(office, connection, case, None, WHY)
            # What was said instead holds here too, if anything was: then nobody has to look.
            item = (
                connection.execute(select(review_item).where(review_item.c.id == verdict["item_id"])).mappings().one()
            )
            carry(office, connection, case, [_rows.item_of(item)])


def _judge_anew(office: Office, connection: Connection, case: Row, round_: int) -> None:
    """Let others judge what people decided in a round, unless it was judged anew since, or is at this moment."""
    decision = standing_decision(connection, case["id"])
    if decision is not None and case["round"] == round_ and CaseState(case["state"]) not in OPEN:
        anew(office, connection, case, None, WHY_EQUAL, barred=deciders(connection, decision))
