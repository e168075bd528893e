"""To whom prevention speaks, and how: words that ids and files use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from seawall.policy.guard import Tier

THEMES = ("law", "harm", "help")
HOLDOUT = "holdout"
"""The arm that is told no more than the neutral refusal, so that an effect can be seen."""
NEUTRAL = "neutral"
PLAIN = "plain"
"""The arm of texts that are not rotated."""


class Audience(StrEnum):
    """Who is spoken to."""

    ADULT = "adult"
    """Someone who may worry about their own thoughts or behaviour."""
    WORRIED = "worried"
    """Someone who worries about another person's behaviour."""
    MINOR = "minor"
    VICTIM = "victim"
    BYSTANDER = "bystander"


@dataclass(frozen=True, slots=True)
class MessageId:
    """Names a message without saying who got it or why.

    Attributes:
        tier: How it speaks.
        arm: `law`, `harm`, `help`, `holdout`, `neutral` or `plain`.
        audience: To whom.
        locale: In which language.
        version: Version of the texts of that language.
    """

    tier: Tier
    arm: str
    audience: Audience
    locale: str
    version: int

    def __str__(self) -> str:
        return f"{self.tier.value}.{self.arm}.{self.audience.value}.{self.locale}.{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id; None if it is none of ours."""
        parts = text.split(".")
        if len(parts) != 5 or len(text) > 64 or not parts[4].isascii() or not parts[4].isdigit():
            return None
        if parts[1] not in (*THEMES, HOLDOUT, NEUTRAL, PLAIN):
            return None
        try:
            return cls(Tier(parts[0]), parts[1], Audience(parts[2]), parts[3], int(parts[4]))
        except ValueError:
            return None
