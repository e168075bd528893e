"""What a person does next after a scan, the most pressing first.

No step asks anyone to look at what matched, and none decides what the law asks: it says whom to ask.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .data import ReportData
from .text import plural, visible

_SOURCES = 3
"""Sources that a command spells out."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next.

    Attributes:
        what: The step in a few words.
        why: One or two sentences on how and why.
        commands: Commands to run.
    """

    what: str
    why: str
    commands: tuple[str, ...] = ()


_CLOSE = Step(
    "Do not open, copy or send the matched items",
    "Nobody needs to look to act. Train only from the manifest of kept items, which leaves them out, and stop jobs "
    "that read the dataset itself.",
)
_REPORT = Step(
    "Tell the person who is responsible for reporting, today",
    "Matches of csam and exploitative lists may have to be reported, and preserved until the authority has them. Who "
    "must report where depends on the country: ask before deleting anything.",
)
_REMOVE = Step(
    "Remove known intimate images within 48 hours",
    "They concern adults who did not agree to being shown. A match of such a list alone is removed, and never reported "
    "as child sexual abuse.",
)
_DROP = Step(
    "Drop what denied sources gave",
    "A denied source is a risk as a whole: take out everything that it contributed, not only the rows listed.",
)
_CHECK = Step("Check the sources", "Compare the locations below with where the dataset is.")
_KEEP = Step(
    "Keep this with the dataset",
    "The card (card.md, card.json) says the same for others, and the ledger shows that its record was not changed "
    "since.",
)


def next_steps(data: ReportData) -> tuple[Step, ...]:
    """Return what a person does next, the most pressing first."""
    if not data.summary["items"]:
        return (_CHECK,)
    return (*_on_findings(data), *_on_gaps(data), *_on_drill(data), *_on_lists(data), _KEEP)


def _on_findings(data: ReportData) -> list[Step]:
    if not data.summary["findings"]:
        return []
    purposes = {
        each["purpose"]
        for each in data.real_lists
        if not data.findings_by_list or data.findings_by_list.get(each["name"], {}).get("n", 0)
    }
    steps = [_CLOSE]
    if purposes & {"csam", "exploitative"}:
        steps.append(_REPORT)
    if "ncii_adult" in purposes:
        steps.append(_REMOVE)
    if data.sources_denied["n"]:
        steps.append(_DROP)
    return steps


def _on_gaps(data: ReportData) -> list[Step]:
    if not data.summary["unexamined"]:
        return []
    why = (
        "Each item is in attention.jsonl with its reason. Repair it or leave it out, then scan again; until then the "
        "manifest of kept items does not hold it."
    )
    return [Step("Deal with what was not examined", why, (_scan(data, "--fresh"),))]


def _on_drill(data: ReportData) -> list[Step]:
    drill = data.summary["drill"]
    if not drill:
        return []
    why = (
        f"{plural(drill, 'row')} came from canaries, which are harmless drawings. They show that matching works end to "
        "end, and count nowhere as findings."
    )
    return [Step("Note the drill", why)]


def _on_lists(data: ReportData) -> list[Step]:
    if not data.real_lists:
        why = (
            "Get hash lists from a clearing house or a partner, import them, and run the same scan again: stored "
            "hashes are matched without reading the media."
        )
        commands = ("seawall lists import FILE --name NAME --purpose csam", _scan(data, "--list", "NAME"))
        return [Step("Match against a real list", why, commands)]
    why = (
        "Content becomes known later than it is made. What a list gains is matched against the stored hashes, and "
        "media are not read again."
    )
    first = data.real_lists[0]
    return [Step("Scan again when a list grows", why, (_scan(data, "--since", f"{first['name']}@{first['version']}"),))]


def _scan(data: ReportData, flag: str, *values: str) -> str:
    """Return the command that scans the same into the same directory; placeholders for what cannot be typed."""
    out = data.summary.get("out")
    sources = [_typed(each, "SOURCE") for each in data.sources]
    if not 0 < len(sources) <= _SOURCES:
        sources = ["SOURCE..."]
    place = _typed(out, "DIR") if isinstance(out, str) else "DIR"
    return " ".join(("seawall", "scan", *sources, "--out", place, flag, *(_typed(each, "NAME") for each in values)))


def _typed(value: str, placeholder: str) -> str:
    return shlex.quote(value) if value == visible(value) else placeholder
