"""Sound: what is spoken, and what was said."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import Pieces, everything, joined, others, plain, reply_list, reply_text, text_of

_KNOWN = frozenset({"input", "instructions", "prompt", "model", "user", "safety_identifier", "response_format"})


def read_speech(body: Mapping[str, Any]) -> Pieces:
    """Return what a request to speak shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    if body.get("stream_format") not in (None, "audio"):
        raise Unsupported("speech is checked as a whole, and not streamed")
    system = joined(text_of(body.get("instructions"), "instructions"), others(body, _KNOWN))
    return Pieces(text_of(body.get("input"), "input"), system=system)


def read_transcription(fields: Mapping[str, str], sound: bytes) -> Pieces:
    """Return what a request to write sound down shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    if fields.get("stream") not in (None, "", "false"):
        raise Unsupported("a transcription is checked as a whole, and not streamed")
    written = base64.b64encode(sound).decode()
    return Pieces(fields.get("prompt", ""), system=others(fields, _KNOWN), attachments=(written,))


def show(reply: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a transcription with what is known in it, and its text.

    Raises:
        BadReply: If it cannot be checked.
    """
    text = reply_text(reply.get("text"))
    if text is None:
        raise BadReply
    shown = {"text": text, **plain(reply, ("task", "language"), ("duration",))}
    for name in ("segments", "words"):
        if reply.get(name) is not None:
            shown[name] = [
                {key: value for key, value in each.items() if key in ("id", "start", "end", "text", "word")}
                for each in reply_list(reply[name])
            ]
    return shown, everything([shown["text"], shown.get("segments"), shown.get("words")])
