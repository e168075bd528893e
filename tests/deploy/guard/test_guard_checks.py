"""What the guard answers out of the box, and how the parts of a request are joined."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from seawall.canary.disguise import DISGUISES, disguise
from seawall.deploy.guard import Guard
from seawall.deploy.guard.requests import BatchCheck, OutputCheck
from seawall.policy.guard import CheckKind, EventClass, GuardAction, State
from tests.deploy.guard.guard_stand_ins import ADULT_WORD, CANARIES, GROOMING_WORD, words

LANGUAGES = sorted(CANARIES.sentences)
Opened = Callable[..., Guard]
Asked = Callable[..., Any]


@pytest.mark.parametrize(("concepts", "action"), [("", "allow"), ("a", "allow"), ("b", "allow"), ("c", "allow")])
def test_a_canary_alone_is_allowed_out_of_the_box(shared: Guard, asked: Asked, concepts: str, action: str) -> None:
    reply = shared.check_input(asked(CANARIES.prompt(tuple(concepts))))
    assert (reply.action, reply.drill, reply.event_class) == (action, False, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_canaries_are_blocked_as_a_drill_in_every_language(shared: Guard, asked: Asked, language: str) -> None:
    guard = shared
    reply = guard.check_input(asked(CANARIES.prompt(("a", "b"), language)))
    assert (reply.action, reply.category, reply.drill) == (GuardAction.BLOCK, "canary", True)
    assert reply.event_class is EventClass.REQUEST_TEXT
    assert reply.checks[-1].status == "not_configured", "nobody looks for adult terms, and the reply says so"


@pytest.mark.parametrize("name", DISGUISES)
def test_disguised_canaries_are_blocked(shared: Guard, name: str) -> None:
    hidden = [disguise(CANARIES.prompt(("a", "b"), language), name) for language in LANGUAGES]
    replies = shared.check_batch(BatchCheck(items=[{"account": "x", "prompt": text} for text in hidden]))
    assert [reply.drill for reply in replies.results] == [True] * len(LANGUAGES)


A, B, NONE = CANARIES.prompt(("a",)), CANARIES.prompt(("b",)), CANARIES.prompt(())


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": B, "history": [A, NONE]},
        {"prompt": NONE, "history": [A, NONE, B]},
        {"prompt": NONE, "history": [{"role": "assistant", "content": A}, NONE, {"role": "tool", "content": B}]},
        {"prompt": A, "negative_prompt": B},
        {"prompt": A, "system": B},
        {"prompt": NONE, "system": A, "negative_prompt": B},
    ],
)
def test_the_parts_of_a_request_are_one_body_of_evidence(shared: Guard, asked: Asked, fields: dict[str, Any]) -> None:
    reply = shared.check_input(asked(**fields))
    assert (reply.action, reply.drill) == (GuardAction.BLOCK, True)


def test_a_real_word_beside_a_canary_makes_no_drill_of_it(opened: Opened, asked: Asked) -> None:
    guard = opened(packs=[words(adult_sexual=ADULT_WORD)])
    rehearsed = guard.check_input(asked(f"{ADULT_WORD}, and {CANARIES.concepts['a'].words['en']}"))
    assert (rehearsed.action, rehearsed.drill) == (GuardAction.BLOCK, True), "a canary and a real word: nothing real"
    facts = guard.decision(rehearsed.decision_id).facts
    assert facts.real.partition == "sexual_age_unknown"
    assert facts.rehearsed.partition == "both"


def test_a_canary_word_in_a_pack_of_the_operator_counts_as_real(opened: Opened, asked: Asked) -> None:
    guard = opened(packs=[words(adult_sexual=CANARIES.concepts["b"].words["en"])])
    record = guard.decision(guard.check_input(asked(B)).decision_id)
    assert record.facts.real.partition == "sexual_age_unknown"
    assert State.UNCOVERED not in record.facts.states


def test_a_conduct_that_a_pack_names_is_blocked_for_what_it_is(opened: Opened, asked: Asked) -> None:
    guard = opened(packs=[words(csem__grooming=GROOMING_WORD)])
    reply = guard.check_input(asked(NONE, history=[f"how to {GROOMING_WORD}"]))
    assert (reply.action, reply.category, reply.drill) == (GuardAction.BLOCK, "csem.grooming", False)
    record = guard.decision(reply.decision_id)
    assert record.facts.real.part_scores == {"history.0": {"csem.grooming": 1.0}}
    assert record.judgement.strike == "serious"


def test_an_output_is_judged_with_what_it_was_made_from(shared: Guard) -> None:
    guard = shared
    alone = guard.check_output(OutputCheck(account="x", text=B))
    both = guard.check_output(OutputCheck(account="x", text=B, prompt=NONE, history=[A]))
    assert (alone.action, both.action) == (GuardAction.ALLOW, GuardAction.BLOCK)
    assert both.event_class is EventClass.OUTPUT_BLOCKED


def test_a_history_of_a_thousand_turns_and_a_prompt_of_a_megabyte_are_read_whole(shared: Guard, asked: Asked) -> None:
    guard = shared
    assert guard.check_input(asked(B, history=[*[NONE] * 998, A])).drill
    long = "the boats lie in the harbour. " * ((1 << 20) // 30 - 2)
    assert guard.check_input(asked(f"{long}{A}", negative_prompt=B)).drill
    assert guard.check_input(asked(long)).action is GuardAction.ALLOW


def test_a_prompt_of_four_bytes_a_character_is_read_whole(shared: Guard, asked: Asked) -> None:
    filler = "\U0001f6a2 " * ((1 << 18) - 100)
    assert shared.check_input(asked(f"{filler}{A}{filler}{B}")).drill


def test_lone_surrogates_and_controls_in_a_text_hide_nothing(shared: Guard, asked: Asked) -> None:
    check = asked(NONE).model_copy(update={"prompt": f"\ud800{A}\x00\udfff", "negative_prompt": f"\x07{B}\ud8ff"})
    guard = shared
    assert guard.check_input(check).drill
    assert guard.check_input(asked("\ufffe\uffff")).action is GuardAction.ALLOW


def test_coroutines_and_threads_get_the_same_answers(shared: Guard, asked: Asked) -> None:
    guard = shared

    async def many() -> list[Any]:
        return await asyncio.gather(*(guard.input(asked(text)) for text in (NONE, A, B, f"{A} {B}") * 8))

    there = [(reply.action, reply.drill) for reply in asyncio.run(many())]
    here = [
        (reply.action, reply.drill) for text in (NONE, A, B, f"{A} {B}") * 8 if (reply := _reply(guard, asked, text))
    ]
    assert there == here


def _reply(guard: Guard, asked: Asked, text: str) -> Any:
    return guard.check_input(asked(text))


def test_what_is_recorded_holds_facts_and_no_content(opened: Opened, asked: Asked, settings: Any) -> None:
    guard = opened(packs=[words(adult_sexual=ADULT_WORD)])
    reply = guard.check_input(
        asked(f"{ADULT_WORD} {A} unmistakable-marker", surface="chat", model="m", generation_id="g")
    )
    record = guard.decision(reply.decision_id)
    assert (record.kind, record.surface, record.model, record.generation_id) == (CheckKind.INPUT, "chat", "m", "g")
    guard.close()
    for path in settings.home.rglob("*"):
        if path.is_file() and "vault" not in path.parts:
            data = path.read_bytes()
            assert b"unmistakable-marker" not in data
            assert ADULT_WORD.encode() not in data, path
