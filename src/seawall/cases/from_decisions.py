"""What the guard stops becomes a case, in the transaction that records the decision: neither is there alone.

Decisions to allow cost nothing here. Cases hold what was decided and where the vault keeps the content; never the
content, nor which terms were in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from seawall.cases._office import chunks
from seawall.cases._openings import MOST_ITEMS
from seawall.cases.model import Door, ItemKind, NewItem, Opening, SubjectKind
from seawall.policy.guard import CheckKind, EventClass, GuardAction, Look
from seawall.store.tables import vault_object

if TYPE_CHECKING:
    from seawall.cases.book import Cases
    from seawall.decisions import DecisionRecord

DELIVERED = "delivered"
OTHER = "other"
"""Category of a decision that names none."""

_STOPPED = (GuardAction.REVIEW, GuardAction.BLOCK)
_WORDS = {"application/json": ItemKind.PROMPT}
_MEDIA = {"image": ItemKind.IMAGE, "video": ItemKind.VIDEO, "audio": ItemKind.AUDIO, "text": ItemKind.TEXT}
_KINDS = {CheckKind.INPUT: ItemKind.PROMPT, CheckKind.FINETUNE: ItemKind.MODEL}
_UNWORDLY = re.compile(r"[\s/\x00-\x1f\x7f]+")
_MOST = 50
_MOST_NAME = 200

Kept = Mapping[str, tuple[str, str | None]]
"""SHA-256 and media type of vault objects, by id."""


class CaseOpener:
    """Opens cases for what the guard stops; `settle` is a hook of `seawall.decisions.Recorder`.

    Put it after whatever writes strikes: accounts are locked before cases everywhere.

    Args:
        cases: The book of cases.
    """

    def __init__(self, cases: Cases) -> None:
        self._cases = cases

    def settle(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Open or join cases for decisions, within the transaction that records them."""
        stopped = [record for record in records if record.action in _STOPPED and _matters(record)]
        if not stopped:
            return
        kept = _kept(connection, [each for record in stopped for each in record.vault])
        groups: dict[tuple[Any, ...], list[DecisionRecord]] = {}
        for record in stopped:
            key = (record.account, record.drill, _category(record), _event(record), record.jurisdiction or "")
            groups.setdefault(key, []).append(record)
        # In one order everywhere, so that no two transactions wait for each other.
        for key in sorted(groups):
            for opening in self._openings(groups[key], kept):
                self._cases.open(connection, opening)

    def _openings(self, records: Sequence[DecisionRecord], kept: Kept) -> Iterator[Opening]:
        first = records[0]
        category, event = _category(first), _event(first) or None
        items = (item for record in records for item in _items(record, kept))
        while part := tuple(islice(items, MOST_ITEMS)):
            yield Opening(
                subject_kind=SubjectKind.ACCOUNT,
                subject=first.account,
                door=Door.GUARD,
                severity=self._cases.policy.guard_severity(category, event),
                category=category,
                items=part,
                event_class=event,
                drill=first.drill,
                jurisdiction=first.jurisdiction,
            )


def _matters(record: DecisionRecord) -> bool:
    """Whether people are to look at what was stopped."""
    judgement = record.judgement
    if record.action is GuardAction.REVIEW:
        return True
    return judgement is not None and (judgement.evidence or judgement.drill or judgement.strike is not None)


def _category(record: DecisionRecord) -> str:
    """Return why, as a word that cases take."""
    return _UNWORDLY.sub("-", record.category or OTHER)[:64] or OTHER


def _event(record: DecisionRecord) -> str:
    return record.event_class.value if record.event_class is not None else ""


def _kept(connection: Connection, ids: Sequence[str]) -> Kept:
    table = vault_object
    found: dict[str, tuple[str, str | None]] = {}
    for part in chunks(ids):
        wanted = select(table.c.id, table.c.sha256, table.c.media_type).where(table.c.id.in_(part))
        found |= {identity: (sha256, media_type) for identity, sha256, media_type in connection.execute(wanted)}
    return found


def _items(record: DecisionRecord, kept: Kept) -> Iterator[NewItem]:
    """Yield what a decision is about: each object that the vault keeps of it, or what was decided alone."""
    evidence = evidence_of(record)
    ref = record.generation_id or record.request_id
    stage = DELIVERED if record.event_class is EventClass.OUTPUT_DELIVERED else record.kind.value
    objects: Sequence[str | None] = record.vault or (None,)
    for each in objects:
        sha256, media_type = kept.get(each, (None, None)) if each is not None else (None, None)
        yield NewItem(
            key=f"decision/{record.id}" + (f"/{each}" if each is not None else ""),
            kind=_kind(record, media_type, kept=each is not None),
            sha256=sha256,
            vault=each,
            ref=ref,
            decision_id=record.id,
            stage=stage,
            evidence=evidence,
        )


def _kind(record: DecisionRecord, media_type: str | None, *, kept: bool) -> ItemKind:
    if media_type is not None:
        if media_type in _WORDS:
            # What was asked is one object: prompt, system and history together.
            return ItemKind.TEXT if record.kind is CheckKind.OUTPUT else ItemKind.PROMPT
        return _MEDIA.get(media_type.partition("/")[0], ItemKind.FILE)
    # Beside the words of a request, the vault keeps its attachments.
    return ItemKind.FILE if kept else _KINDS.get(record.kind, ItemKind.FILE)


def evidence_of(record: DecisionRecord) -> dict[str, Any]:
    """Return what detectors and lists said, for whoever looks: names, purposes and scores."""
    judgement, facts = record.judgement, record.facts
    said: dict[str, Any] = {
        "check": {
            "kind": record.kind.value,
            "action": record.action.value,
            "rules": [each[:_MOST_NAME] for each in record.reasons[:_MOST]],
            "policy": judgement.policy if judgement is not None else None,
            "surface": record.surface,
            "model": record.model,
            "checks": [[name[:_MOST_NAME], status[:_MOST_NAME]] for name, status in record.checks[:_MOST]],
        }
    }
    if facts is not None:
        look = facts.rehearsed if record.drill and facts.rehearsed is not None else facts.real
        said |= _seen(look)
        said["states"] = sorted(state.value for state in facts.states)
    return said


def _seen(look: Look) -> dict[str, Any]:
    matches = [
        {
            "list": each.list,
            "purpose": each.purpose,
            "type": each.type,
            "distance": each.distance,
            "exact": each.exact,
        }
        for each in look.matches[:_MOST]
    ]
    graded = sorted(look.scores.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    parts = sorted(look.parts.items())[:_MOST]
    return {
        "matches": matches,
        "scores": {name[:_MOST_NAME]: round(score, 4) for name, score in graded},
        "partition": look.partition.value,
        "parts": {name[:_MOST_NAME]: side.value for name, side in parts},
    }
