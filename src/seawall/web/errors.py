"""What the server answers when it cannot do what was asked: a status, a code, a message, a hint; never content.

Messages of errors that may name a path, a host or what was sent are replaced by the general one of their class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seawall.deploy.guard.errors import GuardBusy, GuardUnavailable, RequestConflict
from seawall.errors import (
    ExitCode,
    MediaError,
    NotFound,
    SeawallError,
    TooLarge,
    UnsupportedMedia,
    UsageError,
)
from seawall.hashing.signal import BadSignal

if TYPE_CHECKING:
    from pydantic import ValidationError

RETRY_SECONDS = 1
MAX_FIELDS = 20


class HttpProblem(SeawallError):
    """The request cannot be answered."""

    code = "bad_request"
    status = 400
    fields: Sequence[dict[str, Any]] = ()
    headers: Sequence[tuple[bytes, bytes]] = ()


class Unauthenticated(HttpProblem):
    """A valid API key is needed."""

    code = "unauthenticated"
    hint = "send 'Authorization: Bearer KEY'; 'seawall keys create' makes a key"
    status = 401
    headers = ((b"www-authenticate", b'Bearer realm="seawall"'),)


class ScopeMissing(HttpProblem):
    """The API key may not be used for this."""

    code = "scope_missing"
    hint = "make a key with the scope that the documentation names"
    status = 403


class HostRefused(HttpProblem):
    """This server is asked under a name that is not its own."""

    code = "host_refused"
    hint = "without keys, it answers to localhost and loopback addresses alone"
    status = 403


class UnknownPath(HttpProblem):
    """There is nothing under this path."""

    code = "not_found"
    hint = "see /openapi.json"
    status = 404


class MethodRefused(HttpProblem):
    """This path does not take this method."""

    code = "method"
    hint = "see /openapi.json"
    status = 405


class BodyTooSlow(HttpProblem):
    """The body of the request came too slowly."""

    code = "too_slow"
    status = 408


class BodyCut(HttpProblem):
    """The connection ended before the body did."""

    code = "cut"


class BodyTooLarge(HttpProblem):
    """The body of the request is larger than this server takes."""

    code = "too_large"
    status = 413


class WrongMediaType(HttpProblem):
    """This path does not take this content type."""

    code = "content_type"
    hint = "see /openapi.json for what it takes"
    status = 415


class Malformed(HttpProblem):
    """The body cannot be read."""

    code = "malformed"


class Invalid(HttpProblem):
    """The request is not as it must be."""

    code = "invalid"
    hint = "see /openapi.json for the fields; 'fields' names what is wrong"
    status = 422

    @classmethod
    def of(cls, error: ValidationError) -> Invalid:
        """Return what is wrong, by place and kind; never a value, and never a name that the sender chose."""
        problem = cls()
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problem.fields = [{"loc": _place(each), "type": each["type"]} for each in found[:MAX_FIELDS]]
        return problem


_STATUS: tuple[tuple[type[SeawallError], int], ...] = (
    (GuardBusy, 503),
    (GuardUnavailable, 503),
    (RequestConflict, 409),
    (TooLarge, 413),
    (UnsupportedMedia, 415),
    (MediaError, 422),
    (BadSignal, 400),
    (UsageError, 422),
    (NotFound, 404),
)


def status_of(error: SeawallError) -> int:
    """Return the HTTP status for an error: what is not the caller's fault is 503, so that nothing is allowed."""
    if isinstance(error, HttpProblem):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 503)


def body_of(error: SeawallError) -> bytes:
    """Return the JSON that tells of an error."""
    told: dict[str, Any] = {"code": error.code, "message": _message(error), "hint": _hint(error)}
    if isinstance(error, HttpProblem) and error.fields:
        told["fields"] = list(error.fields)
    return json.dumps({"error": told}).encode()


def headers_of(error: SeawallError) -> list[tuple[bytes, bytes]]:
    """Return the headers that belong to an error."""
    found = list(error.headers) if isinstance(error, HttpProblem) else []
    if isinstance(error, GuardBusy) or status_of(error) == 503:
        found.append((b"retry-after", str(RETRY_SECONDS).encode()))
    return found


class Unexpected(HttpProblem):
    """Something went wrong inside the server; nothing was allowed."""

    code = "internal"
    hint = "the server's log names the place; this is a bug in seawall: please report it"
    status = 500
    exit_code = ExitCode.UNEXAMINED


def _message(error: SeawallError) -> str:
    if isinstance(error, (HttpProblem, UsageError, TooLarge, GuardBusy, GuardUnavailable)):
        return error.message
    return (type(error).__doc__ or "").strip().splitlines()[0].rstrip(".")


def _hint(error: SeawallError) -> str:
    return error.hint if isinstance(error, HttpProblem) else type(error).hint


def _place(found: Any) -> list[str | int]:
    place: list[str | int] = list(found["loc"])
    if found["type"] == "extra_forbidden" and place:
        place[-1] = "?"
    return place
