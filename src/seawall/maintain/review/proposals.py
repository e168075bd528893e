"""What an item's evidence says about whether AI made it: a proposal in words, which only a person can confirm.

That an item was found on a service which makes pictures says nothing: the annotation means a file that is believed
to be made by AI. Missing evidence is no evidence that a camera made it, so nothing is ever proposed to be `no`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.cases.model import GenerativeAi, Item


class Ground(StrEnum):
    """What a proposal rests on."""

    MARK = "mark"
    """A mark of provenance in the file, such as a signed manifest or a watermark."""
    GENERATION = "generation"
    """The guard's own record of the generation."""
    ORIGIN = "origin"
    """The host hands it over as the output of its own model."""
    DETECTOR = "detector"
    """A detector's score; by itself it proposes nothing."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for it.

    Attributes:
        ground: What it rests on.
        words: In words.
        ref: Opaque id of the record, if there is one.
    """

    ground: Ground
    words: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed, for a person to confirm.

    Attributes:
        value: `yes` if something speaks for it, else `unknown`.
        signs: What speaks for it.
    """

    value: GenerativeAi
    signs: tuple[Sign, ...]

    @property
    def words(self) -> str:
        """The proposal in a sentence."""
        if self.value is GenerativeAi.YES:
            return "Proposed: made with generative AI, because " + "; ".join(each.words for each in self.signs) + "."
        if self.signs:
            return "Not proposed: " + "; ".join(each.words for each in self.signs) + ", which is not enough."
        return "Not proposed: nothing is known of how it was made."


_OUTPUTS = frozenset({"output", "delivered", "generation"})
_ENOUGH = frozenset({Ground.MARK, Ground.GENERATION, Ground.ORIGIN})
_LONGEST = 64


def propose(item: Item) -> Proposal:
    """Return what an item's evidence says about whether AI made it.

    Read are, of `item.evidence`: `provenance` (a list of `{kind, ai, valid}`, of marks that were found), `generation`
    (`{id, kind}`, the guard's own record), `origin` (`generation` if the host's model made it) and `ai_score`.
    """
    said = item.evidence
    signs = [
        *_marks(said.get("provenance")),
        *_generation(item, said.get("generation")),
        *_origin(item, said.get("origin")),
    ]
    score = said.get("ai_score")
    if isinstance(score, int | float) and not isinstance(score, bool):
        signs.append(Sign(Ground.DETECTOR, f"a detector scored it {score:.2f}"))
    enough = any(each.ground in _ENOUGH for each in signs)
    return Proposal(GenerativeAi.YES if enough else GenerativeAi.UNKNOWN, tuple(signs))


def _marks(said: Any) -> list[Sign]:
    found = []
    for each in said if isinstance(said, list | tuple) else ():
        # A mark that does not verify can be anybody's; one that says "camera" is no sign of AI.
        if isinstance(each, Mapping) and each.get("ai") is True and each.get("valid") is True:
            kind = str(each.get("kind", "mark"))[:_LONGEST]
            name = kind if kind.isprintable() else "mark"
            found.append(Sign(Ground.MARK, f"it carries a verified {name} that says so"))
    return found


def _generation(item: Item, said: Any) -> list[Sign]:
    if not isinstance(said, Mapping) or said.get("kind") not in _OUTPUTS:
        return []
    ref = said.get("id")
    named = ref if isinstance(ref, str) else item.decision_id
    return [Sign(Ground.GENERATION, "the guard recorded its generation", named)]


def _origin(item: Item, said: Any) -> list[Sign]:
    if said != "generation":
        return []
    return [Sign(Ground.ORIGIN, "the service's own model made it", item.ref)]
