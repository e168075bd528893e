"""An event has one spelling, and nothing else is read back."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.ledger import Event, EventError
from seawall.ledger.events import MAX_EVENT_BYTES, canonical, decode, parse_canonical

AT = "2026-01-01T12:00:00.000000Z"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(TEXTS.filter(bool), st.dictionaries(TEXTS, PLAIN, max_size=4))
def test_an_event_reads_back_from_its_canonical_form(key: str, body: dict[str, Any]) -> None:
    event = Event(key, "test.fact", AT, body)
    data = event.encode()
    assert decode(data) == event
    assert decode(data).encode() == data
    assert b"\n" not in data


@given(st.dictionaries(TEXTS, PLAIN, max_size=4))
def test_the_order_of_names_does_not_matter(body: dict[str, Any]) -> None:
    assert canonical(dict(reversed(body.items()))) == canonical(body)


def test_the_canonical_form_is_the_documented_one() -> None:
    data = Event("k", "test.fact", AT, {"b": 1, "a": ["ü", None, 0.5]}).encode()
    assert data.decode() == (
        '{"at":"2026-01-01T12:00:00.000000Z","body":{"a":["ü",null,0.5],"b":1},'
        '"id":"8254c329a92850f6d539dd376f4816ee","key":"k","kind":"test.fact","v":1}'
    )


@pytest.mark.parametrize(
    "body",
    [
        {"x": math.nan},
        {"x": math.inf},
        {"x": "\ud800"},
        {"x": (1, 2)},
        {1: "a"},
        {"x": b"bytes"},
        {"x": {1, 2}},
        {"x": object()},
        {"x": "y" * MAX_EVENT_BYTES},
        ["a list"],
        "a text",
    ],
)
def test_a_body_that_is_not_plain_json_is_refused(body: Any) -> None:
    with pytest.raises(EventError):
        Event("k", "test.fact", AT, body).encode()


def test_a_body_that_holds_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body
    with pytest.raises(EventError):
        Event("k", "test.fact", AT, body).encode()


@pytest.mark.parametrize(
    ("key", "kind", "at"),
    [("", "a", AT), ("k" * 513, "a", AT), ("k", "", AT), ("k", "A b", AT), ("k", "a", "today"), ("\ud800", "a", AT)],
)
def test_a_field_out_of_bounds_is_refused(key: str, kind: str, at: str) -> None:
    with pytest.raises(EventError):
        Event(key, kind, at, {}).encode()


GOOD = Event("k", "a", AT, {"x": 1}).encode().decode()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("\ufeff" + GOOD, "byte-order mark"),
        (GOOD.replace('"x":1', '"x":1,"x":1'), "repeats a name"),
        (GOOD.replace('"x":1', '"x": 1'), "canonical"),
        (GOOD.replace('"x":1', '"x":1e0'), "canonical"),
        (GOOD.replace('"x":1', '"x":1e999'), "plain JSON"),
        (GOOD.replace('"x":1', '"x":NaN'), "plain JSON"),
        (GOOD.replace('"x":1', '"x":"\\ud800"'), "plain JSON"),
        (GOOD.replace('"key":"k"', '"key":"j"'), "id is not that of its key"),
        (GOOD.replace('"v":1', '"v":2'), "version"),
        (GOOD.replace('"kind":"a"', '"kind":7'), "kind"),
        (GOOD.replace('"key":"k"', '"key":7'), "wrong type"),
        (GOOD.replace('"v":1', '"v":true'), "canonical"),
        (GOOD.replace(',"v":1', ""), "version"),
        (GOOD[:-1], "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1" * 5000, "not JSON"),
        ("[]", "not a JSON object"),
        ("", "not JSON"),
    ],
)
def test_any_other_spelling_is_refused_by_name(line: str, says: str) -> None:
    with pytest.raises(EventError, match=says):
        decode(line.encode())


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(EventError, match="UTF-8"):
        decode(b'{"a":"\xff"}')


@given(st.binary(max_size=60) | PLAIN.map(lambda value: json.dumps(value).encode()))
def test_reading_anything_ends_in_an_event_error_or_a_canonical_object(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except EventError:
        return
    assert canonical(value) == data
