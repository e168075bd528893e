"""What the scan's stored findings mean for the joint rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.develop.dataset.scan.judge import SOURCE_TYPE
from seawall.policy import Action


def real_match(held: Mapping[str, Any]) -> bool:
    """Whether a hash list has the item: no canary, no denied source, and no entry that policy says is fine."""
    return any(
        not finding["drill"] and finding["type"] != SOURCE_TYPE and finding["action"] != Action.ALLOW
        for finding in held["findings"]
    )


def canary_labels(held: Mapping[str, Any]) -> Sequence[str]:
    """Return the labels of the nearest canary in the item; none if it has none.

    Scenes of other concepts can be near as well, but never as near as the item's own.
    """
    drills = [finding for finding in held["findings"] if finding["drill"]]
    if not drills:
        return ()
    labels: list[str] = min(drills, key=lambda finding: finding["distance"] or 0)["labels"]
    return labels
