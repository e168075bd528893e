"""Reading the elements of large JSON arrays one at a time.

Memory is bounded by the largest single element (`MAX_ELEMENT` characters), whatever the size of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

MAX_ELEMENT = 1 << 20
_CHUNK = 1 << 16
_BLANK = " \t\r\n"


class JsonStream:
    """A cursor over JSON text.

    Every method raises ValueError if the text is not JSON, is cut, or an element is too large.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Return the next character that is not blank without taking it; empty at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill():
                return ""

    def take(self, wanted: str) -> None:
        """Take the next character, which must be `wanted`."""
        if self.peek() != wanted:
            raise ValueError("malformed JSON")
        self._at += 1

    def value(self) -> Any:
        """Take a whole value."""
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise ValueError("JSON nested too deep") from None
            except json.JSONDecodeError:
                if len(self._buffer) - self._at > MAX_ELEMENT or not self._fill():
                    raise
                continue
            # A number at the end of what has been read may go on in what has not.
            if end < len(self._buffer) or not self._fill():
                self._at = end
                return found

    def members(self) -> Iterator[str]:
        """Yield the names of an object's members; the caller takes each value."""
        yield from (str(name) for name in self._sequence("{", "}"))

    def elements(self) -> Iterator[None]:
        """Yield once for each element of an array; the caller takes it."""
        yield from self._sequence("[", "]")

    def _sequence(self, opening: str, closing: str) -> Iterator[Any]:
        self.take(opening)
        if self.peek() == closing:
            self.take(closing)
            return
        while True:
            if opening == "{":
                name = self.value()
                if not isinstance(name, str):
                    raise ValueError("malformed JSON")
                self.take(":")
                yield name
            else:
                yield None
            if self.peek() == closing:
                self.take(closing)
                return
            self.take(",")

    def _fill(self) -> bool:
        if self._ended:
            return False
        chunk = self._stream.read(_CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)
