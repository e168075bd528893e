"""Chat completions: what a request shows the model, and what a reply shows the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import (
    Pieces,
    Role,
    base64_of,
    everything,
    joined,
    list_of,
    others,
    plain,
    refuse,
    reply_list,
    reply_text,
    strings,
    text_of,
    turn,
    word,
)

CHANNELS = ("content", "reasoning_content", "reasoning", "refusal")
"""Texts of a message."""

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_KNOWN = frozenset({"messages", "model", "user", "safety_identifier", "stream", "stream_options"})
_READ = frozenset({"type", "text", "refusal", "image_url", "video_url", "input_audio"})
_OUTSIDE = ("audio", "web_search_options", "background", "conversation", "previous_response_id")


def read(body: Mapping[str, Any]) -> Pieces:
    """Return what a request shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    refuse(body, _OUTSIDE)
    if body.get("modalities") not in (None, ["text"]):
        raise Unsupported("only text comes out of chat")
    messages = list_of(body.get("messages"), "messages")
    if not messages:
        raise Unsupported("there are no messages")
    attachments: list[str] = []
    turns = [(_role(each), message_text(each, attachments)) for each in messages]
    last = max((place for place, (role, _) in enumerate(turns) if role == "user"), default=None)
    system = joined(*(text for role, text in turns if role in ("system", "developer")), others(body, _KNOWN))
    history = tuple(
        turn(role, text)
        for place, (role, text) in enumerate(turns)
        if place != last and text and role not in ("system", "developer")
    )
    return Pieces("" if last is None else turns[last][1], history, system, None, tuple(attachments))


def _role(message: Mapping[str, Any]) -> Role:
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise Unsupported("a message has a role that is not known")
    return _ROLES[role]


def message_text(message: Mapping[str, Any], attachments: list[str]) -> str:
    """Return every text of a message; its media are added to `attachments`.

    Raises:
        Unsupported: If a part of it is not known.
    """
    refuse(message, ("audio",))
    rest = {key: value for key, value in message.items() if key not in ("role", "content", "tool_call_id")}
    return joined(content_text(message.get("content"), attachments), everything(list(rest.values()))) or ""


def content_text(content: Any, attachments: list[str]) -> str:
    """Return the text of content, which is a text or a list of parts.

    Raises:
        Unsupported: If a part is not known.
    """
    if content is None or isinstance(content, str):
        return content or ""
    texts: list[str] = []
    beside: list[str] = []
    for part in list_of(content, "content"):
        beside += strings([value for key, value in part.items() if key not in _READ])
        match part.get("type"):
            case "text" | "input_text" | "output_text":
                texts.append(text_of(part.get("text"), "text"))
            case "refusal":
                texts.append(text_of(part.get("refusal"), "refusal"))
            case "image_url" | "video_url":
                held = part.get(str(part["type"]))
                attachments.append(base64_of(held.get("url") if isinstance(held, dict) else held))
            case "input_image":
                refuse(part, ("file_id",))
                attachments.append(base64_of(part.get("image_url")))
            case "input_audio":
                held = part.get("input_audio")
                attachments.append(text_of(held.get("data") if isinstance(held, dict) else None, "input_audio"))
            case _:
                raise Unsupported("a part of a message is of a kind that is not known")
    # A term may be split over parts, which the model reads as one text.
    return "\n".join(["".join(texts), *(texts if len(texts) > 1 else ()), *beside])


def show(reply: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a reply with what is known in it, and the text of each of its choices.

    Raises:
        BadReply: If it cannot be checked.
    """
    shown = plain(reply, ("id", "object", "model", "system_fingerprint", "service_tier"))
    shown["choices"], texts = [], []
    for place, choice in enumerate(reply_list(reply.get("choices"))):
        message = choice.get("message")
        if not isinstance(message, dict):
            raise BadReply
        kept, text = _message(message)
        texts.append(text)
        shown["choices"].append(
            {
                "index": index_of(choice, place),
                "message": kept,
                "logprobs": None,
                "finish_reason": word(choice.get("finish_reason")),
            }
        )
    return shown, texts


def _message(message: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    kept: dict[str, Any] = {"role": "assistant", "content": None}
    found: list[str] = []
    if message.get("audio") is not None:
        raise BadReply("the reply holds sound, which was not asked for")
    for name in CHANNELS:
        text = _flat(message.get(name))
        if text is not None:
            kept[name] = text
            found.append(text)
    calls = [tool_call(each, place) for place, each in enumerate(reply_list(message.get("tool_calls") or []))]
    if calls:
        kept["tool_calls"] = [{key: value for key, value in call.items() if key != "index"} for call in calls]
        found += [text for call in calls for text in call["function"].values() if text]
    old = message.get("function_call")
    if isinstance(old, dict):
        kept["function_call"] = function_of(old)
        found += [text for text in kept["function_call"].values() if text]
    return kept, "\n".join(found)


def _flat(value: Any) -> str | None:
    """Return text that some servers give in parts."""
    if not isinstance(value, list):
        return reply_text(value)
    parts = reply_list(value)
    if any(part.get("type") not in ("text", "output_text") for part in parts):
        raise BadReply
    return "".join(reply_text(part.get("text")) or "" for part in parts)


def tool_call(call: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Return what is known of a tool call, whole or a piece of it.

    Raises:
        BadReply: If it is of another kind.
    """
    function = call.get("function")
    if call.get("type") not in (None, "function") or not isinstance(function, dict):
        raise BadReply("the reply calls a tool of a kind that is not known")
    known: dict[str, Any] = {"index": index_of(call, place), "function": function_of(function)}
    if word(call.get("id")) is not None:
        known |= {"id": call["id"], "type": "function"}
    return known


def function_of(function: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name and the arguments of a call."""
    found = {name: reply_text(function.get(name)) for name in ("name", "arguments")}
    return {name: text for name, text in found.items() if text is not None}


def index_of(value: Mapping[str, Any], place: int) -> int:
    """Return the number of a choice or call.

    Raises:
        BadReply: If it is none.
    """
    index = value.get("index", place)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 128:
        raise BadReply
    return index
