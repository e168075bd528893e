"""JSON that means one thing: no duplicate names, no NaN, no lone surrogates, no depth that a reader could choke on."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from seawall.web.errors import Malformed

MAX_DEPTH = 64
MAX_BRACKETS = 250_000
"""More objects and lists than this cost too much memory for what they say."""

_NOT_JSON = "the body is not JSON"


def parse(data: bytes | bytearray) -> Any:
    """Return the value that `data` writes in UTF-8.

    Raises:
        Malformed: If it is not JSON, or ambiguous, or deeper than 64 levels.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > MAX_BRACKETS:
        raise Malformed("the JSON has too many objects and lists")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise Malformed(f"the JSON is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        raise Malformed(_NOT_JSON) from None
    if brackets > MAX_DEPTH:
        _check_depth(value)
    if b"\\u" in data:
        _check_surrogates(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("the JSON names a field twice")
    return found


def _constant(_: str) -> NoReturn:
    raise Malformed("the JSON holds a number that is none")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Malformed("the JSON holds a number that is too large")
    return value


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper.extend(child for child in each.values() if isinstance(child, (dict, list)))
            elif isinstance(each, list):
                deeper.extend(child for child in each if isinstance(child, (dict, list)))
        if not deeper:
            return
        level = deeper
    raise Malformed(f"the JSON is nested deeper than {MAX_DEPTH} levels")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed("the JSON holds half a character") from None


# Made once: `json.loads` with hooks makes a decoder for every call.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
