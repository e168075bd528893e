"""What `seawall cases show` tells of a case: who found what, who did what, and what follows.

Nothing of an item's content, no value that a hash list could hold, and no term that matched: ids, names, scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from seawall.cli._staff import called

if TYPE_CHECKING:
    from seawall.cases import CaseEvent, Cases, Effect
    from seawall.cases.model import Case, CaseDecision, Item
    from seawall.users import Users
    from seawall.vault.retention import Retention
    from seawall.vault.viewing import ViewingRecord

UNSAID = frozenset(
    {
        *("pdq", "vpdq", "pdqf", "md5", "sha1", "sha256", "sha512", "chroma", "hash", "hashes", "value", "digest"),
        *("term", "terms", "text", "excerpt", "snippet", "span", "spans", "words", "matched", "content", "title"),
    }
)
"""Names in evidence that are never printed, wherever they stand."""

_MOST_LINES = 40
_LONGEST = 120
_BEGINS = 12


def told(case_id: str, cases: Cases, retention: Retention, viewing: ViewingRecord) -> dict[str, Any]:
    """Return all of a case as plain JSON; people by their ids.

    Raises:
        NotFound: If there is no such case.
    """
    case = cases.get(case_id)
    labels: dict[str, list[str]] = {}
    for verdict in cases.verdicts(case_id):
        said = labels.setdefault(verdict.item_id, [])
        said += [verdict.label.value] if verdict.label.value not in said else []
    return {
        "case": of_case(case),
        "items": [_of_item(each, labels.get(each.id, []), viewing) for each in cases.items(case_id)],
        "decisions": [_of_decision(each) for each in cases.decisions(case_id)],
        "effects": [_of_effect(each) for each in cases.effects(case_id)],
        "events": [_of_event(each) for each in cases.events(case_id)],
        "related": [
            {"case": each.case_id, "state": each.state.value, "opened_at": each.opened_at, "why": each.why}
            for each in cases.related(case_id)
        ],
        "holds": [each.to_dict() for each in retention.standings(case=case_id)],
        "legal": list(cases.legal(case.state)),
        "follows_from_events": cases.verify(case_id),
    }


def of_case(case: Case) -> dict[str, Any]:
    """Return a case as plain JSON."""
    return {
        "id": case.id,
        "state": case.state.value,
        "queue": case.queue,
        "severity": case.severity.name.lower(),
        "category": case.category,
        "event_class": case.event_class,
        "door": case.door.value,
        "subject_kind": case.subject_kind.value,
        "subject": case.subject,
        "jurisdiction": case.jurisdiction,
        "drill": case.drill,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "due_why": case.due_why,
        "priority": round(case.priority, 3),
        "why": list(case.why),
        "assigned": case.assigned,
        "closed_at": case.closed_at,
        "version": case.version,
    }


def evidence_lines(evidence: Mapping[str, Any]) -> list[str]:
    """Return what detectors and lists said, a line for each name."""
    return list(islice(_lines("", evidence), _MOST_LINES))


def lines(shown: Mapping[str, Any], users: Users) -> Iterator[str]:
    """Yield what `told` tells as people read it; people by their pseudonyms."""
    case = shown["case"]
    yield f"{case['id']}  {case['state']}{'  DRILL' if case['drill'] else ''}"
    yield f"  {case['subject_kind']} {case['subject']}, by {case['door']}: {case['category']}, {case['severity']}"
    yield f"  queue {case['queue']}, opened {minute(case['opened_at'])}"
    if case["due_at"]:
        yield f"  due {minute(case['due_at'])}: {case['due_why']}"
    yield f"  priority {case['priority']:g}: {'; '.join(case['why'])}"
    if case["assigned"]:
        yield f"  kept for {called(users, case['assigned'])}"
    if not shown["follows_from_events"]:
        yield "  its state does not follow from its events: see docs/ledger.md"
    for part in (_item_lines, _decision_lines, _effect_lines, _event_lines, _rest_lines):
        yield from part(shown, users)


def minute(iso: str) -> str:
    """Return a moment as people read it."""
    return f"{iso[:10]} {iso[11:16]}"


def _item_lines(shown: Mapping[str, Any], _users: Users) -> Iterator[str]:
    yield f"items: {len(shown['items'])}"
    for each in shown["items"]:
        here = f"seen: {each['viewed']}" if each["viewed"] else "its bytes are not here"
        labels = ", ".join(each["labels"]) or "not judged"
        yield f"  {each['id']}  {each['kind']}  {labels}  {here}"
        for name in ("ref", "stage", "sha256", "decision", "notice", "parent"):
            if each[name]:
                yield f"    {name}: {each[name]}"
        for line in each["evidence"]:
            yield f"    {line}"


def _decision_lines(shown: Mapping[str, Any], users: Users) -> Iterator[str]:
    for each in shown["decisions"]:
        people = ", ".join(called(users, who) for who in (each["first"], each["second"]) if who)
        what = f"{each['outcome']} ({', '.join(each['effects']) or 'no effects'})"
        yield f"decision {each['id']}: {what} by {people}, {minute(each['at'])}, policy {each['policy'][:_BEGINS]}"


def _effect_lines(shown: Mapping[str, Any], _users: Users) -> Iterator[str]:
    for each in shown["effects"]:
        state = f"done {minute(each['done_at'])}" if each["done_at"] else f"waits since {minute(each['queued_at'])}"
        back = "takes back " if each["of"] else ""
        yield f"effect {each['id']}: {back}{each['kind']}, {state}"


def _event_lines(shown: Mapping[str, Any], users: Users) -> Iterator[str]:
    yield f"events: {len(shown['events'])}"
    for each in shown["events"]:
        who = f" by {called(users, each['person'])}" if each["person"] else ""
        reason = each["data"].get("reason")
        why = f": {reason}" if isinstance(reason, str) else ""
        yield f"  {each['number']:>3}  {minute(each['at'])}  {each['kind']} -> {each['state']}{who}{why}"


def _rest_lines(shown: Mapping[str, Any], _users: Users) -> Iterator[str]:
    for each in shown["related"]:
        yield f"related {each['case']}  {each['state']}: {each['why']}"
    for each in shown["holds"]:
        yield f"kept {each['object']}: {each['words']}"
    yield "now possible: " + (", ".join(shown["legal"]) or "nothing")


def _of_item(item: Item, labels: list[str], viewing: ViewingRecord) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind.value,
        "added_at": item.added_at,
        "ref": item.ref,
        "stage": item.stage,
        # Its beginning alone: of an item that is on a list, the whole digest is the list's.
        "sha256": f"{item.sha256[:_BEGINS]}…" if item.sha256 else None,
        "vault": item.vault,
        "decision": item.decision_id,
        "notice": item.notice_id,
        "parent": item.parent,
        "labels": labels,
        "viewed": viewing.viewed(item.vault).value if item.vault else None,
        "evidence": evidence_lines(item.evidence),
    }


def _of_decision(decision: CaseDecision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "outcome": decision.outcome.value,
        "effects": [each.value for each in decision.effects],
        "reasons": list(decision.reasons),
        "policy": decision.policy,
        "first": decision.first,
        "second": decision.second,
        "at": decision.at,
        "supersedes": decision.supersedes,
        "drill": decision.drill,
    }


def _of_effect(effect: Effect) -> dict[str, Any]:
    return {
        "id": effect.id,
        "decision": effect.decision_id,
        "kind": effect.kind.value,
        "item": effect.item_id,
        "of": effect.of,
        "host": effect.host,
        "queued_at": effect.queued_at,
        "done_at": effect.done_at,
    }


def _of_event(event: CaseEvent) -> dict[str, Any]:
    return {
        "number": event.number,
        "kind": event.kind.value,
        "at": event.at,
        "state": event.state.value,
        "person": event.person,
        "data": dict(event.data),
    }


def _lines(prefix: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, each in sorted(value.items()):
            if str(name).lower() not in UNSAID:
                yield from _lines(f"{prefix}{name} ", each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _lines(prefix, each)
    elif value is not None:
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)[:_LONGEST]
        shown = "".join(sign if sign.isprintable() else "?" for sign in shown)
        yield f"{prefix.strip()}: {shown}" if prefix else shown
