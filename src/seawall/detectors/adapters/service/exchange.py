"""One question to a service and its answer: bounded in time, in bytes and in attempts, and silent about content.

No redirect is followed, no cookie kept, no body logged or put into an error. A request is sent again only where the
service was busy or not reached; asking a classifier twice does no harm.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from seawall.clock import Clock, system_clock
from seawall.detectors.adapters.errors import ModelRefused
from seawall.detectors.adapters.service.endpoint import Endpoint
from seawall.detectors.adapters.service.failures import Failure, malformed
from seawall.detectors.adapters.service.replies import parse_json

if TYPE_CHECKING:
    import httpcore
    import httpx

MOST_REPLY_BYTES: Final = 1 << 20
_BACK_OFF = 0.5
_OK = 200
_BUSY: Final[Mapping[int, str]] = {
    429: "rate_limited",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}
_FORBIDDEN = (401, 403)
_ABOUT_CONTENT: Final[Mapping[int, str]] = {400: "refused", 413: "too_large", 415: "refused", 422: "refused"}
"""Statuses that may be about one item of a batch, and so are worth asking about one by one."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Time and chance, replaceable.

    Attributes:
        monotonic: A clock that only goes forward, in seconds.
        sleep: Waits so many seconds.
        chance: Returns a number from 0 to 1.
        now: The present moment, for dates in `Retry-After`.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    now: Clock = system_clock


class Exchange:
    """Open connections to one service.

    Args:
        endpoint: The service.
        environment: Where secrets are looked up.
        pacing: Time and chance.
        connections: Most connections at a time.

    Raises:
        SecretMissing: If a header needs a variable that is not set.
        ModelRefused: If the operator's certificates cannot be read.
    """

    def __init__(
        self, endpoint: Endpoint, environment: Mapping[str, str], pacing: Pacing | None = None, connections: int = 1
    ) -> None:
        from seawall.detectors.adapters.service._network import Deadline, open_pool

        self._endpoint = endpoint
        self._pacing = pacing or Pacing()
        self._headers = endpoint.with_secrets(environment) | {"Accept-Encoding": "identity"}
        self._deadline = Deadline(self._pacing.monotonic)
        try:
            self._pool = open_pool(endpoint, self._deadline, connections)
        except OSError as error:
            raise ModelRefused(f"{endpoint.ca_file} cannot be used: {type(error).__name__}") from None

    def post_json(self, body: Any, method: str = "POST") -> Any:
        """Send JSON and return the JSON that comes back.

        Raises:
            Failure: If none does.
        """
        return self._ask(method, {"json": body})

    def post_file(self, field: str, data: bytes, name: str, media_type: str, method: str = "POST") -> Any:
        """Send a file as a form does and return the JSON that comes back.

        Raises:
            Failure: If none does.
        """
        return self._ask(method, {"files": {field: (name, data, media_type)}})

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _ask(self, method: str, content: Mapping[str, Any]) -> Any:
        import httpx

        until = self._pacing.monotonic() + self._endpoint.total_seconds
        self._deadline.set(until)
        attempt = 0
        while True:
            # A request's body is read once, so every attempt has its own.
            request = httpx.Request(method, self._endpoint.url, headers=self._headers, **content)
            try:
                return parse_json(self._attempt(request))
            except _Passing as passing:
                wait = self._wait(passing, attempt)
                if attempt >= self._endpoint.retries or wait is None or self._pacing.monotonic() + wait >= until:
                    raise Failure(passing.reason, lasting=passing.lasting) from None
            self._pacing.sleep(wait)
            attempt += 1

    def _wait(self, passing: _Passing, attempt: int) -> float | None:
        """Return how long to wait before the next attempt; None if it would be too long."""
        chance = self._pacing.chance()
        longest = self._endpoint.longest_wait
        if passing.retry_after is not None:
            return None if passing.retry_after > longest else passing.retry_after + chance * _BACK_OFF
        return chance * min(longest, _BACK_OFF * 2.0**attempt)

    def _attempt(self, request: httpx.Request) -> bytes:
        import httpcore

        try:
            with self._pool.stream(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=request.read(),
                extensions={
                    "timeout": {
                        "connect": self._endpoint.connect_seconds,
                        "pool": self._endpoint.connect_seconds,
                        "read": self._endpoint.read_seconds,
                        "write": self._endpoint.read_seconds,
                    }
                },
            ) as response:
                headers = {name.lower(): value for name, value in response.headers}
                self._check(response.status, headers)
                return _body(response, headers)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError, UnicodeError):
            raise _Passing("unreachable", lasting=True) from None
        except httpcore.TimeoutException:
            raise Failure("timeout") from None
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            raise _Passing("connection_lost") from None
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise malformed() from None

    def _check(self, status: int, headers: Mapping[bytes, bytes]) -> None:
        if status == _OK:
            return
        if status in _BUSY:
            after = _retry_after(headers.get(b"retry-after", b""), self._pacing.now())
            raise _Passing(_BUSY[status], after, lasting=_BUSY[status] == "rate_limited")
        if status in _FORBIDDEN:
            raise Failure("not_authorised", lasting=True)
        if 300 <= status < 400:
            raise Failure("redirected", lasting=True)
        if status in _ABOUT_CONTENT:
            raise Failure(_ABOUT_CONTENT[status], divisible=True)
        if 400 <= status < 500:
            raise Failure("refused")
        raise Failure("service_failed") if status >= 500 else malformed()


class _Passing(Exception):
    """A failure that may be over soon.

    Attributes:
        reason: Code for the result, if it does not pass.
        retry_after: Seconds that the service asks to wait.
        lasting: Whether, if it does not pass, other requests fail too.
    """

    def __init__(self, reason: str, retry_after: float | None = None, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.lasting = lasting


def _body(response: httpcore.Response, headers: Mapping[bytes, bytes]) -> bytes:
    if headers.get(b"content-encoding", b"identity").lower() not in (b"", b"identity"):
        raise malformed()
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > 12 or int(length) > MOST_REPLY_BYTES):
        raise Failure("reply_too_large")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > MOST_REPLY_BYTES:
            raise Failure("reply_too_large")
    return bytes(body)


def _retry_after(value: bytes, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` asks for; None if it says nothing that can be read."""
    text = value.decode("ascii", "replace").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
