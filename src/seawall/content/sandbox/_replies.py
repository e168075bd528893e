"""The form of a reply, written by the child and read by the parent, who takes nothing in it on trust."""

from __future__ import annotations

from typing import Any

from seawall.content.sandbox import _wire
from seawall.errors import MediaError, TooLarge

_LONGEST_TEXT = 300


class ReplyError(Exception):
    """The child answered with an error.

    Attributes:
        error: What to raise.
        blameless: Whether it may be due to the state that an earlier item left.
        restart: Whether the child should not be used again.
    """

    def __init__(self, error: MediaError, *, out_of_memory: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.blameless = out_of_memory
        self.restart = out_of_memory


def value_reply(number: int, value: dict[str, Any]) -> dict[str, Any]:
    """Return the reply that carries what the entry returned."""
    return {"id": number, "value": value}


def error_reply(number: int, error: MediaError, *, out_of_memory: bool = False) -> dict[str, Any]:
    """Return the reply that carries an error."""
    told = {"code": error.code, "message": error.message, "hint": error.hint, "memory": out_of_memory}
    return {"id": number, "error": told}


def memory_error() -> TooLarge:
    """Return the error of an item that needs more memory than there is."""
    return TooLarge("decoding needs more memory than the decode process may use")


def read_reply(reply: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the value in a reply.

    Raises:
        ReplyError: If it carries an error.
        BadMessage: If it is not the reply to request `number`, or of another form.
    """
    if reply.get("id") != number:
        raise _wire.BadMessage
    error = reply.get("error")
    if isinstance(error, dict):
        kind = _media_errors().get(str(error.get("code")), MediaError)
        hint = _line(error.get("hint"))
        told = kind(_line(error.get("message")) or None, hint=hint or None)
        raise ReplyError(told, out_of_memory=error.get("memory") is True)
    value = reply.get("value")
    if not isinstance(value, dict):
        raise _wire.BadMessage
    return value


def _media_errors() -> dict[str, type[MediaError]]:
    """Return the errors that a child may raise, by code; the general one wins its code."""
    kinds: list[type[MediaError]] = [MediaError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return {kind.code: kind for kind in reversed(kinds)}


def _line(text: object) -> str:
    """Return one printable line, of bounded length."""
    if not isinstance(text, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TEXT]).strip()
