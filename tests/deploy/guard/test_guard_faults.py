"""Whatever fails, nothing is allowed that was not checked, and the guard goes on."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seawall.deploy.guard import Guard, GuardBusy, GuardOptions, GuardUnavailable
from seawall.deploy.guard.contract import Admission, Standing
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.requests import BatchCheck, FinetuneCheck, UploadCheck
from seawall.deploy.guard.seen import Seen
from seawall.detectors.contract import Result, Status
from seawall.errors import StoreError, UsageError
from seawall.policy.guard import GuardAction, State
from tests.deploy.guard.guard_stand_ins import (
    CANARIES,
    WAIT,
    Book,
    Hanging,
    Records,
    Rollouts,
    StubScorer,
    saying,
)

Opened = Callable[..., Guard]
Asked = Callable[..., Any]
SHORT = GuardOptions(deadline=0.3)
NOTHING = {"adult_sexual": 0.0, "minor_reference": 0.0, "csem.grooming": 0.0, "own": 0.0}


def raising(items: Any, hashed: bool) -> Any:
    raise RuntimeError("words that must not be passed on")


BAD_ANSWERS: dict[str, Any] = {
    "raises": raising,
    "says nothing": lambda items, hashed: None,
    "says too little": lambda items, hashed: [],
    "says too much": lambda items, hashed: [{}] * (len(items) + 1),
    "leaves itself out": lambda items, hashed: [{} for _ in items],
    "is no mapping": lambda items, hashed: ["ok" for _ in items],
    "is no result": lambda items, hashed: [{"stub": "safe"} for _ in items],
    "is no number": lambda items, hashed: [{"stub": Result(Status.OK, {"own": math.nan})} for _ in items],
    "is too large": lambda items, hashed: [{"stub": Result(Status.OK, {"adult_sexual": 7.0})} for _ in items],
    "is of no label": lambda items, hashed: [{"stub": Result.ok({"undeclared": 0.0})} for _ in items],
    "is an error": lambda items, hashed: [{"stub": Result.error("broken")} for _ in items],
    "has no weights": lambda items, hashed: [{"stub": Result.unsupported("weights_missing")} for _ in items],
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_detector_that_gives_no_answer_never_allows(opened: Opened, asked: Asked, name: str) -> None:
    guard = opened(scorers=lambda: StubScorer(BAD_ANSWERS[name]))
    reply = guard.check_input(asked("a boat"))
    assert (reply.action, reply.category) == (GuardAction.BLOCK, "unchecked")
    assert State.FAILED in guard.decision(reply.decision_id).facts.states
    assert [each.status for each in reply.checks if each.name == "stub"] != ["ok"]
    assert "words that" not in reply.model_dump_json()


def test_a_detector_that_abstains_leads_to_review(opened: Opened, asked: Asked) -> None:
    guard = opened(scorers=lambda: StubScorer(lambda items, hashed: [{"stub": Result.abstain("short")} for _ in items]))
    assert guard.check_input(asked("a boat")).action is GuardAction.REVIEW


def test_a_detector_that_hangs_has_timed_out_and_its_late_answer_is_dropped(opened: Opened, asked: Asked) -> None:
    hanging = Hanging()
    guard = opened(SHORT, scorers=lambda: StubScorer(hanging))
    reply = guard.check_input(asked("a boat"))
    assert reply.action is GuardAction.BLOCK
    assert guard.decision(reply.decision_id).facts.states == {State.TIMED_OUT}
    hanging.released.set()
    again = guard.check_input(asked("a boat"))
    assert guard.decision(again.decision_id).facts.states == {State.FAILED}, "the next one is asked, and raises"


def test_texts_are_answered_while_media_hang(opened: Opened, asked: Asked) -> None:
    hanging = Hanging()

    class HangingMedia:
        examine = staticmethod(hanging)
        examine_digest = staticmethod(hanging)

    guard = opened(GuardOptions(deadline=WAIT, media_threads=1), media=HangingMedia())

    async def both() -> tuple[Any, Any]:
        slow = asyncio.ensure_future(guard.upload(UploadCheck(account="x"), MemoryMedia(b"bytes")))
        quick = await guard.input(asked("a boat"))
        assert not slow.done()
        hanging.released.set()
        return quick, await slow

    quick, slow = asyncio.run(both())
    assert quick.action is GuardAction.ALLOW
    assert slow.action is GuardAction.REVIEW, "an upload whose examiner failed goes to a person"


def test_media_and_data_that_fail_never_allow(opened: Opened) -> None:
    class Broken:
        def examine(self, *_: Any) -> Any:
            raise RuntimeError

        examine_digest = examine

    guard = opened(media=Broken(), finetune=Broken())
    assert guard.check_upload(UploadCheck(account="x"), MemoryMedia(b"x")).action is GuardAction.REVIEW
    assert guard.check_finetune(FinetuneCheck(account="x", manifest={})).action is GuardAction.REVIEW


def test_data_that_cannot_be_understood_are_the_askers_error(opened: Opened) -> None:
    class Malformed:
        def examine(self, check: Any) -> Any:
            raise UsageError("no such row")

    with pytest.raises(UsageError, match="no such row"):
        opened(finetune=Malformed()).check_finetune(FinetuneCheck(account="x", manifest={}))


def test_an_account_book_that_fails_never_allows(opened: Opened, asked: Asked) -> None:
    guard = opened(book=Book(StoreError("gone")))
    reply = guard.check_input(asked("a boat"))
    assert reply.action is GuardAction.BLOCK
    assert ("account_book", "error") in [(each.name, each.status) for each in reply.checks]


def test_a_banned_account_is_refused(opened: Opened, asked: Asked) -> None:
    reply = opened(book=Book(Standing(frozenset({"banned"})))).check_input(asked("a boat"))
    assert (reply.action, reply.category) == (GuardAction.BLOCK, "account_restricted")


@pytest.mark.parametrize("said", [Admission(False, "rollout:killed"), RuntimeError("no file")])
def test_a_model_that_is_closed_is_refused_unread(opened: Opened, asked: Asked, said: Any) -> None:
    guard = opened(rollouts=Rollouts(said))
    reply = guard.check_input(asked("a boat", model="m"))
    assert (reply.action, reply.category) == (GuardAction.BLOCK, "rollout")
    assert reply.reasons == ["rollout:killed" if isinstance(said, Admission) else "rollout:unknown"]
    assert guard.decision(reply.decision_id).facts is None


def test_what_is_out_of_scope_is_not_examined_and_says_why(opened: Opened, asked: Asked) -> None:
    book = Book()
    guard = opened(book=book, scope=lambda kind, surface, code: "jurisdiction:eu" if surface == "private" else None)
    text = CANARIES.prompt(("a", "b"))
    reply = guard.check_input(asked(text, surface="private"))
    assert (reply.action, reply.category, reply.reasons) == (GuardAction.NOT_EXAMINED, None, ["jurisdiction:eu"])
    assert (reply.checks, reply.event_class, book.asked) == ([], None, [])
    assert guard.check_input(asked(text, surface="chat")).action is GuardAction.BLOCK


def test_a_scope_that_cannot_be_told_never_allows(opened: Opened, asked: Asked) -> None:
    def scope(*_: Any) -> str | None:
        raise RuntimeError

    reply = opened(scope=scope).check_input(asked("a boat"))
    assert reply.action is GuardAction.BLOCK
    assert [(each.name, each.status) for each in reply.checks] == [("jurisdiction", "error")], "and nobody looked"


@pytest.fixture
def failing(opened: Opened, settings: Any) -> tuple[Guard, Records]:
    """A guard whose records can be switched off."""
    from seawall.decisions import Recorder, decision_secret
    from seawall.ledger import KeyFile, Ledger, open_store

    store = open_store(settings)
    records = Records(Recorder(store, Ledger.open(store, KeyFile(settings.home / "keys")), decision_secret(settings)))
    return opened(records=records, store=store), records


def test_without_a_database_nothing_is_answered_and_it_recovers_by_itself(
    failing: tuple[Guard, Records], asked: Asked
) -> None:
    guard, records = failing
    assert guard.check_input(asked("a boat")).action is GuardAction.ALLOW
    records.gone = True
    for _ in range(3):
        with pytest.raises(GuardUnavailable) as refused:
            guard.check_input(asked("a boat"))
        assert "store" in refused.value.message
    records.gone = False
    assert guard.check_input(asked("a boat")).action is GuardAction.ALLOW
    assert guard.waiting == 0


def test_a_record_that_cannot_be_written_takes_no_other_with_it(failing: tuple[Guard, Records], asked: Asked) -> None:
    guard, records = failing
    inner = records.inner.record

    def choosy(decisions: Any, *, wait: bool) -> Any:
        if any(each.account == "poison" for each in decisions):
            raise UnicodeEncodeError("utf-8", "x", 0, 1, "no")
        return inner(decisions, wait=wait)

    records.inner.record = choosy

    async def many() -> list[Any]:
        asking = [guard.input(asked("a boat", account=name)) for name in ("one", "poison", "two", "three")]
        return await asyncio.gather(*asking, return_exceptions=True)

    replies = asyncio.run(many())
    assert [isinstance(reply, GuardUnavailable) for reply in replies] == [False, True, False, False]


@pytest.mark.parametrize("name", ["account", "request_id", "model", "generation_id", "locale"])
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\ud800"])
def test_names_that_cannot_be_recorded_are_refused(shared: Guard, asked: Asked, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        shared.check_input(asked("a boat").model_copy(update={name: value}))


def test_a_full_queue_is_busy_and_never_lets_anything_through(opened: Opened, asked: Asked) -> None:
    hanging = Hanging()
    guard = opened(GuardOptions(queue=4, deadline=WAIT), scorers=lambda: StubScorer(hanging))

    async def many() -> list[Any]:
        waiting = [asyncio.ensure_future(guard.input(asked("a boat"))) for _ in range(4)]
        while not hanging.entered.is_set():
            await asyncio.sleep(0.001)
        with pytest.raises(GuardBusy):
            await guard.input(asked("a boat"))
        hanging.released.set()
        return await asyncio.gather(*waiting)

    assert {reply.action for reply in asyncio.run(many())} == {GuardAction.BLOCK}
    assert guard.waiting == 0


def test_a_caller_who_goes_away_leaves_a_record_and_no_trace_else(opened: Opened, asked: Asked) -> None:
    book = Book()
    guard = opened(book=book)

    async def gone() -> None:
        waiting = asyncio.ensure_future(guard.input(asked("a boat", account="gone")))
        await asyncio.sleep(0)
        waiting.cancel()
        await guard.input(asked("a boat", account="stayed"))

    asyncio.run(gone())
    assert {record.account for record in book.settled} == {"gone", "stayed"}


def test_a_closed_guard_refuses(opened: Opened, asked: Asked) -> None:
    guard = opened()
    guard.close()
    with pytest.raises(GuardUnavailable):
        guard.check_input(asked("a boat"))
    assert any(problem.refuses for problem in guard.ready())


def test_checks_under_way_are_finished_before_it_closes(opened: Opened, asked: Asked) -> None:
    hanging = Hanging()
    guard = opened(GuardOptions(deadline=WAIT), scorers=lambda: StubScorer(hanging))
    replies: list[Any] = []
    asking = threading.Thread(target=lambda: replies.append(guard.check_input(asked("a boat"))))
    asking.start()
    assert hanging.entered.wait(WAIT)
    closing = threading.Thread(target=guard.close)
    closing.start()
    hanging.released.set()
    closing.join(WAIT)
    asking.join(WAIT)
    assert [reply.action for reply in replies] == [GuardAction.BLOCK]


def test_a_malformed_item_of_a_batch_is_named_by_its_place_and_nothing_is_recorded(opened: Opened) -> None:
    book = Book()
    guard = opened(book=book)
    items = [{"account": "x", "prompt": "a boat"}, {"account": "x", "prompt": 7, "secret words": 1}]
    with pytest.raises(UsageError, match=r"item 1 of the batch: prompt") as refused:
        guard.check_batch(BatchCheck(items=items))
    assert "secret" not in str(refused.value)
    assert book.settled == []


def test_a_batch_is_answered_in_order_and_recorded_in_one_transaction(failing: tuple[Guard, Records]) -> None:
    guard, records = failing
    both = CANARIES.prompt(("a", "b"))
    items = [
        {"account": "x", "prompt": "a boat"},
        {"kind": "output", "check": {"account": "x", "text": both}},
        {"kind": "finetune", "check": {"account": "x", "manifest": {}}},
        {"account": "x", "prompt": both},
    ] * 25
    replies = guard.check_batch(BatchCheck(items=items)).results
    assert [reply.action.value for reply in replies] == ["allow", "block", "allow", "block"] * 25
    assert records.batches == [100]
    assert guard.check_batch(BatchCheck(items=[])).results == []


def test_what_leaves_the_host_leaves_only_after_the_hash_stage(opened: Opened, asked: Asked) -> None:
    order: list[str] = []

    class Media:
        def examine(self, media: Any, name: str) -> Seen:
            order.append("media")
            return Seen(name, hash_signs) if b"known" in media.open().read() else Seen(name)

    from seawall.policy.separation import Signs

    hash_signs = Signs(hash_match=True)

    def answer(items: Any, hashed: bool) -> Any:
        order.append(f"text {hashed}")
        return saying(NOTHING)(items, hashed)

    away = StubScorer(answer)
    away.infos = (replace(away.infos[0], sends_content_off_host=True),)
    guard = opened(scorers=lambda: away, media=Media())
    guard.check_input(asked("a boat", attachments=[{"base64": "aGFybWxlc3M="}]))
    assert order == ["media", "text True"]
    order.clear()
    reply = guard.check_input(asked("a boat", attachments=[{"base64": "a25vd24="}]))
    assert order == ["media"], "what a list knows is shown to nobody"
    assert (reply.action, [each.status for each in reply.checks if each.name == "stub"]) == ("block", ["skipped"])


def test_what_is_wrong_is_said_before_anybody_asks(opened: Opened, failing: tuple[Guard, Records]) -> None:
    guard, records = failing
    assert [(each.name, each.status, each.refuses) for each in guard.ready()] == [
        ("adult-terms", "not_configured", False)
    ]
    records.gone = True
    records.inner.get = records.record
    assert next((each.name, each.refuses) for each in guard.ready()) == ("database", True)
