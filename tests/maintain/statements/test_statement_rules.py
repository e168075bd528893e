"""The rules of the Transparency Database: what it takes, what it refuses, and that nothing slips between."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.maintain.statements import RULES, Shape, StatementInvalid, expect_valid, faults
from seawall.maintain.statements import values as words

GOOD: dict[str, Any] = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "incompatible_content_ground": "Terms, clause 4.",
    "incompatible_content_explanation": "The terms do not allow it.",
    "content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
    "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
    "territorial_scope": ["DE", "NO"],
    "content_date": "2026-02-28",
    "application_date": "2026-03-02",
    "decision_facts": "One item was found by automated means and decided by people.",
    "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "Yes",
    "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    "puid": "seawall-0123",
}
NOTHING = st.sampled_from([None, "", [], (), {}, "  "])


def rules(payload: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(each.field, each.rule) for each in faults(payload)}


def text_of(rule: Any) -> st.SearchStrategy[str]:
    return st.text("abc äß漢\n", min_size=1, max_size=min(rule.most, 300)).filter(lambda text: bool(text.strip()))


def days(first: date, last: date = date(2037, 12, 31)) -> st.SearchStrategy[str]:
    return st.dates(first, last).map(date.isoformat)


def named(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement that the database takes, as its documentation reads."""
    made: dict[str, Any] = {}
    chosen = draw(
        st.sets(
            st.sampled_from(["decision_visibility", "decision_monetary", "decision_provision", "decision_account"]),
            min_size=1,
        )
    )
    for name in ("category", "content_type", "territorial_scope", "source_type", "automated_detection",
                 "automated_decision", "decision_ground", *sorted(chosen)):  # fmt: skip
        rule = RULES[name]
        pick = st.sampled_from(sorted(rule.allowed))
        made[name] = draw(pick if rule.shape is Shape.ONE else st.lists(pick, min_size=1, unique=True))
    for name in ("category_addition", "category_specification"):
        if draw(st.booleans()):
            made[name] = draw(
                st.lists(st.sampled_from(sorted(RULES[name].allowed)), min_size=1, max_size=5, unique=True)
            )
    for name, rule in RULES.items():
        wanted = rule.when or rule.only
        holds = wanted is not None and bool(wanted.words & named(made.get(wanted.field)))
        if rule.shape is Shape.TEXT and (rule.required or (holds and (rule.when is not None or draw(st.booleans())))):
            made[name] = draw(text_of(rule))
    if made["decision_ground"] == words.INCOMPATIBLE and draw(st.booleans()):
        made["incompatible_content_illegal"] = draw(st.sampled_from(["Yes", "No"]))
    made["content_date"] = draw(days(date(2000, 1, 1)))
    made["application_date"] = draw(days(date(2020, 1, 1)))
    for name, rule in RULES.items():
        if rule.after is not None and set(rule.needs) & chosen and draw(st.booleans()):
            made[name] = draw(days(date.fromisoformat(made["application_date"]), date(2038, 1, 1)))
    made["puid"] = draw(st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True))
    return made


@settings(max_examples=40)
@given(statements())
def test_what_the_documentation_allows_is_taken(statement: dict[str, Any]) -> None:
    assert faults(statement) == []


@settings(max_examples=40)
@given(statements(), st.data())
def test_whatever_is_required_cannot_be_left_out(statement: dict[str, Any], data: st.DataObject) -> None:
    required = [name for name, rule in RULES.items() if rule.required or (rule.when and name in statement)]
    name = data.draw(st.sampled_from(required))
    without = statement | {name: data.draw(NOTHING)}
    assert (name, "required") in rules(without)
    with pytest.raises(StatementInvalid, match=name):
        expect_valid(without)


@settings(max_examples=40)
@given(statements(), st.data())
def test_no_other_word_is_taken(statement: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(sorted(name for name, rule in RULES.items() if rule.allowed and name in statement))
    )
    word = data.draw(st.text(min_size=1).filter(lambda text: text.strip() and text not in RULES[name].allowed))
    many = RULES[name].shape is Shape.MANY
    assert (name, "word") in rules(statement | {name: [word] if many else word})


@settings(max_examples=40)
@given(statements(), st.data())
def test_no_text_is_longer_than_the_database_takes(statement: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name, rule in RULES.items() if rule.most and name in statement)))
    most = RULES[name].most
    assert (name, "length") not in rules(statement | {name: "x" * most})
    assert (name, "length") in rules(statement | {name: "x" * (most + 1)})


@settings(max_examples=40)
@given(statements(), st.data())
def test_a_text_of_another_ground_is_refused(statement: dict[str, Any], data: st.DataObject) -> None:
    alone = [name for name, rule in RULES.items() if rule.only is not None and rule.shape is Shape.TEXT]
    name = data.draw(st.sampled_from(sorted(set(alone))))
    condition = RULES[name].only
    assert condition is not None
    other = {
        "decision_ground": words.GROUND,
        "source_type": words.SOURCE,
    }.get(condition.field, frozenset()) - condition.words
    changed = dict(statement)
    if other:
        changed[condition.field] = sorted(other)[0]
    else:
        changed.pop(condition.field, None)
    assert (name, "misplaced") in rules(changed | {name: "words"})


@settings(max_examples=40)
@given(statements(), st.sampled_from([name for name, rule in RULES.items() if rule.after]), st.integers(1, 4000))
def test_nothing_ends_before_it_begins(statement: dict[str, Any], name: str, days_before: int) -> None:
    start = date.fromisoformat(statement["application_date"])
    assert (name, "order") in rules(statement | {name: (start - timedelta(days=days_before)).isoformat()})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"content_date": "1999-12-31"}, ("content_date", "early")),
        ({"application_date": "2019-12-31"}, ("application_date", "early")),
        ({"content_date": "2038-01-02"}, ("content_date", "late")),
        ({"content_date": "2026-02-29"}, ("content_date", "date")),
        ({"content_date": "2026-2-1"}, ("content_date", "date")),
        ({"content_date": "٢٠٢٦-٠٢-٠١"}, ("content_date", "date")),
        ({"content_date": 20260201}, ("content_date", "date")),
        ({"decision_visibility": []}, ("decision_visibility", "required")),
        ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, ("decision_visibility_other", "required")),
        ({"decision_monetary": "DECISION_MONETARY_OTHER"}, ("decision_monetary_other", "required")),
        ({"content_type": ["CONTENT_TYPE_OTHER"]}, ("content_type_other", "required")),
        ({"decision_ground": words.ILLEGAL}, ("illegal_content_legal_ground", "required")),
        ({"decision_ground": words.ILLEGAL}, ("incompatible_content_ground", "misplaced")),
        ({"source_identity": "somebody"}, ("source_identity", "misplaced")),
        ({"end_date_account_restriction": "2026-04-01"}, ("end_date_account_restriction", "misplaced")),
        ({"content_type": ["CONTENT_TYPE_IMAGE"] * 2}, ("content_type", "twice")),
        ({"content_type": "CONTENT_TYPE_IMAGE"}, ("content_type", "shape")),
        ({"territorial_scope": ["US"]}, ("territorial_scope", "word")),
        ({"territorial_scope": [["DE"]]}, ("territorial_scope", "shape")),
        ({"category": ["STATEMENT_CATEGORY_VIOLENCE"]}, ("category", "shape")),
        ({"category": "STATEMENT_CATEGORY_NON_CONSENSUAL_BEHAVIOUR"}, ("category", "word")),
        ({"content_language": "de"}, ("content_language", "word")),
        ({"content_id": {"ISBN": "1"}}, ("content_id", "word")),
        ({"content_id": {"EAN-13": "1"}}, ("content_id", "signs")),
        ({"decision_ground_reference_url": "javascript:alert(1)"}, ("decision_ground_reference_url", "address")),
        ({"puid": "a b"}, ("puid", "signs")),
        ({"puid": "a\n"}, ("puid", "signs")),
        ({"puid": "a" * 501}, ("puid", "length")),
        ({"decision_facts": "a\0b"}, ("decision_facts", "signs")),
        ({"decision_facts": True}, ("decision_facts", "shape")),
        ({"platform_name": "x"}, ("platform_name", "unknown")),
    ],
)
def test_what_the_database_refuses_is_refused(change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in rules(GOOD | change)


@given(st.dictionaries(st.sampled_from(sorted(RULES)) | st.text(max_size=5), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6,
), max_size=8))  # fmt: skip
def test_whatever_comes_is_answered_and_never_repeated(payload: dict[str, Any]) -> None:
    found = faults(payload)
    assert found
    for each in found:
        assert re.fullmatch(r"[A-Za-z0-9_?-]+", each.field)
        assert each.words.isprintable()


def test_every_word_of_a_rule_is_an_official_one() -> None:
    assert len(words.CATEGORY) == 16
    assert len(words.KEYWORD) == 69
    assert len(words.EUROPEAN_UNION) == 27
    assert len(words.TERRITORY) == 30
    assert faults(GOOD) == []
