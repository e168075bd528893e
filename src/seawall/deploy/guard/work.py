"""Checks under way: what is to be looked at, what was seen so far, and who waits for the answer.

A `Work` is one check, a `Job` one or more that are answered together. Once handed to the engine, a job belongs to
whoever has its turn: others only send messages about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import Media, Message, Standing
from seawall.deploy.guard.errors import GuardUnavailable
from seawall.deploy.guard.requests import FinetuneCheck, Meta
from seawall.deploy.guard.seen import Seen
from seawall.policy.guard import CheckKind, State
from seawall.text import Matches

Checked = tuple[tuple[str, str], ...]
"""(name, status) of each checker."""

_STATUS_RANK = {
    each: rank
    for rank, each in enumerate(
        ("ok", "skipped", "not_configured", "unsupported", "abstain", "partial", "timed_out", "failed", "error")
    )
}


@dataclass(frozen=True, slots=True)
class Gate:
    """What is known of a check before anything is looked at.

    Attributes:
        standing: Of the account.
        refused: Why the model may not be asked; None if it may.
        out_of_scope: Why nothing may be looked at; None if it may.
        blind: Whether it cannot be told if anything may be looked at: then nobody looks, and nothing is allowed.
    """

    standing: Standing
    refused: str | None = None
    out_of_scope: str | None = None
    blind: bool = False

    @property
    def closed(self) -> bool:
        """Whether nothing is to be looked at."""
        return self.refused is not None or self.out_of_scope is not None


@dataclass(slots=True, eq=False)
class Work:
    """One check.

    Attributes:
        kind: What is checked.
        check: The request.
        texts: Name and text of each part that is a text.
        media: Name and bytes of each part that is a medium.
        digests: Name and SHA-256 of each part whose bytes are not here.
        finetune: The job, if it is one.
        gate: What was known before; None until it is asked.
        found: What terms were found in each text, while it is only looked at.
        seen: What was seen, of parts that say anything.
        states: What keeps the answer from being whole.
        checks: How each checker did.
        known: Whether everything was looked at before: the end of a stream.
        scored: Whether slow detectors of text were asked.
        digest: Digest of the content, for idempotency.
        record: The decision.
        stands: The decision that stands: an earlier one, if the request came before.
        message: What the user is told.
    """

    kind: CheckKind
    check: Meta
    texts: Sequence[tuple[str, str]] = ()
    media: Sequence[tuple[str, Media]] = ()
    digests: Sequence[tuple[str, str]] = ()
    finetune: FinetuneCheck | None = None
    gate: Gate | None = None
    found: Sequence[tuple[str, Matches]] = ()
    seen: list[Seen] = field(default_factory=list)
    states: frozenset[State] = frozenset()
    checks: Checked = ()
    digest: str = ""
    record: DecisionRecord | None = None
    stands: DecisionRecord | None = None
    message: Message | None = None
    known: bool = False
    scored: bool = False

    def add(self, seen: Seen) -> None:
        """Take what was seen of a part."""
        self.seen.append(seen)
        self.states |= seen.states
        self.note(seen.checks)

    def note(self, checks: Checked) -> None:
        """Take how checkers did; of two statuses of one checker the worse stays."""
        if checks:
            self.checks = worse(self.checks, checks) if self.checks else checks

    def failed(self, name: str, state: State, status: str) -> None:
        """Take that a checker gave no answer."""
        self.states |= {state}
        self.note(((name, status),))


def worse(ones: Checked, others: Checked) -> Checked:
    """Return statuses by name; of two the worse."""
    if not others or ones == others:
        return ones
    found = dict(ones)
    for name, status in others:
        known = found.get(name)
        if known is None or _rank(status) > _rank(known):
            found[name] = status
    return tuple(found.items())


def _rank(status: str) -> int:
    return _STATUS_RANK.get(status, len(_STATUS_RANK))


class Task(Protocol):
    """Something that takes its time, in a thread of a pool."""

    @property
    def pool(self) -> str:
        """Which pool."""
        ...

    def run(self) -> Any:
        """Do it; called in a thread of a pool. What it raises is its failure."""
        ...

    def done(self, outcome: Any) -> None:
        """Take what it gave; called in the engine's thread, unless it came too late."""
        ...

    def failed(self, state: State) -> None:
        """Take that it failed or came too late; called in the engine's thread."""
        ...


class Sink(Protocol):
    """Whoever waits for a job."""

    def settle(self, outcome: Any, error: BaseException | None) -> None:
        """Give the outcome, or the error."""
        ...


class Waiting:
    """A thread that waits."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()

    def settle(self, outcome: Any, error: BaseException | None) -> None:
        """Wake it."""
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(outcome)


class Awaiting:
    """A coroutine that waits, in an event loop."""

    __slots__ = ("future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()

    def give_up(self) -> None:
        """Wake it without an answer; called in its loop."""
        self.settle(None, GuardUnavailable())

    def settle(self, outcome: Any, error: BaseException | None) -> None:
        """Wake it; called in its loop."""
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(outcome)


@dataclass(slots=True, eq=False)
class Job:
    """Checks that are answered together.

    Attributes:
        works: The checks.
        sink: Who waits.
        many: Whether the answer is a list.
        look: Whether they are only looked at, neither judged nor recorded: the windows of a stream.
        slow: Whether it may take long, as fine-tuning data does.
        deadline: Monotonic second at which what has not answered has timed out.
        size: Bytes that it holds.
        waiting: Tasks under way, by number.
        judged: Whether judgements were made.
        late: Whether its deadline is watched.
    """

    works: Sequence[Work]
    sink: Sink
    many: bool = False
    look: bool = False
    slow: bool = False
    deadline: float = 0.0
    size: int = 0
    waiting: dict[int, Task] = field(default_factory=dict)
    judged: bool = False
    late: bool = False
