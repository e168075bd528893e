"""The rules of seeing once, as data: how near is near, for which verdict, and for how long."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.cases.model import Label
from seawall.maintain.review._fields import Reader, plain
from seawall.maintain.review.errors import PolicyInvalid

NEVER = frozenset({Label.UNSURE})
"""What no policy can repeat."""

_MOST_BITS = 31


@dataclass(frozen=True, slots=True)
class RepeatPolicy:
    """When a verdict is repeated.

    Attributes:
        name, version: As its author calls and counts it.
        least_quality: Of PDQ, of both pictures.
        radius: Largest distance in bits for most verdicts; 0 for equal bytes only.
        compared: Largest distance at which pictures are compared; 0 for never.
        below: Severity from which on only equal bytes repeat them.
        gravest: Labels that nothing graver can hide behind.
        gravest_radius: Largest distance for those.
        days: For how long a verdict is repeated.
        hash: SHA-256 of the canonical JSON of what the file says.
    """

    name: str
    version: int
    least_quality: int
    radius: int
    compared: int
    below: int
    gravest: frozenset[Label]
    gravest_radius: int
    days: int
    hash: str

    @property
    def widest(self) -> int:
        """The largest radius of all."""
        return max(self.radius, self.gravest_radius)

    def radius_of(self, label: Label) -> int:
        """Return how far a verdict reaches."""
        return self.gravest_radius if label in self.gravest else self.radius


def load_repeats(path: Path | None = None) -> RepeatPolicy:
    """Read a policy, or the one that ships.

    Raises:
        PolicyInvalid: If it is none.
    """
    data, name = plain(path, "repeats.yaml", PolicyInvalid)
    return parse_repeats(data, name)


def parse_repeats(data: Any, name: str) -> RepeatPolicy:
    """Read plain data; `name` is what errors call it.

    Raises:
        PolicyInvalid: If it is no policy.
    """
    top = Reader(data, name, ("repeats", "version", "near", "days"), PolicyInvalid)
    near = Reader(
        top.raw("near"), f"{name}: near", ("least_quality", "radius", "compared", "below", "gravest"), PolicyInvalid
    )
    grave = Reader(near.raw("gravest"), f"{name}: near: gravest", ("labels", "radius"), PolicyInvalid)
    labels = grave.texts("labels")
    if not set(labels) <= {Label.CSAM.value, Label.AIG_CSAM.value}:
        raise grave.fault("labels", "are csam and aig_csam: behind all others something graver can hide")
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return RepeatPolicy(
        name=top.text("repeats", 64),
        version=top.whole("version", 1, 1_000_000),
        least_quality=near.whole("least_quality", 50, 100),
        radius=near.whole("radius", 0, _MOST_BITS),
        compared=near.whole("compared", 0, _MOST_BITS),
        below=near.whole("below", 0, 5),
        gravest=frozenset(Label(each) for each in labels),
        gravest_radius=grave.whole("radius", 0, _MOST_BITS),
        days=top.whole("days", 1, 3660),
        hash=hashlib.sha256(canonical.encode()).hexdigest(),
    )
