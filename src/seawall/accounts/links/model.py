"""A link between two accounts: suggested by evidence, made or refused by a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.accounts.links.score import Evidence


class LinkState(StrEnum):
    """What became of a suggestion."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    PURGED = "purged"
    """What it was about was overturned."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two accounts that may be one person's.

    Attributes:
        id: Its id.
        accounts: Both references, sorted.
        state: What became of it.
        score: How much the evidence says.
        evidence: What both share, by kind; never what it was.
        suggested_at: When it was last suggested.
        expires_at: When the suggestion lapses if nobody decides.
        decided_at, person, reason: Who decided, when and why.
    """

    id: str
    accounts: tuple[str, str]
    state: LinkState
    score: float
    evidence: tuple[Evidence, ...]
    suggested_at: str
    expires_at: str
    decided_at: str | None = None
    person: str | None = None
    reason: str | None = None

    def other(self, account: str) -> str:
        """Return the account that is not this one."""
        return self.accounts[1] if self.accounts[0] == account else self.accounts[0]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "id": self.id,
            "accounts": list(self.accounts),
            "state": self.state.value,
            "score": self.score,
            "evidence": [each.to_dict() for each in self.evidence],
            "explanation": [each.text for each in self.evidence],
            "suggested_at": self.suggested_at,
            "expires_at": self.expires_at,
            "decided_at": self.decided_at,
            "person": self.person,
            "reason": self.reason,
        }
