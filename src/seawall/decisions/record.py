"""The record of one decision: facts, digests and ids; never content."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Judgement


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision of the guard.

    Attributes:
        id: 32 hex digits, time-ordered (UUID version 7).
        at: When it was made, RFC 3339 in UTC.
        kind: What was checked.
        account: The host's opaque reference.
        action: What was decided.
        judgement: The live policy's judgement; None if nothing was examined.
        facts: What it was judged from; None if nothing was examined.
        event_class: What sort of event it is; None for `allow` and `not_examined`.
        checks: (name, status) of each checker.
        digest: Digest, keyed with a secret of this installation, of what was checked, for idempotency.
        request_id: The host's id of the request.
        surface, jurisdiction, model, generation_id: As the request said.
        reason: Why nothing was examined, or a reason from outside the policy (`rollout:killed`).
        shadows: Judgements of shadow policies.
        vault: Ids of vault objects that keep the content, if policy calls it evidence.
        message: Id of the prevention message that was given.
    """

    id: str
    at: str
    kind: CheckKind
    account: str
    action: GuardAction
    judgement: Judgement | None = None
    facts: Facts | None = None
    event_class: EventClass | None = None
    checks: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    request_id: str | None = None
    surface: str | None = None
    jurisdiction: str | None = None
    model: str | None = None
    generation_id: str | None = None
    reason: str | None = None
    shadows: tuple[Judgement, ...] = ()
    vault: tuple[str, ...] = ()
    message: str | None = None

    @property
    def drill(self) -> bool:
        """Whether canaries alone led to it: no strike, and apart from real counts."""
        return self.judgement is not None and self.judgement.drill

    @property
    def category(self) -> str | None:
        """Why, in one word."""
        return self.judgement.category if self.judgement else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Ids of rules, and the reason from outside the policy."""
        rules = self.judgement.rules if self.judgement else ()
        return (*rules, self.reason) if self.reason else rules
