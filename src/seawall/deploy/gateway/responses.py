"""Responses: input items and output items. What is kept at the model server cannot be seen, and is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seawall.deploy.gateway.chat import content_text
from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import (
    Pieces,
    Role,
    everything,
    joined,
    list_of,
    others,
    plain,
    refuse,
    reply_list,
    reply_text,
    turn,
    word,
)

_KNOWN = frozenset({"input", "instructions", "model", "user", "safety_identifier", "stream", "store"})
_OUTSIDE = ("previous_response_id", "conversation", "background", "prompt")
_ROLES: dict[Any, Role] = {"system": "system", "developer": "developer", "user": "user", "assistant": "assistant"}


def read(body: Mapping[str, Any]) -> Pieces:
    """Return what a request shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    refuse(body, _OUTSIDE)
    for tool in list_of(body.get("tools") or [], "tools"):
        if tool.get("type") not in ("function", "custom"):
            raise Unsupported("a tool that the model server runs itself cannot be checked")
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else list_of(given, "input")
    attachments: list[str] = []
    turns = [_turn(item, attachments) for item in items]
    last = max((place for place, (role, _) in enumerate(turns) if role == "user"), default=None)
    system = joined(
        everything(body.get("instructions")),
        *(text for role, text in turns if role in ("system", "developer")),
        others(body, _KNOWN),
    )
    history = tuple(
        turn(role, text)
        for place, (role, text) in enumerate(turns)
        if place != last and text and role not in ("system", "developer")
    )
    return Pieces("" if last is None else turns[last][1], history, system, None, tuple(attachments))


def _turn(item: Mapping[str, Any], attachments: list[str]) -> tuple[Role, str]:
    match item.get("type", "message"):
        case "message":
            role = item.get("role")
            if role not in _ROLES:
                raise Unsupported("a message has a role that is not known")
            rest = [value for key, value in item.items() if key not in ("type", "role", "content", "id", "status")]
            return _ROLES[role], joined(content_text(item.get("content"), attachments), everything(rest)) or ""
        case "function_call" | "custom_tool_call":
            return "assistant", everything(list(item.values()))
        case "function_call_output" | "custom_tool_call_output":
            rest = [value for key, value in item.items() if key != "output"]
            return "tool", joined(content_text(item.get("output"), attachments), everything(rest)) or ""
        case "reasoning":
            refuse(item, ("encrypted_content",))
            return "assistant", everything(list(item.values()))
        case _:
            raise Unsupported("an item of the input is of a kind that is not known")


def show(reply: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a reply with what is known in it, and its text.

    Raises:
        BadReply: If it cannot be checked.
    """
    shown = plain(reply, ("id", "object", "model", "status"))
    output = [_item(item) for item in reply_list(reply.get("output"))]
    shown |= {"output": output, "error": None, "incomplete_details": None, "metadata": {}}
    shown |= {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True, "instructions": None}
    return shown, ["\n".join(_texts(output))]


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = plain(item, ("id", "type", "status", "call_id"))
    match item.get("type"):
        case "message":
            kept |= {"role": "assistant", "content": [_part(part) for part in reply_list(item.get("content"))]}
        case "reasoning":
            for name in ("summary", "content"):
                if item.get(name):
                    parts = reply_list(item[name])
                    kept[name] = [{"type": word(p.get("type")), "text": reply_text(p.get("text"))} for p in parts]
        case "function_call":
            kept |= {name: reply_text(item.get(name)) for name in ("name", "arguments")}
        case "custom_tool_call":
            kept |= {name: reply_text(item.get(name)) for name in ("name", "input")}
        case _:
            raise BadReply("the reply holds an item of a kind that is not known")
    return kept


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    match part.get("type"):
        case "output_text":
            return {"type": "output_text", "text": reply_text(part.get("text")) or "", "annotations": []}
        case "refusal":
            return {"type": "refusal", "refusal": reply_text(part.get("refusal")) or ""}
        case _:
            raise BadReply("the reply holds a part of a kind that is not known")


def _texts(output: list[dict[str, Any]]) -> Iterator[str]:
    for item in output:
        for part in [*item.get("content", []), *item.get("summary", [])]:
            yield part.get("text") or part.get("refusal") or ""
        for name in ("name", "arguments", "input"):
            yield item.get(name) or ""


def events(reply: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a reply, checked as a whole, as the events of a stream."""
    begun = {**reply, "status": "in_progress", "output": []}
    found: list[tuple[str, dict[str, Any]]] = [("response.created", {"response": begun})]
    for place, item in enumerate(reply["output"]):
        at = {"output_index": place}
        found.append(("response.output_item.added", {**at, "item": {**item, "content": []}}))
        if item["type"] == "message":
            for number, part in enumerate(item["content"]):
                here = {**at, "item_id": item.get("id"), "content_index": number}
                kind, name = ("output_text", "text") if "text" in part else ("refusal", "refusal")
                found += [
                    ("response.content_part.added", {**here, "part": {**part, name: ""}}),
                    (f"response.{kind}.delta", {**here, "delta": part[name]}),
                    (f"response.{kind}.done", {**here, name: part[name]}),
                    ("response.content_part.done", {**here, "part": part}),
                ]
        elif item["type"] == "function_call":
            here = {**at, "item_id": item.get("id")}
            text = item["arguments"] or ""
            found += [
                ("response.function_call_arguments.delta", {**here, "delta": text}),
                ("response.function_call_arguments.done", {**here, "arguments": text}),
            ]
        found.append(("response.output_item.done", {**at, "item": item}))
    found.append(("response.completed", {"response": reply}))
    for count, (name, data) in enumerate(found):
        yield name, {"type": name, "sequence_number": count, **data}
