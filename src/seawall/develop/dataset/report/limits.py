"""What a scan does not show: the sentences that stand in every report and card.

They follow from the method, so they are written once; a fact of the scan may add to them, and none takes one away.
"""

from __future__ import annotations

from .data import ReportData
from .text import plural, visible


def limits(data: ReportData) -> tuple[str, ...]:
    """Return what must not be concluded from a scan."""
    summary = data.summary
    found = [
        "Matching finds known content only: what is on none of the lists used was not looked for.",
        "A perceptual hash finds copies that were resized, recompressed, turned or mirrored. Strong crops, overlays "
        "and edits can escape it, and a match near the largest distance can be a different picture: a person or a "
        "second hash confirms.",
        "No classifier judged the content: new material, text, and combinations of harmless items were not judged.",
    ]
    if data.since:
        found.append(
            f"Only what came after {visible(data.since, 80)} was matched: the scan without --since gives the whole "
            "picture."
        )
    if data.media.get("other"):
        found.append(
            f"{plural(data.media['other'], 'item')} of other kinds (text, documents, code) could match by exact digest "
            "alone."
        )
    abstained = sum(summary["abstained"].values())
    if abstained:
        found.append(f"{plural(abstained, 'item')} with too little detail could match by exact digest alone.")
    if summary["unexamined"]:
        found.append(f"{plural(summary['unexamined'], 'item')} could not be examined: nothing is known about them.")
    if not data.real_lists:
        found.append("No list of known content was used.")
    found.append("Counts are rows and items, not people or offences, and not a measure of how much there is to find.")
    return tuple(found)


def not_measured(data: ReportData) -> tuple[str, ...]:
    """Return what a reader might expect, and this scan did not measure."""
    found = ["Whether the dataset has changed since the scan"]
    if data.removed is None:
        found.append("Whether matched items were removed from the dataset itself")
    if data.reported is None:
        found.append("Whether anything was reported to an authority")
    found.append("How much known content the lists do not cover")
    found.append("Novel material, by classifier or by eye")
    return tuple(found)
