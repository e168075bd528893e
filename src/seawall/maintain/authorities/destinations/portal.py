"""The text for an authority without an API: what it asks for, and nothing else. No medium, and no reviewer's name.

A form or a letter is sent by a person, who says so with the reference that came back.
"""

from __future__ import annotations

from collections.abc import Iterator

from seawall.cases.model import SubjectKind
from seawall.maintain.authorities.destinations.routing import Destination
from seawall.maintain.authorities.drafting import CaseFacts, ItemFacts, ReportClass
from seawall.maintain.authorities.drafting.documents import address_of
from seawall.maintain.authorities.options import Contact

_EVERYTHING = ("priority", "danger", "account", "items", "places", "times")


def portal_text(destination: Destination, facts: CaseFacts, *, reporter: Contact, service: str | None) -> str:
    """Return what an authority is told, as a text.

    Args:
        destination: Who is told.
        facts: What is on record.
        reporter: Who reports: a role.
        service: What the service is called.
    """
    return "\n".join(_lines(destination, facts, reporter, service)) + "\n"


def _lines(destination: Destination, facts: CaseFacts, reporter: Contact, service: str | None) -> Iterator[str]:
    asks = _EVERYTHING if "everything" in destination.asks else destination.asks
    yield f"To: {destination.name}"
    yield f"From: {service or 'an online service'}, {', '.join(reporter.email) or 'no address on record'}"
    if facts.case.drill:
        yield "THIS IS A DRILL: nothing of it is real, and it is sent to nobody."
    if destination.covered_by is not None:
        yield f"Already reported: {destination.covered_by}; {destination.ground}"
    if "priority" in asks and destination.priority is not None:
        yield f"Priority: {destination.priority} ({destination.wording})"
    if "danger" in asks:
        yield f"Danger: {facts.answers.get('escalate') or 'a person has yet to say why'}"
    yield f"What: {_what(facts)}"
    if "times" in asks:
        yield f"When: {min(each.happened_at for each in facts.items)} (first record of it, UTC)"
    named = facts.case.subject_kind is SubjectKind.ACCOUNT and facts.event_class is not ReportClass.TRAINING_DATA_HIT
    if "account" in asks and named:
        yield f"Account: {facts.case.subject} (our own id of it)"
    if "places" in asks:
        found = dict.fromkeys(place for each in facts.items if (place := address_of(each)) is not None)
        yield from (f"Address: {place}" for place in found)
    if "items" in asks:
        for number, each in enumerate(facts.items, 1):
            yield from _item(number, each)


def _what(facts: CaseFacts) -> str:
    counts: dict[str, int] = {}
    for each in facts.items:
        name = f"{each.event_class.value}, {each.label.value}"
        counts[name] = counts.get(name, 0) + 1
    return "; ".join(f"{count} x {name}" for name, count in counts.items())


def _item(number: int, each: ItemFacts) -> Iterator[str]:
    yield f"Item {number}: {each.item.kind.value}, {each.label.value}"
    if each.item.sha256 is not None:
        yield f"  SHA-256: {each.item.sha256}"
    yield f"  Viewed by us: {each.viewed.value.replace('_', ' ')}"
    if each.kept is not None:
        yield f"  Kept: {each.kept.size} bytes, available by legal process"
