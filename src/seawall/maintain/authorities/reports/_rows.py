"""Rows of reports, their answers, approvals and steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.maintain.authorities.filing import Answered, Call, Event, Intent, Lost, Resumed
from seawall.maintain.authorities.ncmec.codes import Meaning
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.reports.model import Approval, Report, ReportState
from seawall.store.tables import report, report_answer, report_approval, report_draft, report_item, report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = Mapping[Any, Any]


def find(connection: Connection, report_id: str, *, lock: bool = False) -> Row | None:
    """Return a report's row; with a lock, nobody else changes it until the transaction ends."""
    wanted = report.select().where(report.c.id == report_id)
    return connection.execute(wanted.with_for_update() if lock else wanted).mappings().first()


def rows(connection: Connection, *conditions: Any, limit: int | None = None, newest: bool = False) -> list[Row]:
    """Return rows of reports, in the order of their making."""
    wanted = report.select().where(*conditions).order_by(report.c.id.desc() if newest else report.c.id)
    return list(connection.execute(wanted.limit(limit) if limit is not None else wanted).mappings())


def change(connection: Connection, report_id: str, **values: Any) -> None:
    """Change columns of a report."""
    connection.execute(report.update().where(report.c.id == report_id).values(**values))


def draft_stands(connection: Connection, draft_id: str) -> bool:
    """Whether what asked for a report still stands; nobody withdraws it until the transaction ends."""
    wanted = report_draft.select().where(report_draft.c.id == draft_id).with_for_update()
    row = connection.execute(wanted).mappings().first()
    return row is not None and row["withdrawn_at"] is None


def to_report(connection: Connection, row: Row) -> Report:
    """Return a report as a value."""
    return Report(
        id=row["id"],
        case_id=row["case_id"],
        draft_id=row["draft_id"],
        authority=row["authority"],
        environment=EnvironmentName(row["environment"]),
        event_class=row["event_class"],
        state=ReportState(row["state"]),
        why=row["why"],
        edition=row["edition"],
        digest=row["digest"],
        documents=row["documents"],
        faults=row["faults"],
        score=row["score"],
        informational=bool(row["informational"]),
        imminent=bool(row["imminent"]),
        escalated=bool(row["escalated"]),
        viewed=bool(row["viewed"]),
        made_at=row["made_at"],
        filed_at=row["filed_at"],
        remote_id=row["remote_id"],
        complete=row["complete"],
        joined_to=row["joined_to"],
        due_at=row["due_at"],
        alarms=row["alarms"],
        approvals=tuple(approvals(connection, row)),
    )


def approvals(connection: Connection, row: Row) -> list[Approval]:
    """Return who approved the documents of a report as they are, the first first."""
    table = report_approval
    wanted = table.select().where(
        table.c.report_id == row["id"], table.c.digest == row["digest"], table.c.taken_back_at.is_(None)
    )
    found = connection.execute(wanted.order_by(table.c.at, table.c.person)).mappings()
    return [Approval(each["person"], each["via"], each["at"]) for each in found]


def answers(connection: Connection, report_id: str) -> dict[str, str]:
    """Return what people confirmed, the newest of each name: words as the id of their vault object."""
    table = report_answer
    wanted = table.select().where(table.c.report_id == report_id).order_by(table.c.number)
    return {row["name"]: row["value"] for row in connection.execute(wanted).mappings()}


def add_answer(connection: Connection, report_id: str, name: str, value: str, person: str, at: str) -> int:
    """Write down what somebody confirmed; return its number."""
    table = report_answer
    number = len(connection.execute(table.select().where(table.c.report_id == report_id)).all()) + 1
    row = {"report_id": report_id, "number": number, "name": name, "value": value, "person": person, "at": at}
    connection.execute(table.insert(), row)
    return number


def items(connection: Connection, row: Row) -> list[Row]:
    """Return the items of a report as it is, the gravest first."""
    table = report_item
    wanted = table.select().where(table.c.report_id == row["id"], table.c.edition == row["edition"])
    return list(connection.execute(wanted.order_by(table.c.number)).mappings())


def files(connection: Connection, row: Row) -> list[Row]:
    """Return those of which a file is sent, in the order of sending."""
    return sorted((each for each in items(connection, row) if each["file"] is not None), key=lambda each: each["file"])


def covered(connection: Connection, case_id: str, environment: str, before: str | None = None) -> set[str]:
    """Return the items of a case that reports stand for: all of them, or those that were made before one."""
    conditions = [report.c.case_id == case_id, report.c.environment == environment, report.c.standing]
    if before is not None:
        conditions.append(report.c.id < before)
    return {item["item_id"] for row in rows(connection, *conditions) for item in items(connection, row)}


def steps(connection: Connection, report_id: str) -> list[Row]:
    """Return the record of a filing, as rows."""
    table = report_step
    wanted = table.select().where(table.c.report_id == report_id).order_by(table.c.number)
    return list(connection.execute(wanted).mappings())


def add_step(connection: Connection, report_id: str, number: int, token: int, event: Event, **told: Any) -> None:
    """Write a step of a filing."""
    row: dict[str, Any] = {
        "report_id": report_id,
        "number": number,
        "at": to_iso(event.at),
        "token": token,
        **dict.fromkeys(
            ("call", "file", "digest", "meaning", "remote_report", "remote_file", "remote_files", "intact", "sent")
        ),
        **dict.fromkeys(("status", "code", "request_id", "reply", "person")),
    }
    match event:
        case Intent():
            row |= {"kind": "intent", "call": event.call.value, "file": event.file}
        case Answered():
            named = json.dumps(list(event.files)) if event.files is not None else None
            row |= {
                "kind": "answered",
                "meaning": event.meaning.value,
                "remote_report": event.report_id,
                "remote_file": event.file_id,
                "remote_files": named,
                "intact": event.intact,
            }
        case Lost():
            row |= {"kind": "lost", "sent": event.sent}
        case Resumed():
            row |= {"kind": "resumed"}
    connection.execute(report_step.insert(), row | told)


def event_of(row: Row) -> Event:
    """Return a step as filing reads it."""
    at = datetime.fromisoformat(row["at"])
    match row["kind"]:
        case "intent":
            return Intent(at, Call(row["call"]), row["file"])
        case "answered":
            named = row["remote_files"]
            return Answered(
                at,
                Meaning(row["meaning"]),
                row["remote_report"],
                row["remote_file"],
                bool(row["intact"]),
                tuple(json.loads(named)) if named is not None else None,
            )
        case "lost":
            return Lost(at, bool(row["sent"]))
        case _:
            return Resumed(at)


def events_of(found: Sequence[Row]) -> list[Event]:
    """Return steps as filing reads them."""
    return [event_of(row) for row in found]
