"""Whatever a chat guard answers: scores, or an error, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.adapters.chat_guard._message import Message, read_message
from seawall.detectors.adapters.chat_guard._parsers import (
    LLAMA_GUARD_LABELS,
    QWEN3_GUARD_CATEGORIES,
    QWEN3_GUARD_LABELS,
    Answers,
    FirstWord,
    JsonScores,
    LlamaGuard,
    Parser,
    Qwen3Guard,
    Shape,
)
from seawall.detectors.adapters.service import Failure

LLAMA = LlamaGuard(LLAMA_GUARD_LABELS)
LLAMA_LOGPROB = LlamaGuard(LLAMA_GUARD_LABELS, from_logprob=True)
QWEN = Qwen3Guard(QWEN3_GUARD_LABELS)
SCORES = {"flagged": {"adult_sexual": 1.0}, "unclear": {"adult_sexual": 0.5}, "fine": {}}
JSON_ANSWERS = Answers(SCORES)
LINE_ANSWERS = Answers(SCORES, Shape.FIRST_LINE)
JSON_SCORES = JsonScores({"b": "adult_sexual", "g": "csem.grooming"})
YES = FirstWord("adult_sexual", frozenset({"Yes"}), frozenset({"No"}))
PARSERS: list[Parser] = [LLAMA, LLAMA_LOGPROB, QWEN, JSON_ANSWERS, LINE_ANSWERS, JSON_SCORES, YES]


@given(text=st.text(max_size=200), complete=st.booleans(), parser=st.sampled_from(PARSERS))
def test_no_text_makes_a_parser_say_anything_but_scores_or_malformed(text: str, complete: bool, parser: Parser) -> None:
    try:
        scores = parser.read(Message(text, complete))
    except Failure as failure:
        assert failure.reason == "malformed_reply"
    else:
        assert set(scores) == set(parser.labels)
        assert all(0 <= score <= 1 for score in scores.values())


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_only_blanks_may_stand_around_a_verdict(before: str, after: str) -> None:
    try:
        LLAMA.read(Message(f"{before}safe{after}"))
    except Failure:
        assert before.strip() or after.strip()
    else:
        assert not before.strip() and not after.strip()


@given(st.sets(st.integers(1, 99), min_size=1))
def test_every_set_of_categories_is_read(numbers: set[int]) -> None:
    scores = LLAMA.read(Message("unsafe\n" + ",".join(f"S{number}" for number in sorted(numbers))))
    assert scores == {"csem.sexualised_media": float(4 in numbers), "adult_sexual": float(12 in numbers)}


@given(
    st.sets(st.sampled_from(sorted(QWEN3_GUARD_CATEGORIES)), min_size=1), st.sampled_from(["Unsafe", "Controversial"])
)
def test_every_set_of_qwen_categories_is_read(names: set[str], level: str) -> None:
    scores = QWEN.read(Message(f"Safety: {level}\nCategories: {', '.join(sorted(names))}"))
    expected = {"Unsafe": 1.0, "Controversial": 0.5}[level] if "Sexual Content or Sexual Acts" in names else 0.0
    assert scores == {"adult_sexual": expected}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(content=JSON, finish=JSON | st.just("stop"), logprobs=JSON, message=st.booleans())
def test_no_reply_makes_the_reader_raise_anything_else(content: Any, finish: Any, logprobs: Any, message: bool) -> None:
    inner = {"content": content} if message else content
    choice = {"message": inner, "finish_reason": finish, "logprobs": logprobs}
    for reply in (content, {"choices": content}, {"choices": [choice]}):
        try:
            assert isinstance(read_message(reply).text, str)
        except Failure as failure:
            assert failure.reason == "malformed_reply"
