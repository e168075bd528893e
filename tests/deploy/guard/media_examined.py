"""Answers of stand-in detectors, and what the guard saw in a medium."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from seawall.deploy.guard.media import MediaExaminer, MemoryMedia
from seawall.deploy.guard.seen import Seen
from seawall.policy.separation import Partition, Signs, load_separation_policy, rule

ADULT = {"adult_sexual": 0.9, "child_depiction": 0.0, "under_21": 0.01, "persons": 1.0, "persons_abstained": 0.0}
CHILD = {"adult_sexual": 0.0, "child_depiction": 0.9, "under_21": 0.95, "persons": 1.0, "persons_abstained": 0.0}
NOTHING = {"adult_sexual": 0.0, "child_depiction": 0.0, "under_21": 0.0, "persons": 0.0, "persons_abstained": 0.0}
POLICY = load_separation_policy()
PATIENCE = 60.0
Examine = Callable[..., MediaExaminer]


def seen_by(examiner: MediaExaminer, data: bytes, name: str = "file") -> Seen:
    """Return what is seen in some bytes."""
    return examiner.examine(MemoryMedia(data), name)


def side(signs: Signs | None) -> Partition:
    """Return where signs put an item."""
    return rule(POLICY, signs or Signs(text=True)).partition


def sha256_of(data: bytes) -> str:
    """Return a digest as lists have it."""
    return hashlib.sha256(data).hexdigest()
