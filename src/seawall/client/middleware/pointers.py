"""JSON pointers (RFC 6901) with `*` for every element of an array or object, and strict reading of JSON.

What a parser in the application might read in another way is refused: repeated keys, other encodings, NaN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from seawall.errors import UsageError

_MOST_FOUND = 10_000


class NotJson(UsageError):
    """The body is not plain JSON."""

    code = "not_json"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place, or many, in a JSON document.

    Attributes:
        steps: Keys and indexes on the way; `*` stands for all.
    """

    steps: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pointer:
        """Read one: `/messages/*/content`.

        Raises:
            UsageError: If it is none.
        """
        if text and not text.startswith("/"):
            raise UsageError(f"{text!r} is no JSON pointer", hint="it begins with a slash")
        return cls(tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]))

    def find(self, document: Any) -> list[Any]:
        """Return every value there; values that are null count as not there."""
        found = [value for value in _walk(document, self.steps) if value is not None]
        if len(found) > _MOST_FOUND:
            raise NotJson(f"more than {_MOST_FOUND} values to check")
        return found


def read_json(data: bytes) -> Any:
    """Read JSON that every reader reads alike.

    Raises:
        NotJson: If it is not that.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NotJson("the body is not plain JSON, or a key is in it twice") from None


def strings(value: Any) -> Iterator[str]:
    """Yield every string of a document, in order; keys that are not of the usual sort too."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting.extend(reversed(each))
        elif isinstance(each, dict):
            waiting.extend(reversed(each.values()))
            yield from (key for key in each if not (key.isascii() and key.replace("_", "").isalnum()))


def _walk(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        inner = list(value.values()) if step == "*" else [value[step]] if step in value else []
    elif isinstance(value, list):
        chosen = int(step) if step.isascii() and step.isdigit() and len(step) < 10 else len(value)
        inner = value if step == "*" else value[chosen : chosen + 1]
    else:
        inner = []
    for each in inner:
        yield from _walk(each, rest)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key is in an object twice")
    return read


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
