"""The guard's seams: what doors call, and what the guard asks of its neighbours.

Doors (HTTP, gateway, middleware, local profile) use `Checks`. The guard uses the other protocols; each has a quiet
twin here that says nothing, so that the guard works alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from seawall.deploy.guard.requests import (
    BatchCheck,
    BatchReply,
    CheckReply,
    FinetuneCheck,
    HelpService,
    InputCheck,
    OutputCheck,
    UploadCheck,
)
from seawall.policy.guard import AgeSignal, CheckKind, Tier

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.decisions import DecisionRecord


class Media(Protocol):
    """Bytes to check: in memory or in anonymous memory, never in a plain file of seawall's making."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def open(self) -> BinaryIO:
        """Return a seekable stream from the start; may be called again, also from another thread."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """What a stream may let go of.

    Attributes:
        text: What may be shown now; never anything that was not checked together with all before it.
        stopped: The decision that ends the stream; nothing may be shown after it.
    """

    text: str = field(default="", repr=False)
    stopped: CheckReply | None = None


class TextStream(Protocol):
    """A text that is checked while it is made. The last stretch is held back until it is known to be harmless."""

    async def feed(self, text: str) -> Release:
        """Take the next piece, and return what may be shown."""
        ...

    async def finish(self) -> Release:
        """End the text: return the rest, checked; the decision on the whole is recorded."""
        ...

    async def close(self) -> None:
        """Give the text up if it has not ended; the decision on what there is of it is recorded. Nothing if it has."""
        ...

    @property
    def reply(self) -> CheckReply | None:
        """The decision, once there is one."""
        ...


class Checks(Protocol):
    """Everything that can be checked. Nothing raises because a checker failed: the reply says review or block.

    Raises, from every method:
        GuardUnavailable: If no decision can be made or recorded at all; the caller must refuse (HTTP 503).
        GuardBusy: If too much waits already (HTTP 503 with Retry-After).
    """

    async def input(self, check: InputCheck) -> CheckReply:
        """Check a request to a model."""
        ...

    async def upload(self, check: UploadCheck, media: Media) -> CheckReply:
        """Check a file that a user brings."""
        ...

    async def output(self, check: OutputCheck, media: Media | None = None) -> CheckReply:
        """Check what a model has made: `check.text`, or `media`."""
        ...

    async def finetune(self, check: FinetuneCheck) -> CheckReply:
        """Check a fine-tuning job."""
        ...

    async def batch(self, check: BatchCheck) -> BatchReply:
        """Check many; answers in order. One that is malformed is a UsageError that names its place."""
        ...

    def stream(self, check: OutputCheck) -> TextStream:
        """Begin to check a text that is still being made."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What the host's records say of an account before the check.

    Attributes:
        restrictions: `banned`, `suspended`, `cooldown`, `feature_off:image` and so on, as they hold now.
        pace: Limits that it has passed: `rate:minute`, `probing`.
        repeated: Whether it has been refused before of late: prevention speaks in tier T2.
    """

    restrictions: frozenset[str] = frozenset()
    pace: frozenset[str] = frozenset()
    repeated: bool = False


class AccountBook(Protocol):
    """Enforcement, as the guard sees it."""

    def standing(self, account: str, kind: CheckKind, surface: str | None) -> Standing:
        """Return an account's standing, and count this check for its rate. Fast: called for every check.

        Raises:
            SeawallError: If it cannot be told; the guard then answers review or block, never allow.
        """
        ...

    def settle(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Write strikes, restrictions and queued effects of decisions, within the transaction that records them."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What a user is told.

    Attributes:
        text: The words, in the user's language.
        services: Services that help.
        id: Which message it was, for measuring what it does; never the prompt with it.
    """

    text: str
    services: tuple[HelpService, ...] = ()
    id: str | None = None


class Messenger(Protocol):
    """Prevention, as the guard sees it."""

    def message(
        self, *, tier: Tier, age_signal: AgeSignal, locale: str | None, country: str | None, unit: str
    ) -> Message | None:
        """Choose a message.

        Args:
            tier: How it speaks.
            age_signal: Minors get texts of their own.
            locale: BCP 47 tag, if known.
            country: ISO 3166-1 alpha-2, if known; telephone numbers are shown only inside their country.
            unit: Pseudonym of the account, for rotation and holdout.
        """
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a model may be asked by an account now.

    Attributes:
        allowed: Whether it may.
        reason: Why not: `rollout:killed`, `rollout:cohort`, `rollout:frozen`, `rollout:unknown`.
    """

    allowed: bool
    reason: str | None = None


class Rollouts(Protocol):
    """Phased release, as the guard sees it."""

    def admit(self, model: str | None, account: str) -> Admission:
        """Say whether this account may use this model now. Works with database and network down."""
        ...

    def observe(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Count decisions for the stop rule, within the transaction that records them."""
        ...


class QuietBook:
    """No accounts: nobody is restricted, nothing is written."""

    def standing(self, account: str, kind: CheckKind, surface: str | None) -> Standing:
        """Return an unrestricted standing."""
        return Standing()

    def settle(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Write nothing."""


class QuietMessenger:
    """No messages."""

    def message(
        self, *, tier: Tier, age_signal: AgeSignal, locale: str | None, country: str | None, unit: str
    ) -> Message | None:
        """Say nothing."""
        return None


class OpenRollouts:
    """Every model is open to everybody."""

    def admit(self, model: str | None, account: str) -> Admission:
        """Allow."""
        return Admission(True)

    def observe(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Count nothing."""
