"""From a notice to the cases that it opens or joins: one for each account, else one for the place it tells of.

Equal objects have equal keys, so a hundred notices of one object are one item of one case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seawall.cases.model import Door, ItemKind, NewItem, Opening, SubjectKind
from seawall.deploy.notices import _rows
from seawall.deploy.notices.model import (
    CASE_CATEGORY,
    ITEM_KIND,
    SEVERITY,
    Category,
    Lane,
    NewNotice,
    NoticeObject,
    ObjectType,
)
from seawall.deploy.notices.validation import normalised

if TYPE_CHECKING:
    from sqlalchemy import Connection


class CaseBook(Protocol):
    """Opens cases; `seawall.cases.Cases` does."""

    def open(self, connection: Connection, opening: Opening) -> str:
        """Join or open the case of a subject, in the caller's transaction; return its id."""
        ...

    def escalate(self, case_id: str, person: str, reason: str) -> object:
        """Hand a case to whoever decides on escalations."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose case it is."""

    kind: SubjectKind
    name: str


@dataclass(frozen=True, slots=True)
class Received:
    """What a notice came to, before its cases are known.

    Attributes:
        id: Of the notice.
        notice: The notice.
        lane: Which way it goes.
        weight: What it weighs.
        due_at: When it is to be decided.
        content: Vault object with its words.
        flagger: Id of the flagger.
    """

    id: str
    notice: NewNotice
    lane: Lane
    weight: float
    due_at: str
    content: str | None
    flagger: str | None


def object_key(each: NoticeObject) -> str:
    """Return the digest under which equal objects are one."""
    said = (each.kind.value, normalised(each.location), each.part or "")
    # An address and "something at that address" are one place, whatever the sender calls it.
    loose = ("", *said[1:]) if each.kind in (ObjectType.LINK, ObjectType.OTHER) else said
    return hashlib.sha256("\0".join(("seawall-notice-object", *loose)).encode("utf-8", "surrogatepass")).hexdigest()


def item_key(key: str) -> str:
    """Return the key of the item of an object."""
    return f"notice/{key}"


def subjects(connection: Connection, received: Received) -> dict[Subject, list[int]]:
    """Return whose cases a notice opens, with the numbers of its objects."""
    found: dict[Subject, list[int]] = {}
    homeless: list[int] = []
    for number, each in enumerate(received.notice.objects):
        account = each.account or (each.location if each.kind is ObjectType.ACCOUNT else None)
        if account is not None:
            found.setdefault(Subject(SubjectKind.ACCOUNT, account), []).append(number)
        else:
            homeless.append(number)
    if homeless:
        keys = [object_key(received.notice.objects[number]) for number in homeless]
        known = _rows.open_subject(connection, keys)
        kind, name = known if known is not None else (SubjectKind.SOURCE.value, f"notice:{keys[0][:32]}")
        found.setdefault(Subject(SubjectKind(kind), name), []).extend(homeless)
    if not found:
        found[Subject(SubjectKind.SOURCE, f"notice:{received.id}")] = []
    return found


def opening(received: Received, subject: Subject, numbers: Sequence[int]) -> Opening:
    """Return what is handed to the cases."""
    notice = received.notice
    category = notice.category
    if category is Category.OTHER and notice.child_safety:
        category = Category.MINOR_IN_DANGER
    items = tuple(_item(received, notice.objects[number]) for number in numbers)
    if not items:
        words = NewItem(
            f"notice-words/{received.id}", ItemKind.TEXT, vault=received.content, notice_id=received.id,
            evidence=_evidence(received),
        )  # fmt: skip
        items = (words,)
    return Opening(
        subject_kind=subject.kind,
        subject=subject.name,
        door=Door.NOTICE,
        severity=SEVERITY[category],
        category="canary" if notice.drill else CASE_CATEGORY[category],
        items=items,
        event_class="user_report" if received.lane is Lane.USER else "trusted_notice",
        drill=notice.drill,
        jurisdiction=notice.country,
        due_at=received.due_at,
        imminent=notice.imminent_danger,
    )


def _item(received: Received, each: NoticeObject) -> NewItem:
    ref = each.location if each.part is None else f"{each.location} ({each.part})"
    return NewItem(
        item_key(object_key(each)), ITEM_KIND[each.kind], ref=ref, notice_id=received.id, evidence=_evidence(received)
    )


def _evidence(received: Received) -> dict[str, Any]:
    notice = received.notice
    said: dict[str, Any] = {
        "lane": received.lane.value,
        "category": notice.category.value,
        "relation": notice.relation.value if notice.relation else None,
        "minor_involved": notice.minor_involved,
        "weight": round(received.weight, 3),
        "words": received.content,
    }
    return {"notice": said}
