"""From an HTTP answer to a reply, or to the reason why there is none.

Only status 200 with a reply that can be understood in whole is a decision. Fields that this version does not know are
passed over; an action that it does not know is no decision.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from seawall.client.errors import Busy, Malformed, NotDecided, Refused, Unreachable
from seawall.deploy.guard.requests import BatchReply, CheckReply

_Reply = TypeVar("_Reply", bound=BaseModel)
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")
_HINTS = {
    401: "check the key: 'seawall keys ls' on the guard's host shows which are valid",
    403: "the key lacks the scope for this check",
    413: "the check is larger than the guard takes",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Names in small letters.
        body: At most as long as the client allows.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def reply(self, model: type[_Reply]) -> _Reply:
        """Return the decision.

        Raises:
            NotDecided: If there is none.
        """
        self.expect_success()
        try:
            return model.model_validate_json(self.body, extra="ignore")
        except ValidationError:
            raise Malformed() from None

    def replies(self, expected: int) -> list[CheckReply]:
        """Return the decisions of a batch.

        Raises:
            NotDecided: If there are none, or not as many as there were items.
        """
        results = self.reply(BatchReply).results
        if len(results) != expected:
            raise Malformed("the guard did not answer for every item of the batch")
        return results

    def record(self) -> dict[str, Any]:
        """Return a JSON object.

        Raises:
            NotDecided: If there is none.
        """
        self.expect_success()
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise Malformed()
        return data

    def expect_success(self) -> None:
        """Raise unless this is an answer to a check.

        Raises:
            NotDecided: If it is none.
        """
        if self.status != 200:
            raise self._failure()
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Malformed("the guard's answer is not JSON", hint="is this the address of a seawall guard?")

    def _failure(self) -> NotDecided:
        status = self.status
        if 300 <= status < 400:
            return Malformed(
                f"the guard's address redirects (HTTP {status})",
                hint="give the final address: the key is sent nowhere else",
            )
        wait = retry_after(self.headers.get("retry-after"))
        if status == 429 or (status == 503 and wait is not None):
            return Busy(f"the guard is busy (HTTP {status})", retry_after=wait)
        if status >= 500:
            return Unreachable(f"the guard answered HTTP {status}")
        if status < 400:
            return Malformed(f"the guard answered HTTP {status}, which is no decision")
        reason = _reason(self.body)
        told = f", {reason}" if reason else ""
        return Refused(
            f"the guard refused the check (HTTP {status}{told})", hint=_HINTS.get(status), status=status, reason=reason
        )


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, in seconds or as a date; None if there is none that can be read."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _reason(body: bytes) -> str | None:
    """Return the guard's code for an error; nothing else of the body, which may repeat content."""
    try:
        error = json.loads(body)["error"]
        code = error["code"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
