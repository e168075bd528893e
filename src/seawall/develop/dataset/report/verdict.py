"""What a scan comes to, in one plain sentence.

The sentence never says more than was examined: no dataset is called safe, and missing evidence is said first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .data import ReportData
from .text import plural, visible


class Outcome(StrEnum):
    """What a scan comes to."""

    FINDINGS = "findings"
    UNEXAMINED = "unexamined"
    NOTHING = "nothing"
    HASHED = "hashed"
    DRILL = "drill"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and the sentence that says it.

    Attributes:
        outcome: Which case holds.
        sentence: The outcome in one sentence.
        detail: What qualifies it, or None.
    """

    outcome: Outcome
    sentence: str
    detail: str | None = None


def verdict(data: ReportData) -> Verdict:
    """Return what a scan comes to."""
    summary = data.summary
    if summary["findings"]:
        return Verdict(Outcome.FINDINGS, _findings(data), _detail(data))
    if summary["unexamined"]:
        rest = "Nothing known was found in the rest" if data.real_lists else "No list of known content was used"
        return Verdict(
            Outcome.UNEXAMINED,
            f"{_could_not(data)}, so this scan is not complete.",
            _join(f"{rest}." if summary["examined"] else None, _detail(data)),
        )
    if not summary["items"]:
        return Verdict(Outcome.NOTHING, "There was nothing to examine: the sources hold no items.")
    if not data.real_lists and summary["drill"]:
        return Verdict(
            Outcome.DRILL,
            "Only the drill's canaries were found: the scan works, but no list of known content was used.",
            _join("It says nothing about known content.", _detail(data)),
        )
    if not data.real_lists:
        return Verdict(
            Outcome.HASHED,
            f"{plural(summary['items'], 'item was', 'items were')} hashed, and matched against no list of known "
            "content.",
            _join("This scan says nothing about known content.", _detail(data)),
        )
    if summary["drill"]:
        return Verdict(
            Outcome.DRILL,
            f"Only the drill's canaries were found: the scan works, and found nothing else known in "
            f"{plural(summary['examined'], 'item')}.",
            _detail(data),
        )
    return Verdict(
        Outcome.CLEAN, f"No known content was found in {plural(summary['examined'], 'item')}.", _detail(data)
    )


def _findings(data: ReportData) -> str:
    found = data.summary["findings"]
    denied = min(found, data.sources_denied["n"])
    if 0 < denied == found:
        start = f"{plural(found, 'item comes', 'items come')} from a denied source"
    elif denied:
        start = f"{plural(found - denied, 'match', 'matches')} of known content and {plural(denied, 'item')}"
        start += " from denied sources need attention"
    else:
        start = f"{plural(found, 'match', 'matches')} of known content {'needs' if found == 1 else 'need'} attention"
    return start + (f", and {_could_not(data)}." if data.summary["unexamined"] else ".")


def _could_not(data: ReportData) -> str:
    return f"{plural(data.summary['unexamined'], 'item')} could not be examined"


def _detail(data: ReportData) -> str | None:
    """Return what keeps the sentence from being the whole truth."""
    summary = data.summary
    abstained = sum(summary["abstained"].values())
    parts = []
    if data.since:
        parts.append(f"only what came after {visible(data.since, 80)} was matched")
    if summary["damaged"]:
        parts.append(f"{plural(summary['damaged'], 'damaged item was', 'damaged items were')} hashed only in part")
    if abstained:
        parts.append(
            f"{plural(abstained, 'item shows', 'items show')} too little for a perceptual hash, so could only "
            "match exactly"
        )
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if parts else None


def _join(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None
