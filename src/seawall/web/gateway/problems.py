"""Errors in the form that clients of OpenAI-compatible servers understand. They never repeat what was sent."""

from __future__ import annotations

import json
from typing import Any

from seawall.deploy.gateway.errors import BadReply, FetchFailed, FetchRefused, Unsupported
from seawall.deploy.guard.requests import CheckReply
from seawall.errors import SeawallError
from seawall.web.errors import HttpProblem, body_of, headers_of, status_of

Headers = list[tuple[bytes, bytes]]
DECISION = b"x-seawall-decision"


class Refused(HttpProblem):
    """The guard has refused this."""

    code = "seawall_blocked"
    status = 400

    def __init__(self, reply: CheckReply) -> None:
        # The message is the policy's own, for the user; it holds nothing of what was sent.
        super().__init__(reply.message)
        self.decision_id = reply.decision_id
        self.headers = ((DECISION, reply.decision_id.encode()),)


class GatewayPath(HttpProblem):
    """The gateway does not know this path, and passes on nothing that it cannot check."""

    code = "seawall_unknown_path"
    status = 404


class UnknownJob(HttpProblem):
    """There is no such video job of this account, or the gateway has forgotten it."""

    code = "seawall_unknown_job"
    status = 404


class UpstreamRefused(HttpProblem):
    """The model server refused the request."""

    code = "seawall_upstream"

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def told(error: SeawallError) -> tuple[int, bytes, Headers]:
    """Return status, body and headers for an error."""
    status, code = _status(error), error.code
    if status == 503:
        code = "seawall_unavailable"
    kind = "invalid_request_error" if status < 500 else "server_error"
    inner = json.loads(body_of(error))["error"]
    message = error.message if isinstance(error, (Unsupported, BadReply)) else inner["message"]
    body: dict[str, Any] = {"message": message, "type": kind, "param": None, "code": code}
    if isinstance(error, Refused):
        body["decision_id"] = error.decision_id
    headers = headers_of(error) if status in (401, 503) or isinstance(error, Refused) else []
    return status, json.dumps({"error": body}).encode(), headers


def _status(error: SeawallError) -> int:
    if isinstance(error, Unsupported):
        return 400
    if isinstance(error, (BadReply, FetchRefused, FetchFailed)):
        return 502
    return status_of(error)
