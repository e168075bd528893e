"""From the body of a request to a check. What cannot be examined is refused, not passed over."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from seawall.client.middleware.pointers import Pointer, read_json, strings
from seawall.client.middleware.routes import Route
from seawall.deploy.guard.requests import InputCheck
from seawall.deploy.local.fields import CheckMalformed, build

_DATA = "data:"
_TURN_KEYS = frozenset({"role", "content"})


def read_input(route: Route, body: bytes, account: str) -> InputCheck:
    """Return the check of a JSON request.

    Raises:
        CheckMalformed: If something that is to be checked is missing, or is not what it must be.
        NotJson: If the body is not plain JSON.
    """
    document = read_json(body)
    media = [read_media(value) for place in route.attachments for value in Pointer.parse(place).find(document)]
    turns = _turns(route, document, media)
    found = [text for place in route.prompts for value in Pointer.parse(place).find(document) for text in _texts(value)]
    if not found and turns:
        found.append(turns.pop()["content"])
    if not found:
        raise CheckMalformed("there is no prompt where one must be")
    return build(
        InputCheck,
        {
            "account": account,
            "prompt": "\n".join(found),
            "history": turns,
            "attachments": media,
            "surface": route.surface,
            "negative_prompt": _joined(route.negative_prompt, document),
            "system": _joined(route.system, document),
            "model": _joined(route.model, document),
        },
    )


def read_media(value: Any) -> bytes:
    """Return the bytes of a medium that is written in base64 or as a data URL.

    Raises:
        CheckMalformed: If it is anything else, such as the address of one.
    """
    if not isinstance(value, str):
        raise CheckMalformed("a medium is not given as text")
    head, comma, rest = value.partition(",") if value[:5].lower() == _DATA else ("", "", value)
    if head and (not comma or not head.lower().endswith(";base64")):
        raise CheckMalformed("a data URL is not in base64")
    try:
        return base64.b64decode(rest, validate=True)
    except (binascii.Error, ValueError):
        raise CheckMalformed("a medium is neither base64 nor a data URL; addresses are not fetched") from None


def _joined(pointer: str | None, document: Any) -> str | None:
    if pointer is None:
        return None
    found = [text for value in Pointer.parse(pointer).find(document) for text in _texts(value)]
    return "\n".join(found) if found else None


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise CheckMalformed("a text is neither a text nor a list of texts")


def _turns(route: Route, document: Any, media: list[bytes]) -> list[dict[str, Any]]:
    if route.history is None:
        return []
    turns = []
    for value in Pointer.parse(route.history).find(document):
        for each in value if isinstance(value, list) else [value]:
            turns.append(_turn(each, media))
    return turns


def _turn(value: Any, media: list[bytes]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"role": "user", "content": value}
    if not isinstance(value, dict) or not isinstance(value.get("role", "user"), str):
        raise CheckMalformed("a message is neither a text nor an object with role and content")
    content = value.get("content")
    texts = [content] if isinstance(content, str) else [_part(part, media) for part in content or []]
    # Calls of tools, refusals, names: whatever else a message says is read with it.
    texts += [text for key, other in value.items() if key not in _TURN_KEYS for text in strings(other)]
    return {"role": value.get("role", "user"), "content": "\n".join(text for text in texts if text)}


def _part(part: Any, media: list[bytes]) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "input_text", "output_text") and isinstance(part.get("text"), str):
        text: str = part["text"]
        return text
    if kind in ("image_url", "input_image"):
        url = part.get("image_url")
        media.append(read_media(url.get("url") if isinstance(url, dict) else url))
        return ""
    if kind == "input_audio" and isinstance(part.get("input_audio"), dict):
        media.append(read_media(part["input_audio"].get("data")))
        return ""
    raise CheckMalformed("a part of a message is of a kind that cannot be examined")
