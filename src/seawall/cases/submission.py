"""What passes between reviewers and cases, as values: a claim, a submission, what came of it, and how queues stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seawall.cases.model import Case, CaseDecision, CaseState, EffectKind, NewVerdict, Outcome, Task
from seawall.cases.states import EventKind


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a task, with the case that it is about."""

    task: Task
    case: Case


@dataclass(frozen=True, slots=True)
class Submission:
    """What a reviewer says of a case.

    Attributes:
        verdicts: One for each item that was there at the claim and is not decided yet.
        outcome: What the case comes to.
        effects: What shall follow. A reportable outcome drafts a report, named or not.
        reasons: Ids of rules or policy clauses; at least one unless nothing is wrong.
    """

    verdicts: tuple[NewVerdict, ...]
    outcome: Outcome
    effects: tuple[EffectKind, ...] = ()
    reasons: tuple[str, ...] = ()


class Result(StrEnum):
    """What came of a submission."""

    DECIDED = "decided"
    AWAITS = "awaits"
    """Another person is asked, as the policy wants it or because the reviewer was not sure."""
    DISAGREES = "disagrees"
    """Reviewers do not agree, and another person is asked."""
    ESCALATED = "escalated"
    """Reviewers do not agree, and a lead decides."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of a submission.

    Attributes:
        result: In a word.
        decision: What the case came to; None if another person is awaited.
        drafted: Id of the report draft that was queued without waiting for another person.
    """

    result: Result
    decision: CaseDecision | None = None
    drafted: str | None = None

    @property
    def disagreement(self) -> bool:
        """Whether this reviewer and an earlier one do not agree."""
        return self.result in (Result.DISAGREES, Result.ESCALATED)


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case.

    Attributes:
        number: From 1 on, in each case.
        kind: What.
        at: When, RFC 3339 in UTC.
        state: The state after it.
        person: Who; None if nobody did.
        data: Ids, counts and a person's words; never what an item is.
    """

    number: int
    kind: EventKind
    at: str
    state: CaseState
    person: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Related:
    """Another case that may matter here.

    Attributes:
        case_id: The other case.
        state: How far it has come.
        opened_at: When it was opened.
        why: Why it is named, in words.
    """

    case_id: str
    state: CaseState
    opened_at: str
    why: str


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """How a queue stands. Numbers are counted up to `QueueStatus.MOST` and no further.

    Attributes:
        queue: Its name.
        open: Cases that wait for a decision.
        leased: Tasks that somebody works on now.
        overdue: Open cases whose moment has passed.
        oldest: When the oldest open case was opened; None if there is none.
        at_least: Whether there are more than `open` or `overdue` say.
    """

    queue: str
    open: int
    leased: int
    overdue: int
    oldest: str | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that follows from a decision.

    Attributes:
        id: That of its message in the outbox.
        case_id, decision_id: From what.
        kind: What.
        item_id: Of which item; None if it is of the case.
        of: The effect that this one takes back.
        host: The message that tells the host, if one does.
        queued_at, done_at: When it was queued, and when it is known to have happened.
        result: Ids and counts of what was done.
    """

    id: str
    case_id: str
    decision_id: str
    kind: EffectKind
    item_id: str | None
    of: str | None
    host: str | None
    queued_at: str
    done_at: str | None
    result: Mapping[str, Any]
