"""A ladder that cannot mean what it says is refused, with the place."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.accounts import Ladder, LadderInvalid, parse_ladder
from tests.accounts.conftest import LADDER


def _with(path: str, value: Any) -> dict[str, Any]:
    data: Any = copy.deepcopy(LADDER)
    place = data
    *parents, last = path.split("/")
    for name in parents:
        place = place[int(name) if isinstance(place, list) else name]
    place[int(last) if isinstance(place, list) else last] = value
    return dict(data)


def test_the_same_ladder_has_the_same_digest_however_it_is_ordered(ladder: Ladder) -> None:
    turned = {name: LADDER[name] for name in reversed(LADDER)}
    assert parse_ladder(turned).digest == ladder.digest
    assert parse_ladder(_with("name", "test 2")).digest != ladder.digest


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("name", "", "name"),
        ("name", 7, "name"),
        ("otherwise", "nobody", "otherwise"),
        ("strange", 1, "strange"),
        ("classes", {}, "classes"),
        ("classes", [], "classes"),
        ("classes/Big", {"points": 1, "expires": "1d"}, "names have small letters"),
        ("classes/small/points", -1, r"classes\.small\.points"),
        ("classes/small/points", True, r"classes\.small\.points"),
        ("classes/small/points", 0, "neither weighs"),
        ("classes/small/expires", "never", r"classes\.small\.expires"),
        ("classes/small/expires", "9999d", "20 years"),
        ("classes/small/expires", 10, "duration"),
        ("classes/small/decay", "quickly", r"classes\.small\.decay"),
        ("classes/halving/decay/half_life", "11d", "longer than"),
        ("classes/gravest/outright/do", "warn", "no reason to skip"),
        ("classes/gravest/outright/do", "shout", "one of warn"),
        ("rungs", [], "rungs"),
        ("rungs/1/at", 1, "more than the 1"),
        ("rungs/1/do", "ban", r"rungs\[1\]\.for: a ban has no length"),
        ("rungs/1/for", "0s", "duration"),
        ("rungs/2/feature", None, "names a feature"),
        ("rungs/2/feature", "Big Thing", "small letters"),
        ("rungs/3/do", "cooldown", "milder"),
        ("rungs/4/feature", "image", "names a feature"),
        ("rungs/0", "warn", "mapping"),
        ("pace", {"rate": {"week": 1}}, "week"),
        ("pace", {"rate": {"minute": 0}}, "minute"),
        ("pace", {"rate": {"minute": 10, "hour": 5}}, "longer window"),
        ("pace", {"probing": {"refusals": 5}}, "within is missing"),
        ("pace", {"probing": {"refusals": 5, "within": "2d"}}, "a day at most"),
        ("pace", {"probing": {"refusals": 5, "distinct": 6, "within": "1h"}}, "never count"),
        ("pace", {"probing": {"refusals": 5, "within": "1h", "not_counted": [1]}}, "patterns"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: Any, said: str) -> None:
    with pytest.raises(LadderInvalid, match=said):
        parse_ladder(_with(path, value))


def test_a_rung_without_an_end_may_suspend_and_must_not_cool_down() -> None:
    ladder = parse_ladder(_with("rungs/3", {"at": 6, "do": "suspend"}))
    assert ladder.rungs[3].ends("2026-01-01T00:00:00.000000Z") is None
    with pytest.raises(LadderInvalid, match="must end by itself"):
        parse_ladder(_with("rungs/1", {"at": 3, "do": "cooldown"}))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
_PATHS = ["name", "otherwise", "classes", "rungs", "pace", "classes/small", "classes/fading/decay", "rungs/2", "x"]


@given(path=st.sampled_from(_PATHS), value=_JSON)
def test_anything_else_is_a_ladder_or_refused(path: str, value: Any) -> None:
    with suppress(LadderInvalid):
        parse_ladder(_with(path, value))
    try:
        parse_ladder(value)
    except LadderInvalid:
        return
    raise AssertionError("no ladder is that small")
