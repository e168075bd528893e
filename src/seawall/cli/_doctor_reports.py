"""What `seawall doctor` says of reports to authorities: whether any of them waits for somebody. Drills never do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from seawall.cli._doctor_found import Finding, Installation, Level, many, usable
from seawall.clock import to_iso

_MANY = 1000
_WAITS = timedelta(hours=24)
_DUE = ("approved", "filing")
_TURNS = ("needs_repair", "stopped", "paused")


def check_reports(found: Installation) -> Iterator[Finding]:
    """What must be reported is drafted, approved, and gets through."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.store.tables import authority_pause, report, report_draft

    ours = report.select().with_only_columns(report.c.id).where(report.c.drill.is_(False)).limit(_MANY)
    late = to_iso(found.clock() - _WAITS)
    asked = report_draft.select().with_only_columns(report_draft.c.id).limit(_MANY)
    bare = ~report.select().where(report.c.draft_id == report_draft.c.id).exists()
    with found.store().read() as connection:
        paused = connection.execute(authority_pause.select()).mappings().all()
        turns = len(connection.execute(ours.where(report.c.state.in_(_TURNS))).all())
        stuck = len(connection.execute(ours.where(report.c.alarms > 0, report.c.filed_at.is_(None))).all())
        waiting = len(connection.execute(ours.where(report.c.state == "draft", report.c.made_at < late)).all())
        unsent = len(connection.execute(ours.where(report.c.state.in_(_DUE), report.c.made_at < late)).all())
        fallen = report_draft.select().where(
            report_draft.c.id == report.c.draft_id, report_draft.c.withdrawn_at > report.c.filed_at
        )
        wrong = len(connection.execute(ours.where(fallen.exists())).all())
        stood = (report_draft.c.withdrawn_at.is_(None), report_draft.c.drill.is_(False), report_draft.c.at < late)
        missing = len(connection.execute(asked.where(*stood, bare)).all())
    for row in paused:
        detail = f"nothing is sent to {row['authority']} ({row['environment']}): {row['why']}"
        yield Finding(Level.PROBLEM, detail, "look why, then 'seawall authorities resume'")
    if turns:
        yield Finding(
            Level.PROBLEM, f"reports that wait for a person: {many(turns, _MANY)}", "see 'seawall reports ls'"
        )
    if stuck:
        yield Finding(
            Level.PROBLEM, f"reports that do not get through: {many(stuck, _MANY)}", "see 'seawall reports ls'"
        )
    if unsent:
        detail = f"reports that are approved, and not filed for over a day: {many(unsent, _MANY)}"
        yield Finding(Level.PROBLEM, detail, "'seawall authorities ls' says what stops them")
    if wrong:
        detail = f"reports that were filed, and whose decision fell since: {many(wrong, _MANY)}"
        yield Finding(Level.WARNING, detail, "tell the authority; a filed report cannot be taken back")
    if waiting:
        detail = f"reports that wait for approvals for over a day: {many(waiting, _MANY)}"
        yield Finding(Level.PROBLEM, detail, "see 'seawall reports ls --state draft'")
    if missing:
        detail = f"reports that were asked for a day ago, and that nobody drafted: {many(missing, _MANY)}"
        yield Finding(Level.PROBLEM, detail, "'seawall serve' drafts them, or 'seawall reports draft'")
    yield Finding(Level.OK, "none waits for somebody")
