"""A case, its decisions and its events in rows of words: what pages show beside items."""

from __future__ import annotations

from seawall.cases import CaseEvent
from seawall.cases.model import Case, CaseDecision
from seawall.web.review import views
from seawall.web.review.console import Console

Rows = list[tuple[str, str]]


def case_rows(case: Case, t: views.Words) -> Rows:
    """Return what a case is about."""
    told_of = [
        ("subject", f"{t(f'review.subject.{case.subject_kind.value}')} {case.subject}"),
        ("door", t(f"review.doors.{case.door.value}")),
        ("category", case.category),
        ("severity", t(f"review.severity.{int(case.severity)}")),
        ("queue", case.queue),
        ("opened", views.moment(case.opened_at)),
        ("due", f"{views.moment(case.due_at)} · {case.due_why}" if case.due_at else None),
        ("priority", " · ".join(case.why)),
    ]
    return [(t(f"review.case.{name}"), value) for name, value in told_of if value]


def decision_rows(decision: CaseDecision, console: Console, t: views.Words) -> Rows:
    """Return what a case came to, and by whom, under their pseudonyms."""
    people = [decision.first, *([decision.second] if decision.second else [])]
    rows = [
        ("outcome", t(f"review.outcome.{decision.outcome.value}")),
        ("effects", ", ".join(t(f"review.effect.{each.value}") for each in decision.effects) or "–"),
        ("reasons", ", ".join(decision.reasons) or "–"),
        ("people", ", ".join(console.name_of(each) for each in people)),
        ("at", views.moment(decision.at)),
        ("policy", decision.policy[:12]),
        ("supersedes", views.short(decision.supersedes) if decision.supersedes else None),
    ]
    return [(t(f"review.case.{name}"), value) for name, value in rows if value]


def event_row(event: CaseEvent, console: Console, t: views.Words) -> dict[str, str | None]:
    """Return what happened to a case."""
    reason = event.data.get("reason")
    return {
        "words": t(f"review.events.{event.kind.value}"),
        "at": event.at,
        "actor": console.name_of(event.person) if event.person else None,
        "reason": str(reason) if isinstance(reason, str) else None,
    }
