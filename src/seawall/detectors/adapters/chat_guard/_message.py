"""The one message that a chat endpoint answers with, and the probabilities of its first word."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.detectors.adapters.service import malformed, member, number

_LONGEST = 20_000
_MOST_ALTERNATIVES = 50


@dataclass(frozen=True, slots=True)
class Message:
    """What the model said. Its text may quote what it judged, so it is never shown.

    Attributes:
        text: The text.
        complete: Whether the model came to its end, rather than to a limit.
        first: Probability by word, as written, of the first word that is not blank; empty if the service gives none.
        said: That first word as the model chose it.
    """

    text: str = field(repr=False)
    complete: bool = True
    first: Mapping[str, float] = field(default_factory=dict, repr=False)
    said: str = field(default="", repr=False)


def read_message(reply: Any) -> Message:
    """Return the message in a reply of a chat endpoint.

    Raises:
        Failure: If it is no such reply, or the model declined.
    """
    choices = member(reply, "choices", list)
    if len(choices) != 1:
        raise malformed()
    message = member(choices[0], "message", dict)
    text = member(message, "content", str)
    if len(text) > _LONGEST or message.get("refusal") or message.get("tool_calls"):
        raise malformed()
    reason = choices[0].get("finish_reason")
    if reason not in ("stop", "length"):
        raise malformed()
    said, first = _first_word(choices[0].get("logprobs"))
    return Message(text, reason == "stop", first, said)


def _first_word(logprobs: Any) -> tuple[str, Mapping[str, float]]:
    if logprobs is None or (isinstance(logprobs, dict) and logprobs.get("content") is None):
        return "", {}
    for token in member(logprobs, "content", list):
        word = member(token, "token", str)
        if not word.strip():
            continue
        others = token.get("top_logprobs") or []
        if not isinstance(others, list) or len(others) > _MOST_ALTERNATIVES:
            raise malformed()
        found = {member(each, "token", str): _probability(each.get("logprob")) for each in others}
        found[word] = _probability(token.get("logprob"))
        if sum(found.values()) > 1.01:
            raise malformed()
        return word, found
    raise malformed()


def _probability(logprob: Any) -> float:
    value = number(logprob)
    if value > 1e-3:
        raise malformed()
    return min(1.0, math.exp(value))
