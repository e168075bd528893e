"""Drafting reports: for what was asked for and is not drafted, and anew from what is on record now."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from seawall.errors import SeawallError
from seawall.maintain.authorities.drafting import NothingReportable
from seawall.maintain.authorities.filing import Phase, fold
from seawall.maintain.authorities.reports import _rows
from seawall.maintain.authorities.reports.approving import approve_by_policy
from seawall.maintain.authorities.reports.making import Made
from seawall.maintain.authorities.reports.model import OVER, ReportState
from seawall.store.errors import StoreConflict
from seawall.store.ids import new_id
from seawall.store.tables import report, report_draft, review_case

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports._rows import Row
    from seawall.maintain.authorities.reports.book import Reports

_AGAIN = 300.0
"""So many seconds later, what could not be drafted is tried again."""
_SENT = frozenset({ReportState.FILED.value, ReportState.FILED_MANUALLY.value})


def draft_case(reports: Reports, case_id: str) -> list[str]:
    """Draft the reports of a case, or anew those that may change; return the ids of all of them."""
    with reports.store.read() as connection:
        asked = _asked(connection, report_draft.c.case_id == case_id)
    made: list[str] = []
    for each in asked:
        made += draft(reports, each)
    return made


def draft_due(reports: Reports, limit: int) -> int:
    """Draft what was asked for and has no report; and what joined a report that does not stand any more.

    What cannot be drafted, because its evidence cannot be read, keeps nothing else from being drafted; it is tried
    again after a while, and the doctor tells of it.
    """
    missing = ~report.select().where(report.c.draft_id == report_draft.c.id).exists()
    other = report.alias("other")
    gone = other.select().where(other.c.id == report.c.joined_to, ~other.c.standing)
    with reports.store.read() as connection:
        asked = _asked(connection, missing)
        orphaned = _rows.rows(connection, report.c.joined_to.is_not(None), gone.exists(), limit=limit)
        alone = [each for row in orphaned for each in _asked(connection, report_draft.c.id == row["draft_id"])]
    found = _withdraw(reports, limit)
    for each in (*asked, *alone):
        if found >= limit:
            break
        if reports.failed.get(each["id"], 0.0) > monotonic():
            continue
        try:
            found += len(draft(reports, each))
        except SeawallError:
            reports.failed[each["id"]] = monotonic() + _AGAIN
    if found:
        reports.ledger.append_pending()
    return found


def _withdraw(reports: Reports, limit: int) -> int:
    """Let reports go whose decision does not stand any more; what is open at the authority, whoever files retracts."""
    gone = report_draft.select().where(report_draft.c.id == report.c.draft_id, report_draft.c.withdrawn_at.is_not(None))
    quiet = [each.value for each in (ReportState.DRAFT, ReportState.APPROVED, ReportState.NEEDS_REPAIR)]
    with reports.store.read() as connection:
        found = _rows.rows(connection, report.c.state.in_(quiet), gone.exists(), limit=limit)
    done = 0
    for each in found:
        with reports.store.begin() as connection:
            row = _rows.find(connection, each["id"], lock=True)
            if row is None or row["state"] not in quiet or row["owner"] is not None:
                continue
            phase = fold(_rows.events_of(_rows.steps(connection, row["id"]))).phase
            if phase in (Phase.READY, Phase.NEEDS_REPAIR):
                withdrawn(reports, connection, row)
                done += 1
    return done


def withdrawn(reports: Reports, connection: Connection, row: Row) -> None:
    """Say that a report does not stand any more; nothing of it is open at the authority."""
    values = {"state": ReportState.WITHDRAWN.value, "standing": False, "why": None, "due_at": None}
    _rows.change(connection, row["id"], **values)
    _record(reports, connection, row["id"], "report.withdrawn", {"case": row["case_id"]})


def draft(reports: Reports, asked: Row) -> list[str]:
    """Draft the report that was asked for, and one that follows it if more was found since; return their ids.

    What another report of the case stands for is not reported again.
    """
    drill = bool(asked["drill"])
    with reports.store.read() as connection:
        there = _rows.rows(connection, report.c.draft_id == asked["id"])
        case = connection.execute(review_case.select().where(review_case.c.id == asked["case_id"])).mappings().one()
        said = _rows.covered(connection, asked["case_id"], reports.environment_of(drill).value)
    ids = [row["id"] for row in there]
    if there and there[-1]["state"] not in _SENT:
        refresh(reports, ids[-1])
        return ids
    made = _made(reports, asked["case_id"], case, {}, drill, without=said)
    if made is None and there:
        return ids
    try:
        with reports.store.begin() as connection:
            new = _open(reports, connection, asked, case, made, len(there))
    except StoreConflict:
        # Another process drafted it, or opened a report of the same evidence, at the same moment.
        return draft(reports, asked)
    return [*ids, new]


def refresh(reports: Reports, report_id: str) -> None:
    """Draft a report anew from what is on record now; what was approved is approved anew if it says something else.

    Raises:
        ReportBusy: If it is being filed at this moment.
    """
    with reports.store.read() as connection:
        row = _rows.find(connection, report_id)
        if row is None:
            return
        case = connection.execute(review_case.select().where(review_case.c.id == row["case_id"])).mappings().one()
        answers = _rows.answers(connection, report_id)
        said = _rows.covered(connection, row["case_id"], row["environment"], before=report_id)
    state = ReportState(row["state"])
    if state in OVER and state not in (ReportState.JOINED, ReportState.REFUSED):
        return
    made = _made(reports, row["case_id"], case, answers, bool(row["drill"]), without=said, but=report_id)
    with reports.store.begin() as connection:
        held = _rows.find(connection, report_id, lock=True)
        if held is None or held["edition"] != row["edition"]:
            return
        if ReportState(held["state"]) in OVER:
            _revive(reports, connection, held, made)
        else:
            edit(reports, connection, reports.changeable(connection, report_id), made)


def edit(reports: Reports, connection: Connection, row: Row, made: Made | None) -> bool:
    """Let a report say what was made of the records now; return whether that is something else than before.

    The caller holds the row.
    """
    if made is None:
        _rows.change(connection, row["id"], state=ReportState.REFUSED.value, standing=False, why="nothing_reportable")
        _record(reports, connection, row["id"], "report.refused", {"case": row["case_id"]})
        return True
    if made.digest == row["digest"]:
        return False
    edition = row["edition"] + 1
    values = made.columns()
    _rows.change(connection, row["id"], edition=edition, state=ReportState.DRAFT.value, why=None, due_at=None, **values)
    reports.maker.write_items(connection, made, row["id"], edition)
    _drafted(reports, connection, row["id"], made, edition)
    return True


def _open(reports: Reports, connection: Connection, asked: Row, case: Row, made: Made | None, follow_up: int) -> str:
    report_id = new_id()
    row: dict[str, Any] = {
        "id": report_id,
        "draft_id": asked["id"],
        "case_id": asked["case_id"],
        "authority": "ncmec",
        "environment": reports.environment_of(bool(asked["drill"])).value,
        "follow_up": follow_up,
        "drill": bool(asked["drill"]),
        "subject_key": case["subject_key"],
        "made_at": reports.now(),
        "edition": 1,
        "standing": True,
        "joined_to": None,
        "state": ReportState.DRAFT.value,
        "why": None,
        "alarms": 0,
        "token": 0,
    }
    if made is None:
        _open_empty(reports, connection, row)
        return report_id
    row |= made.columns()
    same = _same(connection, row, made)
    if same is not None:
        row |= {"state": ReportState.JOINED.value, "standing": False, "joined_to": same["id"]}
    connection.execute(report.insert(), row)
    reports.maker.write_items(connection, made, report_id, 1)
    _drafted(reports, connection, report_id, made, 1, joined=same["id"] if same is not None else None)
    return report_id


def _open_empty(reports: Reports, connection: Connection, row: dict[str, Any]) -> None:
    """Write down that what was asked for is in another report of the case already, or cannot be reported."""
    ours = (report.c.case_id == row["case_id"], report.c.environment == row["environment"], report.c.standing)
    other = _rows.rows(connection, *ours)
    nothing = {"documents": None, "digest": None, "faults": 0, "score": 0, "event_class": "none", "key": ""}
    row |= nothing | dict.fromkeys(("informational", "imminent", "escalated", "viewed", "standing"), False)
    if other:
        row |= {"state": ReportState.JOINED.value, "joined_to": other[-1]["id"]}
    else:
        row |= {"state": ReportState.REFUSED.value, "why": "nothing_reportable"}
    connection.execute(report.insert(), row)
    kind = "report.joined" if other else "report.refused"
    _record(reports, connection, row["id"], kind, {"case": row["case_id"], "joined": row["joined_to"]})


def _revive(reports: Reports, connection: Connection, row: Row, made: Made | None) -> None:
    """Let a report stand by itself again: the one that it joined does not stand, or something can be reported now."""
    joined = _rows.find(connection, row["joined_to"]) if row["joined_to"] is not None else None
    if joined is not None and joined["standing"]:
        return
    if made is None:
        values = {"state": ReportState.REFUSED.value, "why": "nothing_reportable", "joined_to": None}
        _rows.change(connection, row["id"], **values)
        return
    edition = row["edition"] + 1
    values = made.columns()
    if not _rows.draft_stands(connection, row["draft_id"]) or _same(connection, row, made) is not None:
        return
    _rows.change(
        connection,
        row["id"],
        edition=edition,
        state=ReportState.DRAFT.value,
        standing=True,
        joined_to=None,
        why=None,
        **values,
    )
    reports.maker.write_items(connection, made, row["id"], edition)
    _drafted(reports, connection, row["id"], made, edition)


def _drafted(
    reports: Reports, connection: Connection, report_id: str, made: Made, edition: int, joined: str | None = None
) -> None:
    body = {
        "case": made.facts.case.id,
        "edition": edition,
        "digest": made.digest,
        "event_class": made.facts.event_class.value,
        "drill": made.facts.case.drill,
        "joined": joined,
    }
    _record(reports, connection, report_id, "report.drafted", body)
    policy = reports.options.ncmec.approval
    if joined is None and policy.hash_only and made.plain:
        row = _rows.find(connection, report_id)
        if row is not None:
            approve_by_policy(reports, connection, row)


def _made(
    reports: Reports,
    case_id: str,
    case: Row,
    answers: dict[str, str],
    drill: bool,
    *,
    without: set[str],
    but: str = "",
) -> Made | None:
    with reports.store.read() as connection:
        environment = reports.environment_of(drill).value
        prior = reports.prior_of(connection, case["subject_key"], environment, but)
    try:
        return reports.maker.make(case_id, prior=prior, answers=answers, without=without)
    except NothingReportable:
        return None


def _asked(connection: Connection, *conditions: Any) -> list[Row]:
    wanted = report_draft.select().where(report_draft.c.withdrawn_at.is_(None), *conditions)
    return list(connection.execute(wanted.order_by(report_draft.c.at, report_draft.c.id)).mappings())


def _same(connection: Connection, row: Row, made: Made) -> Row | None:
    """Return the report that stands for the same evidence, if there is one."""
    key = made.columns()["key"]
    found = _rows.rows(
        connection,
        report.c.authority == row["authority"],
        report.c.environment == row["environment"],
        report.c.key == key,
        report.c.standing,
        report.c.id != row["id"],
    )
    return found[0] if found else None


def _record(reports: Reports, connection: Connection, report_id: str, kind: str, body: dict[str, Any]) -> None:
    reports.ledger.record(connection, kind, f"report/{report_id}/{new_id()}", {"report": report_id} | body)
