"""How much shared tokens say: rare ones much, common ones nothing, weak ones alone never enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.accounts.links.kinds import Kind, Kinds


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of token that two accounts share.

    Attributes:
        kind: Which kind.
        weight: How much it says by itself.
        sharers: How many accounts have the rarest shared one.
        rarity: What is left of the weight because of them, 0 to 1.
        strong: Whether it may carry a suggestion.
    """

    kind: str
    weight: float
    sharers: int
    rarity: float
    strong: bool

    @property
    def text(self) -> str:
        """The same in a sentence."""
        says = f"{self.weight * self.rarity:.2f} of at most {self.weight:.2f}"
        return f"{self.kind}: shared by {self.sharers} accounts, says {says}" + ("" if self.strong else " (weak)")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "kind": self.kind,
            "weight": self.weight,
            "sharers": self.sharers,
            "rarity": self.rarity,
            "strong": self.strong,
        }


def rarity(sharers: int, fan_out: int) -> float:
    """Return what is left of a token's weight if so many accounts share it: all for two, nothing above the cap."""
    return 0.0 if sharers > fan_out else round(1 / max(sharers - 1, 1), 6)


def evidence(shared: Iterable[tuple[Kind, int]], kinds: Kinds) -> tuple[Evidence, ...]:
    """Return the evidence of shared tokens: of each kind the rarest one, what says nothing left out.

    Args:
        shared: Kind and number of sharers of each shared token.
        kinds: What makes a kind strong.
    """
    rarest: dict[str, tuple[Kind, int]] = {}
    for kind, sharers in shared:
        if kind.name not in rarest or sharers < rarest[kind.name][1]:
            rarest[kind.name] = (kind, sharers)
    found = [
        Evidence(name, kind.weight, sharers, rarity(sharers, kind.fan_out), kind.weight >= kinds.strong_from)
        for name, (kind, sharers) in sorted(rarest.items())
    ]
    return tuple(each for each in found if each.rarity > 0)


def score(found: Sequence[Evidence]) -> float:
    """Return 1 - the product of (1 - weight * rarity), to a millionth."""
    left = 1.0
    for each in found:
        left *= 1 - each.weight * each.rarity
    return round(1 - left, 6)


def suggests(found: Sequence[Evidence], kinds: Kinds) -> bool:
    """Whether this is enough to show it to a person: a strong kind is among it, and the score is reached."""
    return any(each.strong for each in found) and score(found) >= kinds.suggest_at
