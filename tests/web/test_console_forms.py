"""The form of a decision: any form is a whole submission or says what is wrong; any draft is kept or refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.cases import Submission
from seawall.cases.model import EffectKind, Item, ItemKind, Label, NewVerdict, Outcome
from seawall.web.errors import Malformed
from seawall.web.pages import Fields
from seawall.web.pages.fields import parse_fields
from seawall.web.review.forms import draft_of, drafted, read_submission

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


ITEMS = tuple(
    Item(f"{number:032x}", "c" * 32, f"key {number}", kind, "2026-01-01T00:00:00.000000Z", vault="v")
    for number, kind in enumerate((ItemKind.IMAGE, ItemKind.TEXT, ItemKind.VIDEO))
)


NAMES = st.sampled_from(
    [
        *(f"{name}-{item.id}" for item in ITEMS for name in ("label", "why", "industry", "ai", "term")),
        *("outcome", "effect", "reasons", "token", "csrf", "label-", "why"),
    ]
)


VALUES = st.sampled_from([*Label, *Outcome, *EffectKind, "A1", "B2", "yes", "no", "", " ", ",,", "rule-1"]) | WORDS


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES | WORDS, VALUES), max_size=30), st.integers(0, 3), st.integers(0, 2), st.booleans())
def test_any_form_is_a_whole_submission_or_says_what_is_wrong(
    pairs: list[tuple[str, str]], count: int, knowing: int, alike: bool
) -> None:
    fields = parse_fields(urlencode(pairs).encode())
    asked = ITEMS[:count]
    known = {each.id: NewVerdict(each.id, Label.BENIGN) for each in asked[:knowing]}
    pair = {ITEMS[0].id: ITEMS[1].id} if alike and count > 1 else {}
    submission, problems = read_submission(fields, asked, known, pair)
    assert (submission is None) == bool(problems)
    assert set(problems.values()) <= {"missing", "reason_missing", "outcome_missing", "rules_missing"}
    if submission is not None:
        assert isinstance(submission, Submission)
        assert [each.item_id for each in submission.verdicts] == [each.id for each in asked]
        assert all(submission.reasons) and (submission.reasons or submission.outcome is Outcome.NO_VIOLATION)
        for verdict in submission.verdicts:
            assert verdict.rationale or verdict.label in (Label.BENIGN, Label.CANARY, Label.UNSURE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON.map(json.dumps) | st.text(max_size=60) | st.lists(st.tuples(WORDS, WORDS)).map(json.dumps))
def test_any_draft_is_kept_as_pairs_of_texts_that_a_page_can_show_or_refused(text: str) -> None:
    try:
        kept = drafted(text)
    except Malformed:
        return
    assert set(kept) == {"fields"}
    fields = draft_of(json.loads(json.dumps(kept)))
    for name in fields.names():
        for value in fields.all(name):
            assert f"{name}={value}".encode()


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["fields", "other"]), JSON, max_size=2))
def test_a_draft_that_something_else_wrote_fills_in_nothing_wrong(draft: dict[str, Any]) -> None:
    fields = draft_of(draft)
    assert isinstance(fields, Fields)
    assert all(isinstance(each, str) for name in fields.names() for each in fields.all(name))
