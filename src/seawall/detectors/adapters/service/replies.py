"""Reading what a service says, strictly: what is not exactly as it should be is no answer, and never a zero."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from seawall.detectors.adapters.service.failures import malformed

_SLACK = 1e-4
"""How far rounding may take a share beyond 0..1."""

_VERSION = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")


def parse_json(data: bytes | str) -> Any:
    """Return the JSON value of a reply.

    Raises:
        Failure: If it is no JSON, has a key twice, or a number that is none.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise malformed() from None


def member(value: Any, key: str, kind: type) -> Any:
    """Return a member of an object, of a kind.

    Raises:
        Failure: If there is none, or it is of another kind.
    """
    if not isinstance(value, dict) or not isinstance(value.get(key), kind):
        raise malformed()
    return value[key]


def number(value: Any) -> float:
    """Return a finite number.

    Raises:
        Failure: If it is none; true and false are none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed()
    try:
        result = float(value)
    except OverflowError:
        raise malformed() from None
    if not math.isfinite(result):
        raise malformed()
    return result


def share(value: Any) -> float:
    """Return a number from 0 to 1.

    Raises:
        Failure: If it is none.
    """
    result = number(value)
    if not -_SLACK <= result <= 1 + _SLACK:
        raise malformed()
    return min(1.0, max(0.0, result))


def stated_version(value: Any) -> str | None:
    """Return the version that a service states, unless it could be anything else, as content."""
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else None


def _refuse(_: str) -> Any:
    raise ValueError


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError
    return result
