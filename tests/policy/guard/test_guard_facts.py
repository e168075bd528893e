"""Facts survive being written down, and what is no fact is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.policy.guard import CheckKind, Facts, Look, State
from seawall.policy.rules import PolicyError
from tests.policy.guard import guard_facts


@guard_facts.patient
@given(guard_facts.facts)
def test_facts_are_read_as_they_were_written(facts: Facts) -> None:
    assert Facts.from_dict(json.loads(json.dumps(facts.as_dict()))) == facts


def test_what_is_empty_is_left_out() -> None:
    assert Facts(CheckKind.INPUT).as_dict() == {"kind": "input"}
    assert Facts(CheckKind.INPUT, rehearsed=Look()).as_dict() == {"kind": "input", "rehearsed": {}}


def test_an_empty_rehearsal_stays_one() -> None:
    facts = Facts(CheckKind.UPLOAD, states=frozenset({State.FAILED}), rehearsed=Look())
    assert Facts.from_dict(facts.as_dict()) == facts


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "zorblax"},
        {"kind": "input", "zorblax": 1},
        {"kind": "input", "states": ["zorblax"]},
        {"kind": "input", "states": "failed"},
        {"kind": "input", "real": []},
        {"kind": "input", "real": {"partition": 3}},
        {"kind": "input", "real": {"scores": {"quux": "1"}}},
        {"kind": "input", "real": {"scores": {"quux": float("nan")}}},
        {"kind": "input", "real": {"scores": {"quux": True}}},
        {"kind": "input", "real": {"matches": [{"purpose": "csam"}]}},
        {"kind": "input", "real": {"matches": [{"purpose": "csam", "list": "a", "type": "pdq", "exact": 1}]}},
        {"kind": "input", "surface": 3},
        {"kind": "input", "real": {"parts": {"prompt": "zorblax"}}},
    ],
)
def test_what_is_no_fact_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="not the facts of a check"):
        Facts.from_dict(data)


@guard_facts.patient
@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_anything_at_all_is_facts_or_an_error(data: Any) -> None:
    with suppress(PolicyError):
        Facts.from_dict(data)
