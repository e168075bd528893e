"""What a stand-in for a model server answers: deterministic, harmless, and made of what the prompt says.

It answers with the words after `say:` in the last message, or with the canary words of the concepts after `canary:`
(so that they are in the answer alone), and draws the canary concepts that a prompt or answer names.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

DEFAULT = "A quiet lake, and a small boat on it."
MODEL = "stand-in"


def answer(prompt: str) -> str:
    """Return the words after `say:`, those of the concepts after `canary:`, or a harmless sentence."""
    _, found, concepts = prompt.rpartition("canary:")
    if found:
        from seawall.canary.pack import Pack

        pack = Pack.load()
        return " and ".join(pack.concepts[each].words["en"] for each in concepts.strip() if each in pack.concepts)
    _, found, words = prompt.rpartition("say:")
    return words.strip() if found else DEFAULT


def last_words(body: dict[str, Any]) -> str:
    """Return the text that is answered."""
    for message in reversed(body.get("messages") or []):
        content = message.get("content") or ""
        if isinstance(content, list):
            content = " ".join(str(part.get("text", "")) for part in content)
        return str(content)
    given = body.get("prompt") or body.get("input") or ""
    if isinstance(given, list):
        given = given[-1] if given else ""
        given = given.get("content", "") if isinstance(given, dict) else given
    return str(given)


def chat(body: dict[str, Any]) -> dict[str, Any]:
    """Return a chat completion."""
    message = {"role": "assistant", "content": answer(last_words(body))}
    choices = [{"index": n, "message": message, "finish_reason": "stop"} for n in range(int(body.get("n") or 1))]
    return {"id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": MODEL, "choices": choices}


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """Return a completion."""
    choices = [{"index": 0, "text": answer(last_words(body)), "finish_reason": "stop"}]
    return {"id": "cmpl-0", "object": "text_completion", "created": 0, "model": MODEL, "choices": choices}


def response(body: dict[str, Any]) -> dict[str, Any]:
    """Return a response."""
    part = {"type": "output_text", "text": answer(last_words(body)), "annotations": []}
    item = {"id": "msg-0", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    reply = {"id": "resp-0", "object": "response", "created_at": 0, "status": "completed", "model": MODEL}
    return {**reply, "output": [item]}


def chunks(body: dict[str, Any], *, is_chat: bool) -> Iterator[bytes]:
    """Yield a streamed reply, a word at a time."""
    name = "chat.completion.chunk" if is_chat else "text_completion"
    head = {"id": "chatcmpl-0", "object": name, "created": 0, "model": MODEL}
    for number, word in enumerate(answer(last_words(body)).split(" ")):
        text = word if number == 0 else f" {word}"
        part: dict[str, Any] = {"delta": {"content": text}} if is_chat else {"text": text}
        yield _event({**head, "choices": [{"index": 0, **part, "finish_reason": None}]})
    last: dict[str, Any] = {"delta": {}} if is_chat else {"text": ""}
    yield _event({**head, "choices": [{"index": 0, **last, "finish_reason": "stop"}]})
    yield b"data: [DONE]\n\n"


def picture(prompt: str) -> bytes:
    """Return a picture, PNG, of the concepts whose English words are in a prompt; of a boat if there are none."""
    from seawall.canary.pack import Pack
    from seawall.canary.scenes import draw_scene

    words = prompt.lower()
    named = [concept.id for concept in Pack.load().concepts.values() if concept.words["en"].lower() in words]
    stream = io.BytesIO()
    draw_scene(named, 0).save(stream, "PNG")
    return stream.getvalue()


def sound() -> bytes:
    """Return a tune that stands for nothing, WAV; long enough for a fingerprint to be taken of it."""
    import wave
    from array import array
    from math import sin

    rate, seconds = 8000, 12
    tune = array("h", (int(8000 * sin(at * 0.1 * (1 + 0.3 * sin(at / 1500)))) for at in range(rate * seconds)))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(tune.tobytes())
    return stream.getvalue()


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
