"""Reading the part of the configuration that says how a guard model answers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from seawall.detectors.adapters._section import Section
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
from seawall.detectors.adapters.description import class_id, read_labels


class Reply(StrEnum):
    """The reply formats."""

    LLAMA_GUARD = "llama-guard"
    QWEN3_GUARD = "qwen3guard"
    GPT_OSS_SAFEGUARD = "gpt-oss-safeguard"
    JSON_LABEL = "json-label"
    LOGPROB = "logprob"


class _ScoreFrom(StrEnum):
    VERDICT = "verdict"
    LOGPROB = "logprob"


def read_parser(section: Section, reply: Reply) -> Parser:
    """Return the parser of a reply format.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    if reply is Reply.LLAMA_GUARD:
        score_from = section.choice("score_from", _ScoreFrom, _ScoreFrom.VERDICT)
        return LlamaGuard(read_labels(section, "labels", LLAMA_GUARD_LABELS), score_from is _ScoreFrom.LOGPROB)
    if reply is Reply.QWEN3_GUARD:
        labels = read_labels(section, "labels", QWEN3_GUARD_LABELS)
        if not set(labels) <= QWEN3_GUARD_CATEGORIES:
            raise section.wrong("labels", "names no category of Qwen3Guard")
        return Qwen3Guard(labels, section.number("controversial", 0.5, least=0.01, most=1))
    if reply is Reply.LOGPROB:
        words = frozenset(section.texts("positive")), frozenset(section.texts("negative"))
        if not all(words) or words[0] & words[1]:
            raise section.wrong("positive", "and negative are lists without a word in common")
        return FirstWord(class_id(section, "label", section.value("label")), *words)
    reasons = frozenset(section.texts("ignored", ("rationale",)))
    if reply is Reply.JSON_LABEL and section.has("scores"):
        return JsonScores(read_labels(section, "scores"), reasons)
    shape = section.choice("shape", Shape, Shape.JSON) if reply is Reply.GPT_OSS_SAFEGUARD else Shape.JSON
    key = section.text("label_key", "label")
    if key in reasons:
        raise section.wrong("ignored", "has the label in it")
    return Answers(_answers(section), shape, key, reasons)


def _answers(parent: Section) -> Mapping[str, Mapping[str, float]]:
    section = parent.section("answers")
    answers: dict[str, Mapping[str, float]] = {}
    for name in section.names():
        scores = section.section(name)
        answers[name] = {class_id(scores, each, each): scores.number(each, least=0, most=1) for each in scores.names()}
    if not any(answers.values()):
        raise parent.wrong("answers", "gives no class a score")
    return answers
