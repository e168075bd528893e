"""Whatever is done to accounts in whatever order, replaying their facts gives the tables again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from seawall.accounts import Accounts, AlreadyDone, Deserved, Ladder, RestrictionKind, parse_ladder, replay
from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.store import Store, tables
from tests.accounts.conftest import LADDER, Moment

WHO = {"person": "ada", "reason": "seen"}
_CLASSES = st.sampled_from([*LADDER["classes"], "unheard"])  # type: ignore[list-item]
_STEPS = st.lists(
    st.tuples(st.just("settle"), _CLASSES)
    | st.tuples(st.just("strike"), st.sampled_from(sorted(LADDER["classes"])))  # type: ignore[call-overload]
    | st.tuples(st.just("void"), st.integers(0, 20))
    | st.tuples(st.just("lift"), st.integers(0, 20))
    | st.tuples(st.just("restrict"), st.sampled_from(list(RestrictionKind)))
    | st.tuples(st.just("wait"), st.integers(0, 200))
    | st.tuples(st.just("ladder"), st.integers(1, 9)),
    max_size=15,
)


def _empty(store: Store) -> None:
    rows = (tables.restriction, tables.strike, tables.account_fact, tables.outbox, tables.account)
    with store.begin() as connection:
        for table in rows:
            connection.execute(delete(table))


def _play(accounts: Accounts, store: Store, moment: Moment, steps: list[tuple[str, Any]]) -> None:
    for step, value in steps:
        state = accounts.show("a")
        if step == "settle":
            with store.begin() as connection:
                accounts.settle(connection, [Deserved(Recorder.new_id(), "a", value, to_iso(moment()))])
        elif step == "strike":
            accounts.strike("a", value, **WHO)
        elif step == "restrict":
            until = to_iso(moment().replace(year=2030)) if value is RestrictionKind.COOLDOWN else None
            feature = "video" if value is RestrictionKind.FEATURE_OFF else None
            accounts.restrict("a", value, until=until, feature=feature, **WHO)
        elif step == "wait":
            moment.pass_by(hours=value)
        elif step == "ladder":
            rungs = [{"at": value, "do": "suspend", "for": "2d"}, {"at": value + 5, "do": "ban"}]
            accounts.ladders.activate(parse_ladder(LADDER | {"name": f"v{value}", "rungs": rungs}), **WHO)
        else:
            known = list(state.strikes if step == "void" else state.restrictions)
            if known:
                call: Callable[..., object] = accounts.void if step == "void" else accounts.lift
                with suppress(AlreadyDone):
                    call(known[value % len(known)], **WHO)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_replaying_the_facts_gives_the_tables(
    accounts: Accounts, store: Store, moment: Moment, ladder: Ladder, steps: list[tuple[str, Any]]
) -> None:
    _empty(store)
    moment.now = Moment().now
    accounts.ladders.activate(ladder, **WHO)
    _play(accounts, store, moment, steps)
    facts = accounts.facts("a")
    assert accounts.verify("a") == len(facts)
    state = accounts.show("a")
    now = to_iso(moment())
    with store.read() as connection:
        ladders = accounts.ladders.all(connection)
        news = accounts.news(connection, -1)
    assert replay("a", facts, ladders) == replay("a", facts, ladders)
    assert {each.id for each in news.holding if each.holds_at(now)} == {each.id for each in state.holding(now)}
    voided = set(state.voids)
    for each in state.holding(now):
        assert each.strike not in voided, "nothing rests on a strike that is void"
    assert set(state.lifts) <= set(state.restrictions)
    for strike in set(state.strikes) - voided:
        accounts.void(strike, **WHO)
    left = accounts.show("a").holding(now)
    assert all(each.strike is None for each in left), "without strikes, only what persons ordered holds"
    assert {each.id for each in left} == {each.id for each in state.holding(now) if each.strike is None}
    assert accounts.verify("a") == len(facts) + len(set(state.strikes) - voided)
