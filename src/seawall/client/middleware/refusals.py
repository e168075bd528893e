"""What a user gets instead: an id and the guard's message, never why."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from seawall.client.errors import Busy
from seawall.deploy.guard.errors import GuardBusy
from seawall.deploy.guard.requests import CheckReply
from seawall.errors import SeawallError

_BUSY_SECONDS = 1.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal.

    Attributes:
        status: HTTP status.
        code: Stable word.
        message: For the user.
        decision: The decision, if it was one.
        retry_after: Seconds to wait, if that helps.
    """

    status: int
    code: str
    message: str
    decision: CheckReply | None = None
    retry_after: float | None = None

    def body(self) -> bytes:
        """Return the JSON."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.decision is not None:
            error["decision_id"] = self.decision.decision_id
            if self.decision.services:
                error["services"] = [each.model_dump(exclude_none=True) for each in self.decision.services]
        return json.dumps({"error": error}, ensure_ascii=False).encode()

    def event(self) -> bytes:
        """Return it as an event of a stream."""
        return b"event: error\ndata: " + self.body() + b"\n\n"

    async def send(self, send: Send) -> None:
        """Send it as the whole answer."""
        body = self.body()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(math.ceil(self.retry_after)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def blocked(reply: CheckReply) -> Refusal:
    """Return the refusal of what the guard does not let pass."""
    return Refusal(400, "seawall_blocked", reply.message or "This cannot be done here.", reply)


def unavailable(error: SeawallError) -> Refusal:
    """Return the refusal when there is no decision."""
    told: float | None = None
    if isinstance(error, Busy):
        told = error.retry_after
    elif isinstance(error, GuardBusy):
        told = _BUSY_SECONDS
    return Refusal(503, "seawall_unavailable", "This cannot be checked now. Try again later.", retry_after=told)


def malformed(error: SeawallError) -> Refusal:
    """Return the refusal of a request in which what is to be checked cannot be found."""
    return Refusal(400, "seawall_malformed", error.message)


def unexaminable(reason: str) -> Refusal:
    """Return the refusal of an answer that nobody can look at."""
    return Refusal(503, "seawall_unexaminable", f"The answer cannot be checked: {reason}.")


TOO_LARGE = Refusal(413, "seawall_too_large", "The request is too large.")
NOT_JSON = Refusal(415, "seawall_unsupported", "The request must be JSON, as it is, in UTF-8.")
NO_ACCOUNT = Refusal(400, "seawall_account", "The request names no account.")
TOO_SLOW = Refusal(408, "seawall_timeout", "The request did not arrive in time.")
