"""What the scan's stored findings mean for the joint rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.develop.dataset.scan.judge import SOURCE_TYPE
from seawall.policy import Action

_CANARY_LABEL = "canary."


def real_match(held: Mapping[str, Any]) -> bool:
    """Whether a hash list has the item: no canary, no denied source, and no entry that policy says is fine."""
    return any(
        not finding["drill"] and finding["type"] != SOURCE_TYPE and finding["action"] != Action.ALLOW
        for finding in held["findings"]
    )


def canary_concepts(held: Mapping[str, Any]) -> frozenset[str]:
    """Return the concepts that the nearest canary in the item stands for; empty if it has none.

    Scenes of other concepts can be near as well, but never as near as the item's own.
    """
    drills = [finding for finding in held["findings"] if finding["drill"]]
    if not drills:
        return frozenset()
    nearest = min(drills, key=lambda finding: finding["distance"] or 0)
    labels = (label for label in nearest["labels"] if label.startswith(_CANARY_LABEL))
    return frozenset(label.removeprefix(_CANARY_LABEL) for label in labels)
