"""What a statement of reasons is, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class StatementKind(StrEnum):
    """What a statement says."""

    RESTRICTION = "restriction"
    """Something is restricted, and why (DSA article 17). It goes to the Transparency Database."""
    INFORMATION = "information"
    """Nothing is restricted, and the account is told what came of it."""
    OVERTURN = "overturn"
    """What an earlier statement restricted is no longer restricted."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons. Never changed: a later one replaces it.

    Attributes:
        id: 32 hex digits.
        decision_id, case_id: What it is about.
        kind: What it says.
        at: When it was written, RFC 3339 in UTC.
        drill: Whether canaries alone led to it.
        replaces: The statement in whose place it is.
        puid: Under which the Transparency Database knows it.
        payload: What that database takes; None if nothing is restricted.
        facts: What the texts for the account are made of: counts, kinds and rules.
        account: Whether it is about an account, which can appeal by its receipt.
    """

    id: str
    decision_id: str
    case_id: str
    kind: StatementKind
    at: str
    drill: bool
    replaces: str | None = None
    puid: str | None = None
    payload: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    account: bool = False
