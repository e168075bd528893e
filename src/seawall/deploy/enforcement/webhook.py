"""Delivering effects to the host: signed, without content, to one address, following no redirect.

What the host answers is not read, only whether it took the message.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seawall.accounts.effects import TOPIC
from seawall.deploy.enforcement.endpoint import Endpoint
from seawall.deploy.enforcement.signature import sign
from seawall.errors import SeawallError
from seawall.store.outbox import Lease, Message, Outbox

if TYPE_CHECKING:
    import httpx

_IDLE = 0.5
_TROUBLE = 5.0

# Made once: `json.dumps` with options makes an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt ended.

    Attributes:
        id: The event's id.
        failure: Why it failed, in one word; None if the host took it.
    """

    id: str
    failure: str | None


class Webhook:
    """Sends messages to the host.

    Args:
        endpoint: Where to, and what signs.
        now: Seconds since 1970.
    """

    def __init__(self, endpoint: Endpoint, now: Callable[[], float] = time.time) -> None:
        import httpx

        self._endpoint = endpoint
        self._now = now
        # No proxy, no credentials and no other trust from the environment; nothing but the configured address.
        self._client: httpx.Client = httpx.Client(
            timeout=endpoint.timeout, follow_redirects=False, trust_env=False, headers={"User-Agent": "seawall"}
        )

    def send(self, message: Message) -> str | None:
        """Send a message; return why that failed, in one word, or None."""
        import httpx

        body = _encode(dict(message.payload)).encode()
        headers = sign(self._endpoint.secrets, message.id, body, int(self._now()))
        headers |= {"Content-Type": "application/json"}
        try:
            with self._client.stream("POST", self._endpoint.url, content=body, headers=headers) as reply:
                return None if 200 <= reply.status_code < 300 else f"http_{reply.status_code}"
        except httpx.TimeoutException:
            return "timeout"
        except httpx.ConnectError:
            return "connect"
        except httpx.HTTPError as error:
            return type(error).__name__.lower()
        except (httpx.InvalidURL, OSError, ValueError):
            return "address"

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EffectsWorker:
    """Delivers what is due, one after another, until it is told to stop. Several may run beside each other.

    Args:
        outbox: Where effects wait.
        webhook: Sends them.
    """

    def __init__(self, outbox: Outbox, webhook: Webhook) -> None:
        self._outbox = outbox
        self._webhook = webhook

    def once(self, most: int = 1000) -> list[Delivery]:
        """Deliver what is due now, `most` at most; return how each attempt ended."""
        done: list[Delivery] = []
        while len(done) < most and (lease := self._outbox.lease(TOPIC)) is not None:
            done.append(self._deliver(lease))
        return done

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set. A database that does not answer is asked again."""
        while not stop.is_set():
            try:
                lease = self._outbox.lease(TOPIC)
                if lease is not None:
                    self._deliver(lease)
                    continue
                wait = _IDLE
            except SeawallError:
                wait = _TROUBLE
            stop.wait(wait)

    def _deliver(self, lease: Lease) -> Delivery:
        failure = self._webhook.send(lease.message)
        if failure is None:
            self._outbox.delivered(lease)
        else:
            self._outbox.failed(lease, failure)
        return Delivery(lease.message.id, failure)


def acknowledge_effect(outbox: Outbox, identity: str) -> Message:
    """Say that the host has done what an effect tells; for `POST /v1/effects/{id}/ack`.

    Raises:
        NotFound: If there is no such effect.
        UsageError: If a person has given it up.
    """
    return outbox.acknowledge(identity, TOPIC)
