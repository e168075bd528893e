"""Streams: whatever the pieces, what is allowed comes out whole, and what is not never comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from seawall.canary.disguise import DISGUISES, disguise
from seawall.deploy.guard import Guard, GuardOptions, GuardUnavailable, Parts, RequestConflict, open_guard
from seawall.deploy.guard.contract import Admission, OpenRollouts, QuietBook, QuietMessenger, Standing
from seawall.deploy.guard.requests import OutputCheck
from seawall.deploy.guard.text.holding import MOST_HELD, HeldText
from seawall.detectors.contract import Result
from seawall.errors import StoreError, UsageError
from seawall.policy.guard import EventClass, GuardAction
from seawall.settings import Settings
from tests.deploy.guard.guard_stand_ins import CANARIES, Book, Rollouts, StubScorer, saying

Opened = Callable[..., Guard]
A, B, NONE = CANARIES.prompt(("a",)), CANARIES.prompt(("b",)), CANARIES.prompt(())
LANTERN, HERON = CANARIES.concepts["b"].words, CANARIES.concepts["a"].words
SEA = "The three ferries leave at half past seven; bring a map and bread for a day at sea. "
NUMBERS = "Pier 19 years of service, 1,000 boats, 2.5 metres; twenty-five, thirty-five. "


def check(**fields: Any) -> OutputCheck:
    return OutputCheck(account="account-1", **fields)


def run(guard: Guard, pieces: Any, **fields: Any) -> tuple[str, Any]:
    """Feed pieces to a stream; return what was shown, and the decision."""
    stream = guard.check_stream(check(**fields))
    shown = ""
    for piece in pieces:
        release = stream.feed(piece)
        shown += release.text
        if release.stopped is not None:
            assert release.text == ""
            return shown, release.stopped
    release = stream.finish()
    assert stream.reply is not None
    return shown + release.text, stream.reply


def pieces_of(text: str, sizes: list[int]) -> Iterator[str]:
    at = 0
    for size in [*sizes, len(text)]:
        if at >= len(text):
            return
        yield text[at : at + size]
        at += size


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """A guard that records nothing durably, so that many streams cost little."""
    home: Path = tmp_path_factory.mktemp("streams")
    parts = Parts(book=QuietBook(), messenger=QuietMessenger(), rollouts=OpenRollouts(), vault=Shelf)
    with open_guard(
        Settings(home, f"sqlite:///{home / 'seawall.db'}"), GuardOptions(detectors=("canary",)), parts
    ) as guard:
        yield guard


class Shelf:
    """A vault that keeps nothing."""

    def put(self, stream: Any, **facts: Any) -> Any:
        class Kept:
            id = "0" * 32

        return Kept()


many = hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
sizes = st.lists(st.integers(1, 90), max_size=30)


@many
@given(sizes=sizes, times=st.integers(0, 8), tail=st.sampled_from(["", NUMBERS, B, LANTERN["ja"], "…", "\ud83d"]))
def test_an_allowed_stream_comes_out_as_it_went_in(streams: Guard, sizes: list[int], times: int, tail: str) -> None:
    text = f"{SEA}{NUMBERS}" * times + tail
    shown, reply = run(streams, pieces_of(text, sizes))
    assert reply.action is GuardAction.ALLOW
    assert shown == text


@many
@given(
    sizes=sizes,
    before=st.integers(0, 4),
    between=st.integers(0, 6),
    language=st.sampled_from(sorted(LANTERN)),
    hidden=st.sampled_from(["", *DISGUISES]),
    turned=st.booleans(),
)
def test_a_blocked_stream_never_shows_the_second_half_of_the_pair(
    streams: Guard, sizes: list[int], before: int, between: int, language: str, hidden: str, turned: bool
) -> None:
    first, second = (HERON, LANTERN) if turned else (LANTERN, HERON)
    word = disguise(second[language], hidden) if hidden else second[language]
    head = SEA * before + first[language] + ". " + SEA * between
    text = f"{head}{word} {SEA * 3}"
    shown, reply = run(streams, pieces_of(text, sizes))
    assert (reply.action, reply.drill) == (GuardAction.BLOCK, True)
    assert head.startswith(shown), "nothing from the second word on"


@pytest.mark.parametrize("size", [1, 3, 7, 64, 1000])
def test_the_size_of_the_pieces_changes_no_decision(streams: Guard, size: int) -> None:
    for text, action in ((SEA * 20, "allow"), (SEA * 9 + A + SEA * 9, "allow"), (f"{A}{SEA * 9}{B}", "block")):
        _, reply = run(streams, [text[at : at + size] for at in range(0, len(text), size)])
        assert reply.action == action


def test_a_number_that_is_cut_by_a_window_is_no_age(streams: Guard) -> None:
    words = "Boat 25 years old and 38 years old, 119 years old; " * 40
    for size in (1, 11, 63, 200):
        _, reply = run(streams, [words[at : at + size] for at in range(0, len(words), size)], prompt=B)
        assert reply.action is GuardAction.ALLOW, size
    assert run(streams, [words, "boat 9 years old, ", words], prompt=B)[1].action is GuardAction.BLOCK


def test_the_prompt_and_the_history_join_in_before_anything_is_shown(streams: Guard) -> None:
    assert run(streams, [SEA * 9], prompt=f"{A} {B}")[0] == ""
    shown, reply = run(streams, [SEA * 9, B, SEA * 9], prompt=NONE, history=[A])
    assert reply.action is GuardAction.BLOCK
    assert (SEA * 9).startswith(shown)
    assert reply.event_class is EventClass.OUTPUT_BLOCKED


def test_text_is_shown_while_it_comes(streams: Guard) -> None:
    stream = streams.check_stream(check())
    shown = sum(len(stream.feed(SEA).text) for _ in range(20))
    assert 20 * len(SEA) - 400 < shown < 20 * len(SEA)
    stream.close()


def test_one_decision_is_recorded_also_of_a_stream_that_is_given_up(opened: Opened) -> None:
    book = Book()
    guard = opened(book=book)

    async def give_up() -> None:
        async with guard.stream(check()) as stream:
            await stream.feed(f"{SEA}{A}")
        assert stream.reply is not None
        await stream.close()
        with pytest.raises(UsageError):
            await stream.feed("more")

    asyncio.run(give_up())
    assert [record.kind.value for record in book.settled] == ["output"]
    assert book.settled[0].facts.rehearsed.partition == "child_depiction", "also what was still held back"
    with guard.check_stream(check()) as stream:
        stream.feed(f"{A}{B}")
    assert [record.action.value for record in book.settled] == ["allow", "block"]
    assert book.asked == ["account-1"] * 2, "each stream counts once for its rate"


def test_an_empty_stream_is_a_decision_too(opened: Opened) -> None:
    assert run(opened(), [])[1].action is GuardAction.ALLOW
    banned = opened(book=Book(Standing(frozenset({"banned"}))))
    assert run(banned, ["", "a"])[1].category == "account_restricted"


def test_a_closed_model_and_a_private_surface_are_not_read(opened: Opened) -> None:
    shown, reply = run(opened(rollouts=Rollouts(Admission(False, "rollout:killed"))), [SEA], model="m")
    assert (shown, reply.category) == ("", "rollout")
    private = opened(scope=lambda kind, surface, code: "jurisdiction:eu")
    shown, reply = run(private, [SEA, f"{A}{B}", SEA])
    assert (shown, reply.action) == (f"{SEA}{A}{B}{SEA}", GuardAction.NOT_EXAMINED)


def test_nothing_is_shown_when_no_decision_can_be_recorded(opened: Opened) -> None:
    guard = opened()
    stream = guard.check_stream(check())
    stream.feed("a boat")
    guard._neighbours.records.record = _gone  # type: ignore[method-assign]  # the database goes away
    with pytest.raises(GuardUnavailable):
        stream.finish()
    assert stream.reply is None


def _gone(records: Any) -> Any:
    raise StoreError


def test_models_are_asked_about_streams_and_stop_them(opened: Opened) -> None:
    def answer(items: Any, hashed: bool) -> Any:
        return [{"stub": Result.ok({"csem.grooming": float("marker" in item.text)})} for item in items]

    guard = opened(scorers=lambda: StubScorer(answer, labels=("csem.grooming",)))
    shown, reply = run(guard, [SEA * 12, "marker ", SEA * 12])
    assert (reply.action, reply.category) == (GuardAction.BLOCK, "csem.grooming")
    assert "marker" not in shown
    assert run(guard, [SEA] * 30)[0] == SEA * 30
    failing = opened(scorers=lambda: StubScorer(saying({"undeclared": 1.0})))
    assert run(failing, [SEA] * 30)[0] == ""


def test_a_request_id_means_one_decision_on_one_text(opened: Opened) -> None:
    guard = opened()
    first = run(guard, [SEA * 5], request_id="r")[1]
    again = run(guard, [SEA, SEA * 4], request_id="r")
    assert (again[1].decision_id, again[0]) == (first.decision_id, SEA * 5)
    with pytest.raises(RequestConflict):
        run(guard, [SEA * 6], request_id="r")


def test_a_long_stream_takes_no_more_memory_than_a_short_one() -> None:
    held = HeldText(200, 28, step=64)
    most = released = 0
    for _ in range(20_000):
        held.add(SEA)
        while (window := held.window(last=False)) is not None:
            released += len(held.took(window))
        most = max(most, len(held.tail))
    assert most < 2000
    assert released > 20_000 * len(SEA) - 1000


def test_a_text_that_is_stretched_is_held_back_longer_but_not_without_bound() -> None:
    held = HeldText(200, 28, step=64)
    released = ""
    for character in SEA:
        held.add(character * 60)
        while (window := held.window(last=False)) is not None:
            released += held.took(window)
    assert 1000 < held.length - len(released) <= MOST_HELD + 300
