"""Completions: a text that goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.deploy.gateway.chat import index_of
from seawall.deploy.gateway.errors import Unsupported
from seawall.deploy.gateway.pieces import Pieces, joined, others, plain, reply_list, reply_text, text_of, word

_KNOWN = frozenset({"prompt", "suffix", "model", "user", "safety_identifier", "stream", "stream_options"})


def read(body: Mapping[str, Any]) -> Pieces:
    """Return what a request shows the model.

    Raises:
        Unsupported: If something of it cannot be checked; tokens in the place of text are.
    """
    prompt = body.get("prompt")
    if isinstance(prompt, list) and prompt and all(isinstance(each, str) for each in prompt):
        prompt = "\n".join(prompt)
    if not isinstance(prompt, str):
        raise Unsupported("a prompt is a text or a list of texts")
    return Pieces(joined(prompt, text_of(body.get("suffix"), "suffix")) or "", system=others(body, _KNOWN))


def show(reply: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a reply with what is known in it, and the text of each of its choices.

    Raises:
        BadReply: If it cannot be checked.
    """
    shown = plain(reply, ("id", "object", "model", "system_fingerprint"))
    shown["choices"], texts = [], []
    for place, choice in enumerate(reply_list(reply.get("choices"))):
        text = reply_text(choice.get("text")) or ""
        texts.append(text)
        shown["choices"].append(
            {
                "index": index_of(choice, place),
                "text": text,
                "logprobs": None,
                "finish_reason": word(choice.get("finish_reason")),
            }
        )
    return shown, texts
