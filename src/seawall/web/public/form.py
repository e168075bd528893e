"""From the fields of the form to a notice, and from what is wrong with it to words beside the fields."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from seawall.deploy.notices import Category, Contact, NewNotice, NoticeObject, ObjectType, Relation
from seawall.deploy.notices.validation import place
from seawall.web.pages import Fields, Language, Wording

_Kind = TypeVar("_Kind", bound=StrEnum)

NAMES = {
    "contact.name": "name",
    "contact.email": "email",
    "contact.phone": "phone",
    "contact.address": "address",
    "take_it_down.signature": "signature",
}
"""Which field of the form stands for which of the notice."""
MORE = frozenset({"type", "relation", "text", "name", "email", "good_faith", "country"})
"""The fields that are folded away until they are needed."""
CATEGORIES = (
    Category.MINOR_SEXUAL_CONTENT,
    Category.GROOMING_SEXTORTION,
    Category.CHILD_IMAGE_MISUSED,
    Category.MINOR_IN_DANGER,
    Category.OTHER,
)


@dataclass(frozen=True, slots=True)
class Prefill:
    """What the service that links to the form says already.

    Attributes:
        subject: Where the thing is.
        type: What it is.
        country: Where the sender is.
    """

    subject: str = ""
    type: str = ""
    country: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Prefill:
        """Return what an address of the form says."""
        kind = query.get("type", "")
        return cls(
            query.get("subject", "").strip()[:2000],
            kind if kind in set(ObjectType) else "",
            query.get("country", "") if len(query.get("country", "")) == 2 else "",
        )


def new_nonce() -> str:
    """Return what makes sending one form twice one notice."""
    return secrets.token_hex(16)


def to_notice(fields: Fields, language: Language, *, take_it_down: bool) -> tuple[NewNotice | None, dict[str, str]]:
    """Return the notice of a form; None, and which field is wrong in what way, if it cannot be one.

    Args:
        fields: What was sent.
        language: Of the page.
        take_it_down: Whether it is the form for such a request.
    """
    category = Category.NCII_ADULT if take_it_down else _one(Category, fields.get("category"))
    if category is None:
        return None, {"category": "missing"}
    if take_it_down and fields.get("minor_involved") not in ("yes", "no"):
        return None, {"minor_involved": "missing"}
    notice = NewNotice(
        category=category,
        objects=_objects(fields),
        relation=_one(Relation, fields.get("relation")),
        minor_involved={"yes": True, "no": False}.get(fields.get("minor_involved")),
        imminent_danger=fields.get("imminent_danger") == "yes",
        text=fields.get("text"),
        contact=Contact(*(fields.get(each) or None for each in ("name", "email", "phone", "address"))),
        good_faith=fields.get("good_faith") == "yes",
        signature=fields.get("signature"),
        take_it_down=take_it_down,
        locale=language.code,
        country=fields.get("country").upper() or None,
        follow_up=fields.get("follow_up") == "yes",
        request_id=fields.get("once")[:64] or None,
    )
    return notice, {}


def error_words(problems: Mapping[str, str], wording: Wording, language: Language) -> dict[str, str]:
    """Return what is wrong in words, by field of the form, in the order of the page."""
    found: dict[str, str] = {}
    for field, kind in problems.items():
        name = NAMES.get(field, field.partition(".")[0])
        keys = (f"public.errors.{name}.{kind}", f"public.errors.{kind}", "public.errors.format")
        key = next(each for each in keys if wording.has(each, language))
        found.setdefault(name, wording.say(language, key))
    order = ("category", "subject", "minor_involved", "text", "good_faith", "signature", "name", "email")
    return {name: found[name] for name in sorted(found, key=lambda each: _rank(order, each))}


def choices(kind: type[StrEnum], prefix: str, say: Callable[[str], Any]) -> list[tuple[str, Any]]:
    """Return the values of an enumeration with their words."""
    return [(each.value, say(f"{prefix}.{each.value}")) for each in kind]


def _rank(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _one(kind: type[_Kind], value: str) -> _Kind | None:
    return kind(value) if value in set(kind) else None


def _objects(fields: Fields) -> tuple[NoticeObject, ...]:
    chosen = _one(ObjectType, fields.get("type"))
    found = []
    for line in fields.get("subject").splitlines():
        if line.strip():
            kind, location = place(line)
            found.append(NoticeObject(chosen or kind, location))
    return tuple(found)
