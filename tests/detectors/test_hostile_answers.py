"""Whatever a detector process writes, the host makes answers of it that keep to the contract, and never raises."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.checked import checked
from seawall.detectors.contract import Info, Modality, Region, Result, ScoreKind, Status, Task
from seawall.detectors.wire import BadAnswer, results_of, to_plain

INFO = Info(
    id="hostile",
    version="1",
    task=Task.CONTENT_SAFETY,
    modalities=frozenset({Modality.IMAGE}),
    labels=("adult_sexual", "persons", "csem.other"),
    score_kind=ScoreKind.PROBABILITY,
    code_licence="Apache-2.0",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["ok", "abstain", "error", "skipped", "adult_sexual", "persons", "csem.other"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=12), inner)),
    max_leaves=12,
)
SHAPED = st.tuples(
    st.sampled_from([*Status]),
    st.dictionaries(st.sampled_from([*INFO.labels, "zorblax"]), SCALARS, max_size=4),
    st.lists(
        st.tuples(st.lists(SCALARS, max_size=5), SCALARS, SCALARS, st.dictionaries(st.text(max_size=4), SCALARS)),
        max_size=2,
    ),
    SCALARS,
    SCALARS,
    SCALARS,
).map(list)


def _keeps_to_the_contract(result: Result) -> None:
    assert isinstance(result.status, Status)
    assert result.status is not Status.SKIPPED
    assert isfinite(result.ms)
    assert result.ms >= 0
    if result.status is not Status.OK:
        assert not result.labels
        assert not result.regions
        assert re.fullmatch(r"[a-z0-9_]{1,64}", result.reason or "")
    for label, score in result.labels.items():
        assert label in INFO.labels
        assert isfinite(score)
        assert 0 <= score <= (1e9 if label == "persons" else 1)
    for region in result.regions:
        left, top, right, bottom = region.box
        assert 0 <= left <= right <= 1
        assert 0 <= top <= bottom <= 1
        assert 0 <= region.score <= 1
        assert all(isfinite(value) for value in region.attrs.values())
    if result.raw_version is not None:
        assert re.fullmatch(r"[A-Za-z0-9_.:/-]{1,64}", result.raw_version)


@given(st.lists(st.one_of(VALUES, SHAPED), max_size=4))
def test_no_reply_gets_past_the_contract(plain: list[Any]) -> None:
    for result in checked(results_of({"results": plain}, len(plain)), INFO, 1.0):
        _keeps_to_the_contract(result)


@given(VALUES, st.integers(0, 3))
def test_a_reply_of_another_length_is_no_reply(plain: Any, count: int) -> None:
    if not isinstance(plain, list) or len(plain) != count:
        with pytest.raises(BadAnswer):
            results_of({"results": plain}, count)


@given(st.floats(0, 1), st.integers(0, 1000), st.floats(0, 1), st.sampled_from(["", "too_small"]))
def test_a_good_answer_comes_through_whole(score: float, persons: int, edge: float, reason: str) -> None:
    given_ = Result(
        Status.ABSTAIN if reason else Status.OK,
        {} if reason else {"adult_sexual": score, "persons": persons},
        () if reason else (Region((0.0, 0.0, edge, 1.0), "face", score, {"p": score}),),
        reason or None,
        "model-1",
        2.5,
    )
    sent = json.loads(json.dumps([to_plain(given_)], allow_nan=False))
    assert checked(results_of({"results": sent}, 1), INFO, 1.0) == [given_]
