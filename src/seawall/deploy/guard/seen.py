"""What is known of one part of a request: a prompt, a message, an attachment, a file, a row of a fine-tuning job.

Canaries stand apart: `real` is what is known without them, so that a canary can never hide a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seawall.policy.decide import Evidence
from seawall.policy.guard import State
from seawall.policy.separation import Signs


@dataclass(frozen=True, slots=True)
class Seen:
    """One part, examined.

    Attributes:
        name: Which: `prompt`, `negative_prompt`, `system`, `history.0`, `attachment.0`, `file`, `text`, `row.17`.
        real: Signs for the joint rule, canaries left out. Gaps that are `states` below are not repeated in it as
            failures, or the rule could not tell what was found from what was not looked at.
        canary: Signs of what the canaries in it stand for; None if there are none.
        matches: Hash-list matches; those of canary lists have the purpose `canary`.
        scores: Largest score of every class that is not one of the joint rule's own, canaries left out.
        canary_scores: The same of canaries.
        states: What keeps the answer from being whole.
        checks: (name, status) of each checker that was asked or is missing.
        sha256: Digest of the bytes, of a medium.
    """

    name: str
    real: Signs = field(default_factory=Signs)
    canary: Signs | None = None
    matches: tuple[Evidence, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    canary_scores: Mapping[str, float] = field(default_factory=dict)
    states: frozenset[State] = frozenset()
    checks: tuple[tuple[str, str], ...] = ()
    sha256: str | None = None
