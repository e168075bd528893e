"""The outbox: queued with the caller's writes, leased to one, tried for ever, in order within a lane."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.store import Store
from seawall.store.outbox import ALARM_ATTEMPTS, Lease, MessageState, Outbox, enqueue, message_id

TOPIC = "test.effect"


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def store(migrated_url: str, moment: Moment) -> Iterator[Store]:
    with Store.open(migrated_url, clock=moment) as store:
        yield store


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store, draw=lambda: 1.0)


def _put(store: Store, key: str, lane: str | None = None, **payload: Any) -> str:
    with store.begin() as connection:
        return enqueue(connection, TOPIC, key, payload, at=to_iso(store.clock()), lane=lane)


def _take(outbox: Outbox) -> Lease:
    lease = outbox.lease(TOPIC)
    assert lease is not None
    return lease


def test_a_message_is_queued_if_and_only_if_its_transaction_commits(store: Store, outbox: Outbox) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        enqueue(connection, TOPIC, "k", {}, at=to_iso(store.clock()))
        raise ZeroDivisionError
    assert outbox.lease(TOPIC) is None
    identity = _put(store, "k", n=1)
    assert identity == message_id(TOPIC, "k")
    assert _take(outbox).message.payload == {"n": 1}


def test_the_same_key_is_the_same_message(store: Store, outbox: Outbox) -> None:
    assert _put(store, "k", n=1) == _put(store, "k", n=2)
    (message,) = outbox.messages(TOPIC)
    assert message.payload == {"n": 1}


def test_a_message_goes_from_queued_to_delivered_to_acknowledged(store: Store, outbox: Outbox) -> None:
    identity = _put(store, "k")
    assert outbox.delivered(_take(outbox))
    assert outbox.lease(TOPIC) is None
    for _ in range(2):
        assert outbox.acknowledge(identity).state is MessageState.ACKNOWLEDGED
    for call in (outbox.retry, lambda each: outbox.bury(each, person="ada", reason="r")):
        with pytest.raises(UsageError, match="acknowledged"):
            call(identity)


def test_an_acknowledgement_may_overtake_the_news_of_delivery(store: Store, outbox: Outbox) -> None:
    identity = _put(store, "k")
    lease = _take(outbox)
    outbox.acknowledge(identity)
    assert not outbox.delivered(lease)
    assert not outbox.failed(lease, "timeout")
    found = outbox.get(identity)
    assert found is not None
    assert (found.state, found.delivered_at is not None) == (MessageState.ACKNOWLEDGED, True)


def test_who_lost_a_lease_cannot_say_how_it_ended(store: Store, outbox: Outbox, moment: Moment) -> None:
    _put(store, "k")
    old = _take(outbox)
    assert outbox.lease(TOPIC) is None
    moment.pass_by(seconds=61)
    new = _take(outbox)
    assert (new.message.id, new.token) == (old.message.id, old.token + 1)
    assert not outbox.delivered(old)
    assert not outbox.failed(old, "timeout")
    assert outbox.delivered(new)


def test_retries_go_on_for_ever_and_become_alarming(store: Store, outbox: Outbox, moment: Moment) -> None:
    identity = _put(store, "k")
    waits = []
    for _ in range(30):
        before = moment.now
        outbox.failed(_take(outbox), "http_503")
        found = outbox.get(identity)
        assert found is not None
        moment.now = datetime.fromisoformat(found.next_at)
        waits.append((moment.now - before).total_seconds())
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert set(waits[10:]) == {900}
    assert found.alarming
    backlog = outbox.backlog(TOPIC)
    assert (backlog.states, backlog.alarming) == ({MessageState.QUEUED: 1}, 1)
    assert ALARM_ATTEMPTS < 30


def test_waits_are_drawn_between_nothing_and_the_most(store: Store, moment: Moment) -> None:
    lucky = Outbox(store, draw=lambda: 0.0)
    identity = _put(store, "k")
    for _ in range(5):
        lucky.failed(_take(lucky), "timeout")
        found = lucky.get(identity)
        assert found is not None
        assert found.next_at == to_iso(moment())


def test_within_a_lane_one_goes_after_the_other(store: Store, outbox: Outbox, moment: Moment) -> None:
    first, second = _put(store, "1", "a"), _put(store, "2", "a")
    other = _put(store, "3", "b")
    assert _take(outbox).message.id == first
    held = _take(outbox)
    assert held.message.id == other
    assert outbox.lease(TOPIC) is None
    outbox.failed(held, "timeout")
    outbox.bury(first, person="ada", reason="the account is gone")
    assert _take(outbox).message.id == second


def test_only_a_person_gives_a_message_up_and_may_think_again(store: Store, outbox: Outbox) -> None:
    identity = _put(store, "k")
    with pytest.raises(UsageError):
        outbox.bury(identity, person="", reason="r")
    assert outbox.bury(identity, person="ada", reason="r").state is MessageState.DEAD
    assert outbox.lease(TOPIC) is None
    with pytest.raises(UsageError, match="given up"):
        outbox.acknowledge(identity)
    outbox.retry(identity)
    assert _take(outbox).message.dead_by is None
    for call in (outbox.retry, outbox.acknowledge):
        with pytest.raises(NotFound):
            call("0" * 32)
    with pytest.raises(NotFound):
        outbox.acknowledge(identity, "another.topic")


def test_what_was_acknowledged_long_ago_is_forgotten(store: Store, outbox: Outbox, moment: Moment) -> None:
    done, waiting = _put(store, "1"), _put(store, "2")
    outbox.acknowledge(done)
    moment.pass_by(days=1)
    assert outbox.forget(TOPIC, moment()) == 1
    assert [each.id for each in outbox.messages()] == [waiting]


def test_many_messages_are_listed_in_order(store: Store, outbox: Outbox) -> None:
    with store.begin() as connection:
        ids = [enqueue(connection, TOPIC, str(n), {}, at=to_iso(store.clock())) for n in range(1203)]
    assert [each.id for each in outbox.messages(TOPIC, MessageState.QUEUED)] == ids
    assert list(outbox.messages("other")) == list(outbox.messages(state=MessageState.DEAD)) == []


def test_workers_at_once_take_each_message_once(store: Store) -> None:
    ids = {_put(store, str(number)) for number in range(30)}
    taken: list[str] = []

    def work() -> None:
        mine = Outbox(store)
        while (lease := mine.lease(TOPIC)) is not None:
            taken.append(lease.message.id)
            mine.delivered(lease)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    # On PostgreSQL a worker that finds every row being taken goes home early; what it left is still there.
    while (lease := Outbox(store).lease(TOPIC)) is not None:
        taken.append(lease.message.id)
        Outbox(store).delivered(lease)
    assert sorted(taken) == sorted(ids)


_STEPS = st.lists(
    st.sampled_from(["put", "lease", "deliver", "fail", "lose", "ack", "bury", "retry", "wait"]), max_size=30
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, numbers=st.lists(st.integers(0, 3), min_size=30, max_size=30))
def test_whatever_happens_no_message_is_lost_and_lanes_keep_their_order(
    store: Store, steps: list[str], numbers: list[int]
) -> None:
    outbox = Outbox(store, draw=lambda: 0.0)
    moment = store.clock
    assert isinstance(moment, Moment)
    with store.begin() as connection:
        from seawall.store.tables import outbox as table

        connection.execute(table.delete())
    put: list[str] = []
    leases: list[Lease] = []
    acknowledged: set[str] = set()
    for step, number in zip(steps, numbers, strict=False):
        if step == "put":
            put.append(_put(store, str(len(put)), lane=str(number % 2)))
        elif step == "lease":
            if (lease := outbox.lease(TOPIC)) is not None:
                states = {each.id: each for each in outbox.messages(TOPIC)}
                mine = [each for each in put if states[each].lane == lease.message.lane]
                before = mine[: mine.index(lease.message.id)]
                assert all(states[each].state is not MessageState.QUEUED for each in before)
                leases.append(lease)
        elif step == "wait":
            moment.pass_by(seconds=30 * number)
        elif step in ("deliver", "fail") and leases:
            lease = leases.pop(number % len(leases))
            outbox.delivered(lease) if step == "deliver" else outbox.failed(lease, "timeout")
        elif step == "lose":
            moment.pass_by(seconds=61)
        elif put and step in ("ack", "bury", "retry"):
            identity = put[number % len(put)]
            try:
                if step == "ack":
                    outbox.acknowledge(identity)
                    acknowledged.add(identity)
                elif step == "bury":
                    outbox.bury(identity, person="ada", reason="r")
                else:
                    outbox.retry(identity)
            except UsageError:
                pass
    states = {each.id: each.state for each in outbox.messages(TOPIC)}
    assert list(states) == put
    assert {each for each, state in states.items() if state is MessageState.ACKNOWLEDGED} == acknowledged
