"""Reading what a form sent: bounded, strict about its encoding, never a file.

A value keeps its place beside its field when something is wrong, so nobody types anything twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from seawall.web.body import Limits, media_type, read
from seawall.web.errors import Malformed, WrongMediaType

URLENCODED = "application/x-www-form-urlencoded"
FORM_BYTES = 64 * 1024
SIGNED_BYTES = 1 << 20
"""Largest form of somebody who has signed in: a case of a thousand items has as many verdicts."""
MOST_FIELDS = 6_000


class Fields:
    """The fields of a form, each with its values in order."""

    def __init__(self, values: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._values = dict(values or {})

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field, without space around it; line ends are plain."""
        found = self._values.get(name)
        return found[0].strip() if found else default

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field."""
        return self._values.get(name, ())

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def names(self) -> frozenset[str]:
        """Return the names of all fields."""
        return frozenset(self._values)


async def read_fields(request: Request, *, limits: Limits | None = None, most: int = FORM_BYTES) -> Fields:
    """Return what a form sent.

    Args:
        request: The request.
        limits: How fast a body must come; by default those of the server.
        most: Largest body in bytes.

    Raises:
        WrongMediaType: If it is not an urlencoded form: files are refused here.
        Malformed: If it is not UTF-8, or has too many fields.
        HttpProblem: As `seawall.web.body.read`.
    """
    if media_type(request) != URLENCODED:
        raise WrongMediaType(f"this path takes {URLENCODED}")
    return parse_fields(await read(request, limits or request.app.state.parts.limits, most))


def parse_fields(data: bytes) -> Fields:
    """Return the fields of an urlencoded body.

    Raises:
        Malformed: If it is not UTF-8, or has too many fields.
    """
    values: dict[str, tuple[str, ...]] = {}
    pairs = [pair for pair in data.split(b"&") if pair]
    if len(pairs) > MOST_FIELDS:
        raise Malformed("the form has too many fields")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        key = _text(name)
        values[key] = (*values.get(key, ()), _text(value))
    return Fields(values)


def _text(data: bytes) -> str:
    try:
        text = unquote_to_bytes(data.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8") from None
    if "\0" in text:
        raise Malformed("the form has a character that text does not have")
    return text.replace("\r\n", "\n").replace("\r", "\n")
