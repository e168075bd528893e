"""Cutting a stream into pieces that are let go whole: server-sent events, or plain text.

A piece is sent on once all the text in it and before it was released. What cannot be read is not sent on.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from seawall.client.middleware.pointers import NotJson, Pointer, read_json, strings

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_MOST_EVENT = 1 << 20
_DONE = "[DONE]"
_LINE = re.compile(r"\r\n|\r|\n")
_FIELD = re.compile(r"(event|id|retry): ?[\w.:-]{0,128}", re.ASCII)
_WORD = re.compile(r"[\w.:/-]{0,128}", re.ASCII)
"""Ids, roles, names of models: what an event may say beside its text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stream.

    Attributes:
        data: Its bytes.
        text: What it says.
        plain: Whether its bytes are its text, so that a part of it can go alone.
    """

    data: bytes = field(repr=False)
    text: str = field(repr=False)
    plain: bool = False

    def split(self, at: int) -> tuple[Piece, Piece]:
        """Return the first characters of a plain piece, and the rest."""
        first, rest = self.text[:at], self.text[at:]
        return Piece(first.encode(), first, True), Piece(rest.encode(), rest, True)


class Cutter(Protocol):
    """Cuts a stream."""

    def cut(self, data: bytes, last: bool) -> list[Piece]:
        """Take bytes; return the pieces that are whole.

        Raises:
            NotJson: If it cannot be read.
        """
        ...


class PlainText:
    """Text in UTF-8, which can be cut between any two characters."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def cut(self, data: bytes, last: bool) -> list[Piece]:
        """Take bytes; return their text."""
        try:
            text = self._decoder.decode(data, last)
        except UnicodeDecodeError:
            raise NotJson("the text is not UTF-8") from None
        return [Piece(text.encode(), text, True)] if text else []


class Events:
    """Server-sent events.

    Args:
        deltas: Where the text is in an event's JSON; none means its data as it is.
    """

    def __init__(self, deltas: Sequence[str]) -> None:
        self._pointers = [Pointer.parse(each) for each in deltas]
        self._rest = b""

    def cut(self, data: bytes, last: bool) -> list[Piece]:
        """Take bytes; return the events that are whole."""
        self._rest += data
        pieces = []
        while found := _END.search(self._rest):
            event, self._rest = self._rest[: found.end()], self._rest[found.end() :]
            pieces.append(self._piece(event))
        if len(self._rest) > _MOST_EVENT:
            raise NotJson("an event is too long")
        if last and self._rest:
            pieces.append(self._piece(self._rest))
            self._rest = b""
        return pieces

    def _piece(self, event: bytes) -> Piece:
        try:
            lines = _LINE.split(event.decode("utf-8"))
        except UnicodeDecodeError:
            raise NotJson("the stream is not UTF-8") from None
        # Comments are not read, and so are not sent on.
        kept = [line for line in lines if line and not line.startswith(":")]
        data = [line[5:].removeprefix(" ") for line in kept if line.startswith("data:")]
        if any(not line.startswith("data:") and not _FIELD.fullmatch(line) for line in kept):
            raise NotJson("an event has a field that cannot be checked")
        return Piece(("\n".join(kept) or ":").encode() + b"\n\n", self._text("\n".join(data)))

    def _text(self, data: str) -> str:
        if not data or data.strip() == _DONE:
            return ""
        if not self._pointers:
            return data
        document = read_json(data.encode())
        found = [value for pointer in self._pointers for value in pointer.find(document)]
        if not all(isinstance(each, str) for each in found):
            raise NotJson("the text of an event is no text")
        expected = Counter(found)
        beside = Counter(strings(document)) - expected
        if any(not _WORD.fullmatch(each) for each in beside):
            raise NotJson("an event says something where no pointer leads")
        return "".join(found)
