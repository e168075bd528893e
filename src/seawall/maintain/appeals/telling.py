"""What the host is told when an appeal ends: ids and a moment, queued with it. Whoever appealed reads the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.accounts.effects import TOPIC, VERSION
from seawall.cases.model import Case, SubjectKind
from seawall.maintain.appeals.model import Appeal, AppealState, Party
from seawall.store.outbox import enqueue, message_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

TYPE = "appeal.decided"


def tell_host(connection: Connection, appeal: Appeal, case: Case, state: AppealState, at: str) -> str:
    """Queue what the host is told of an appeal that ended, in the caller's transaction; return the message's id.

    It goes the way of what accounts may do, in the account's lane: the host hears it in order.
    """
    key = f"appeal/{appeal.id}"
    known = case.subject_kind is SubjectKind.ACCOUNT and appeal.party is Party.ACCOUNT
    account = case.subject if known else None
    payload = {
        "v": VERSION,
        "id": message_id(TOPIC, key),
        "type": TYPE,
        "account": account,
        "decision_id": appeal.decision_id,
        "sequence": 0,
        "restriction": None,
        "appeal": {"id": appeal.id, "party": appeal.party.value, "state": state.value, "notice": appeal.notice_id},
        "at": at,
        "drill": appeal.drill,
    }
    return enqueue(connection, TOPIC, key, payload, at=at, lane=account)
