"""What a source rule says: deny or allow a domain, a collection, a dataset or an address, on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a rule does."""

    DENY = "deny"
    ALLOW = "allow"


class Kind(StrEnum):
    """What a rule names."""

    DOMAIN = "domain"
    COLLECTION = "collection"
    DATASET = "dataset"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Terms:
    """What many rules of a register share.

    Attributes:
        action: Deny or allow.
        kind: What is named.
        expert: Who says so.
        version: Version of the expert's list.
        reason: Why, if the expert says.
    """

    action: Action
    kind: Kind
    expert: str
    version: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `value` is normal (see `normal`)."""

    terms: Terms
    value: str

    @property
    def name(self) -> str:
        """How a verdict cites the rule."""
        return f"{self.terms.action} {self.terms.kind} {self.value}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a register says of an origin.

    Attributes:
        denied: Whether the source is denied; False if it is allowed.
        register: Name of the register.
        version: Version of the expert's list.
        rule: The rule, as `deny domain example.com`.
        expert: Who says so.
        reason: Why, if the expert says.
    """

    denied: bool
    register: str
    version: str
    rule: str
    expert: str
    reason: str | None = None
