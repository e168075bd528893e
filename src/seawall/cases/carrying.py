"""See it once: what was judged before arrives decided and unseen, and a case of nothing else is decided by that.

Nobody is asked to look, and the account gets no strike by it: that takes a person.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select

from seawall.cases import _rows, tasks
from seawall.cases._office import Office, open_tasks
from seawall.cases._rows import Row
from seawall.cases.concluding import conclude
from seawall.cases.model import CaseDecision, CaseState, EffectKind, Item, Outcome, Verdict
from seawall.store.ids import new_id
from seawall.store.tables import case_decision, review_item, review_verdict

_GRAVEST = (Outcome.REPORTABLE, Outcome.NOT_REPORTABLE, Outcome.DUPLICATE, Outcome.NO_VIOLATION)


def carry(office: Office, connection: Connection, case: Row, items: Sequence[Item]) -> CaseDecision | None:
    """Give items that are new in a case the verdicts that they have unseen; return the decision if that makes one.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction, which holds the case.
        case: The case.
        items: What is new in it.
    """
    if office.judged is None:
        return None
    about = office.case(case)
    found = [verdict for item in items if (verdict := office.judged.apply(connection, about, item)) is not None]
    if not found:
        return None
    connection.execute(review_verdict.insert(), [_rows.verdict_row(each, case["round"]) for each in found])
    if not office.policy.carries or case["state"] != CaseState.NEW.value:
        return None
    return _decide(office, connection, case)


def _decide(office: Office, connection: Connection, case: Row) -> CaseDecision | None:
    rows = connection.execute(select(review_item).where(review_item.c.case_id == case["id"])).mappings().all()
    mine = (
        review_verdict.c.case_id == case["id"],
        review_verdict.c.task_id.is_(None),
        review_verdict.c.withdrawn_at.is_(None),
    )
    verdicts = [_rows.verdict_of(row) for row in connection.execute(select(review_verdict).where(*mine)).mappings()]
    if len(verdicts) < len(rows):
        return None
    before = [_decision_behind(connection, each) for each in verdicts]
    known = [each for each in before if each is not None]
    if len(known) < len(before):
        # What nothing was decided on cannot decide: a person is asked after all.
        return None
    outcome = next(each for each in _GRAVEST if any(row["outcome"] == each.value for row in known))
    wanted = {kind for row in known for kind in _rows.effects_of(row["effects"])} & office.policy.carried_effects
    wanted -= {EffectKind.STRIKE}
    if outcome is Outcome.REPORTABLE:
        # Another upload of the same is another event, and reported as one.
        wanted |= {EffectKind.REPORT_DRAFT}
    else:
        wanted -= {EffectKind.REPORT_DRAFT}
    for task in open_tasks(connection, case["id"]):
        tasks.end(connection, task["id"], at=office.now(), ended="withdrawn")
    gravest = next(row for row in known if row["outcome"] == outcome.value)
    return conclude(
        office,
        connection,
        case,
        decision_id=new_id(),
        ground="carried",
        outcome=outcome,
        effects=[each for each in EffectKind if each in wanted],
        reasons=tuple(dict.fromkeys(reason for row in known for reason in json.loads(row["reasons"]))),
        first=gravest["first"],
        second=gravest["second"],
        person=None,
        items=[_rows.item_of(row) for row in rows],
        labels={each.item_id: each.label for each in verdicts},
        verdicts=verdicts,
    )


def _decision_behind(connection: Connection, verdict: Verdict) -> Row | None:
    """Return the decision of the case in which the verdict was given that this one repeats, if it still stands."""
    later = case_decision.alias("later")
    wanted = (
        select(case_decision)
        .join(review_verdict, review_verdict.c.case_id == case_decision.c.case_id)
        .outerjoin(later, later.c.supersedes == case_decision.c.id)
        .where(review_verdict.c.id == verdict.of, later.c.id.is_(None))
    )
    return connection.execute(wanted).mappings().first()
