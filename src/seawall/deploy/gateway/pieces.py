"""The parts of a request that a check needs, and reading values of JSON that nobody has vouched for.

Whatever is not understood is refused: a text that is not seen here would reach the model unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ValidationError

from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.guard.requests import Attachment, InputCheck, OutputCheck, Turn

Role = Literal["system", "developer", "user", "assistant", "tool"]
_DATA_URL = re.compile(r"data:[a-zA-Z0-9.+/-]*(?:;[a-zA-Z0-9.=+_-]+)*;base64,")
_WORD = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a request shows the model.

    Attributes:
        prompt: The last turn of the user.
        history: Every other turn.
        system: Instructions, and whatever else the model reads: tools, schemas, unknown fields.
        negative: What shall not be in a picture.
        attachments: Media, in base64.
    """

    prompt: str = field(default="", repr=False)
    history: tuple[Turn, ...] = field(default=(), repr=False)
    system: str | None = field(default=None, repr=False)
    negative: str | None = field(default=None, repr=False)
    attachments: tuple[str, ...] = field(default=(), repr=False)

    def input_check(self, meta: Mapping[str, Any]) -> InputCheck:
        """Return the check of the request.

        Raises:
            Unsupported: If it is more than one check can hold.
        """
        try:
            return InputCheck(
                prompt=self.prompt,
                negative_prompt=self.negative,
                system=self.system,
                history=list(self.history),
                attachments=[Attachment.model_validate({"base64": each}) for each in self.attachments],
                **meta,
            )
        except ValidationError:
            raise Unsupported("the request has more, longer or other parts than one check can hold") from None

    def output_check(self, meta: Mapping[str, Any], text: str | None = None) -> OutputCheck:
        """Return the check of something that was made of this request.

        Raises:
            BadReply: If it is more than one check can hold.
        """
        before = [*self.history]
        if self.system:
            before.insert(0, Turn(role="system", content=self.system))
        if len(before) > _MOST:
            before = [before[0], Turn(content="\n".join(each.content for each in before[1:])[-(1 << 20) :])]
        try:
            attached = [Attachment.model_validate({"base64": each}) for each in self.attachments]
            return OutputCheck(text=text, prompt=self.prompt, history=list(before), attachments=attached, **meta)
        except ValidationError:
            raise BadReply("the reply is longer than one check can hold") from None


_MOST = 1000


def turn(role: Role, content: str) -> Turn:
    """Return one turn.

    Raises:
        Unsupported: If it is too long.
    """
    try:
        return Turn(role=role, content=content)
    except ValidationError:
        raise Unsupported("a message is longer than one check can hold") from None


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a value, names of fields included."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            for key, inner in reversed(list(each.items())):
                waiting += [inner, key]
        elif isinstance(each, Sequence) and not isinstance(each, (bytes, bytearray)):
            waiting += reversed(each)


def everything(value: Any) -> str:
    """Return all strings of a value as one text."""
    return "\n".join(strings(value))


def text_of(value: Any, name: str) -> str:
    """Return a string.

    Raises:
        Unsupported: If it is something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unsupported(f"{name} is not a text")
    return value


def list_of(value: Any, name: str) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        Unsupported: If it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unsupported(f"{name} is not a list of objects")
    return value


def base64_of(url: Any) -> str:
    """Return the base64 of a `data:` URL.

    Raises:
        Unsupported: If it is another URL: the model server would fetch what nobody has checked.
    """
    found = _DATA_URL.match(url) if isinstance(url, str) else None
    if found is None:
        raise Unsupported("media come as data: URLs in base64, so that what is checked is what the model sees")
    return str(url)[found.end() :]


def refuse(body: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse fields that point at things which cannot be seen from here.

    Raises:
        Unsupported: If one is set.
    """
    for name in names:
        if body.get(name) not in (None, False, [], {}):
            raise Unsupported(f"{name} cannot be checked")


def others(body: Mapping[str, Any], known: frozenset[str]) -> str | None:
    """Return the texts of fields that are not known; they are checked as instructions."""
    return everything([value for key, value in body.items() if key not in known]) or None


def joined(*texts: str | None) -> str | None:
    """Return texts as one."""
    return "\n".join(text for text in texts if text) or None


def word(value: Any) -> str | None:
    """Return an id or a name, if it looks like one; never free text."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def number(value: Any) -> int | float | None:
    """Return a number."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def numbers(value: Any, depth: int = 3) -> dict[str, Any] | None:
    """Return an object of numbers, such as `usage`, without anything else in it."""
    if not isinstance(value, dict) or depth == 0:
        return None
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        if word(key) is not None:
            found = numbers(inner, depth - 1) if isinstance(inner, dict) else number(inner)
            if found is not None:
                kept[key] = found
    return kept


def plain(reply: Mapping[str, Any], words: Sequence[str], counts: Sequence[str] = ("created", "created_at")) -> Any:
    """Return the fields of a reply that are ids, names and numbers."""
    kept = {name: word(reply[name]) for name in words if word(reply.get(name)) is not None}
    found = {name: number(reply[name]) for name in counts if number(reply.get(name)) is not None}
    usage = numbers(reply.get("usage"))
    return {**kept, **found, **({"usage": usage} if usage is not None else {})}


def reply_object(value: Any) -> dict[str, Any]:
    """Return a reply that is an object.

    Raises:
        BadReply: If it is something else.
    """
    if not isinstance(value, dict):
        raise BadReply
    return value


def reply_list(value: Any) -> list[dict[str, Any]]:
    """Return objects of a reply.

    Raises:
        BadReply: If it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadReply
    return value


def reply_text(value: Any) -> str | None:
    """Return a text of a reply; None if there is none.

    Raises:
        BadReply: If it is something else.
    """
    if value is not None and not isinstance(value, str):
        raise BadReply
    return value
