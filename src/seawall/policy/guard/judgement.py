"""What a guard policy says of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GuardAction(StrEnum):
    """What is done with a request, an upload or an output, in rising severity; `not_examined` stands apart."""

    ALLOW = "allow"
    WARN = "warn"
    REVIEW = "review"
    BLOCK = "block"
    NOT_EXAMINED = "not_examined"
    """Out of scope by jurisdiction: nothing was looked at. Never given by a policy's rules, never counted as allow."""

    @property
    def severity(self) -> int:
        """Place in the order of severity, 0 for `allow`; -1 for `not_examined`."""
        return -1 if self is GuardAction.NOT_EXAMINED else list(GuardAction).index(self)


class Tier(StrEnum):
    """How a prevention message speaks (review-enforcement, design rules): T0 neutral, T1 clear attempt, T2 repeated."""

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A policy's answer for one check.

    Attributes:
        action: What is done.
        category: Why, in one word: `csem.*`, `canary` of a drill, or the policy's own; None for `allow`.
        rules: Ids of the rules that gave the action; of states as `state:failed`, of defaults as `default:NAME`.
        policy: Hash of the policy.
        drill: Whether canaries alone led to it.
        evidence: Whether the content is to be kept, in the vault only.
        strike: Name of the strike class for the account, None for none. Never of a drill.
        tier: Tier of the prevention message; None for no message.
    """

    action: GuardAction
    category: str | None
    rules: tuple[str, ...]
    policy: str
    drill: bool = False
    evidence: bool = False
    strike: str | None = None
    tier: Tier | None = None
