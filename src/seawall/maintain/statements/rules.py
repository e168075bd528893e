"""The rules of the DSA Transparency Database as one table: each field, and what must be true of it.

The table is data: `validation` reads it, and the documentation is checked against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from seawall.maintain.statements import values

FIRST_CONTENT = date(2000, 1, 1)
FIRST_APPLICATION = date(2020, 1, 1)
LAST = date(2038, 1, 1)


class Shape(StrEnum):
    """What a field holds."""

    ONE = "one"
    """One of the allowed words."""
    MANY = "many"
    """A list of allowed words, none twice."""
    TEXT = "text"
    DATE = "date"
    """`YYYY-MM-DD`."""
    WEB = "web"
    """An address with http or https."""
    PUID = "puid"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class When:
    """A condition: that a field holds one of some words.

    Attributes:
        field: Which field.
        words: One of these.
    """

    field: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What must be true of a field.

    Attributes:
        shape: What it holds.
        allowed: The allowed words.
        most: Most characters, of a text.
        required: Whether it must be there.
        when: It must be there if this holds.
        only: It must not be there unless this holds.
        earliest: Of a date.
        latest: Of a date.
        after: It must not lie before the date in this field.
        needs: It must not be there unless one of these fields is.
        free: Whether people may have written it, so that it is read for personal data.
    """

    shape: Shape
    allowed: frozenset[str] = frozenset()
    most: int = 0
    required: bool = False
    when: When | None = None
    only: When | None = None
    earliest: date | None = None
    latest: date | None = LAST
    after: str | None = None
    needs: tuple[str, ...] = ()
    free: bool = False


def _one(allowed: frozenset[str], *, required: bool = False) -> Rule:
    return Rule(Shape.ONE, allowed, required=required)


def _many(allowed: frozenset[str], *, required: bool = False) -> Rule:
    return Rule(Shape.MANY, allowed, required=required)


def _text(most: int, *, required: bool = False, when: When | None = None, only: When | None = None) -> Rule:
    return Rule(Shape.TEXT, most=most, required=required, when=when, only=only, free=True)


def _other(field: str, word: str) -> Rule:
    wanted = When(field, frozenset({word}))
    return _text(500, when=wanted, only=wanted)


def _ground(most: int, ground: str) -> Rule:
    wanted = When("decision_ground", frozenset({ground}))
    return _text(most, when=wanted, only=wanted)


def _end(*needs: str) -> Rule:
    return Rule(Shape.DATE, earliest=FIRST_APPLICATION, after="application_date", needs=needs)


_INCOMPATIBLE = When("decision_ground", frozenset({values.INCOMPATIBLE}))

DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
"""At least one of them must be there."""

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "decision_visibility": _many(values.VISIBILITY),
        "decision_visibility_other": _other("decision_visibility", "DECISION_VISIBILITY_OTHER"),
        "decision_monetary": _one(values.MONETARY),
        "decision_monetary_other": _other("decision_monetary", "DECISION_MONETARY_OTHER"),
        "decision_provision": _one(values.PROVISION),
        "decision_account": _one(values.ACCOUNT),
        "account_type": _one(values.ACCOUNT_TYPE),
        "decision_ground": _one(values.GROUND, required=True),
        "decision_ground_reference_url": Rule(Shape.WEB, most=500, free=True),
        "illegal_content_legal_ground": _ground(500, values.ILLEGAL),
        "illegal_content_explanation": _ground(2000, values.ILLEGAL),
        "incompatible_content_ground": _ground(500, values.INCOMPATIBLE),
        "incompatible_content_explanation": _ground(2000, values.INCOMPATIBLE),
        "incompatible_content_illegal": Rule(Shape.ONE, values.YES_NO, only=_INCOMPATIBLE),
        "content_type": _many(values.CONTENT_TYPE, required=True),
        "content_type_other": _other("content_type", "CONTENT_TYPE_OTHER"),
        "category": _one(values.CATEGORY, required=True),
        "category_addition": _many(values.CATEGORY),
        "category_specification": _many(values.KEYWORD),
        "category_specification_other": _text(500, only=When("category_specification", frozenset({"KEYWORD_OTHER"}))),
        "content_id": Rule(Shape.PAIRS, frozenset({"EAN-13"})),
        "territorial_scope": _many(values.TERRITORY, required=True),
        "content_language": Rule(Shape.ONE),
        "content_date": Rule(Shape.DATE, required=True, earliest=FIRST_CONTENT),
        "application_date": Rule(Shape.DATE, required=True, earliest=FIRST_APPLICATION),
        "end_date_visibility_restriction": _end("decision_visibility"),
        "end_date_monetary_restriction": _end("decision_monetary"),
        "end_date_service_restriction": _end("decision_provision"),
        "end_date_account_restriction": _end("decision_account"),
        "decision_facts": _text(5000, required=True),
        "source_type": _one(values.SOURCE, required=True),
        "source_identity": _text(500, only=When("source_type", values.SOURCE - {"SOURCE_VOLUNTARY"})),
        "automated_detection": _one(values.YES_NO, required=True),
        "automated_decision": _one(values.AUTOMATED_DECISION, required=True),
        "puid": Rule(Shape.PUID, most=500, required=True),
    }
)
"""All fields that the database takes. What is not here is refused."""
