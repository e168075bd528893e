"""What somebody saw of a file, from what was shown to them.

In doubt less: a report to an authority may say that a file was viewed in full only if that is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from seawall.content.media import Medium
from seawall.vault.derivatives.model import MediumFacts, Rung
from seawall.vault.viewing.model import Exposure, Viewed
from seawall.vault.viewing.spans import Whole, grown, merged, total, whole

MISSING_MS = 500
"""So much of a video or a sound may be left out: players stop a little before the end."""

FASTEST = 2.5
"""Highest speed of playing that the pages offer."""


def judged(facts: MediumFacts | None, exposures: Sequence[Exposure]) -> Viewed:
    """Return what one person saw of one file.

    Args:
        facts: What is known of the file; without that, nothing counts as viewed in full.
        exposures: All of this person and this file.
    """
    if not any(each.rung.shows_content for each in exposures):
        return Viewed.UNVIEWED
    full = [each for each in exposures if each.rung is Rung.FULL]
    if facts is None or not full:
        return Viewed.REDUCED
    if facts.medium in (Medium.VIDEO, Medium.AUDIO):
        return Viewed.FULL_DURATION if _played(facts, full) else Viewed.REDUCED
    whole_at_once = facts.medium is Medium.TEXT or (facts.medium is Medium.IMAGE and facts.frames == 1)
    seen = whole_at_once and any(each.visible_ms > 0 for each in full)
    return Viewed.FULL_IMAGE if seen else Viewed.REDUCED


def most_of(viewed: Sequence[Viewed]) -> Viewed:
    """Return the most that anybody saw."""
    return max(viewed, key=lambda each: each.place, default=Viewed.UNVIEWED)


def _played(facts: MediumFacts, full: Sequence[Exposure]) -> bool:
    if facts.duration is None:
        return False
    union = merged([span for each in full for span in _counted(facts.medium, each)])
    return total(union) > 0 and total(union) >= round(facts.duration * 1000) - MISSING_MS


def _counted(medium: Medium, shown: Exposure) -> list[Whole]:
    """Return what counts of one exposure: of a video what played while it was visible, of a sound what was heard."""
    spans = whole(shown.spans)
    if medium is Medium.AUDIO:
        return spans if shown.sound else []
    return grown([], spans, round(shown.visible_ms * FASTEST))
