"""The clients, whatever the server answers: only a whole decision permits, and waits are bounded."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from seawall.client import (
    Backoff,
    Busy,
    CheckReply,
    Malformed,
    NotDecided,
    permit,
)
from seawall.client._answers import Answer, retry_after
from tests.client.client_asked import DECISION

_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["allow", "warn", DECISION]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["action", "policy", "decision_id", "drill", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(
    status=st.sampled_from([200, 200, 201, 202, 301, 400, 500]),
    body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "application/json; charset=utf-8", "text/html", ""]),
)
def test_nothing_but_a_whole_reply_with_a_known_action_is_permitted(status: int, body: bytes, kind: str) -> None:
    try:
        allowed = permit(Answer(status, {"content-type": kind}, body).reply(CheckReply))
    except NotDecided:
        return
    said = json.loads(body)
    assert status == 200
    assert allowed == (said["action"] in ("allow", "warn"))


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_passed_over(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after("Thu, 01 Jan 2026 00:00:09 GMT", now) == 9.0
    assert retry_after("Wed, 31 Dec 2025 00:00:09 GMT", now) == 0.0


@given(st.integers(0, 60), st.floats(0, 100), st.integers(0, 10))
def test_pauses_are_bounded_and_never_shorter_than_asked(attempt: int, asked: float, retries: int) -> None:
    backoff = Backoff(retries, _random=random.Random(1))
    pause = backoff.pause(attempt, Busy(retry_after=asked))
    if attempt >= retries or asked > backoff.longest:
        assert pause is None
    else:
        assert pause is not None
        assert asked <= pause <= backoff.longest
    assert backoff.pause(attempt, Malformed()) is None
