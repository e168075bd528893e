"""What a scan does, as a value that can be handed to another process.

Two identities follow from it: `hash_id` names how items are hashed, `match_id` names what they are matched
against. Stored hashes serve again as long as the first stays the same, stored matches as long as both do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROW_VERSION = 1
"""Raised when the columns of stored rows change their meaning."""


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """Settings of one scan.

    Attributes:
        out: Output directory.
        home: seawall's state directory, where lists and source registers are.
        recipe: Name of the decode recipe.
        digests: Digests to compute, sorted.
        lists: `MatchSource` descriptors as dicts.
        lists_fingerprint: Identity of the lists at their versions.
        max_distance: Largest PDQ distance, or None for each type's own threshold.
        policy_text: The policy, as YAML.
        policy_hash: Its hash.
        sources_fingerprint: Identity of the source registers.
    """

    out: str
    home: str
    recipe: str
    digests: tuple[str, ...]
    lists: tuple[dict[str, Any], ...]
    lists_fingerprint: str
    max_distance: int | None
    policy_text: str
    policy_hash: str
    sources_fingerprint: str

    @property
    def hash_id(self) -> str:
        """Identity of how items are hashed, readable: rows, recipe, digests."""
        return _hash_id(self.recipe, self.digests)

    @property
    def match_id(self) -> str:
        """Identity of what the hashes are matched against, and of how matches are judged."""
        return _identity(
            [self.hash_id, self.lists_fingerprint, self.max_distance, self.policy_hash, self.sources_fingerprint]
        )


def stored_digests(hashed: Path, recipe: str, needed: frozenset[str]) -> frozenset[str] | None:
    """Return the digests of stored hashes that serve for a scan, or None if there are none.

    Args:
        hashed: Directory with a directory for each `hash_id`.
        recipe: Decode recipe of the scan.
        needed: Digests that the scan needs; stored hashes with more of them serve as well.
    """
    found = [frozenset(path.name.rpartition(".")[2].split("-")) for path in hashed.glob(_hash_id(recipe, ["*"]))]
    return min((each for each in found if each >= needed), key=lambda each: (len(each), sorted(each)), default=None)


def _hash_id(recipe: str, digests: Iterable[str]) -> str:
    return f"rows{ROW_VERSION}.{recipe.replace('/', '-')}.{'-'.join(sorted(digests))}"


def _identity(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
