"""The words for the EU summary of training content: 'measures to exclude illegal content', from facts alone.

Article 53(1)(d) of Regulation (EU) 2024/1689 has providers fill in a template (C(2025) 8311); its section on the
removal of illegal content asks for a general description of the measures taken. A measure that was not taken, and an
effect that was not measured, is said to be so.
"""

from __future__ import annotations

from seawall.develop.dataset.report.coverage import media_text
from seawall.develop.dataset.report.data import ReportData
from seawall.develop.dataset.report.text import moment, nearest, percent, plural, visible

_PURPOSES = {
    "csam": "known child sexual abuse material",
    "exploitative": "known material that exploits children",
    "ncii_adult": "known intimate images of adults shared without consent",
    "benign": "material known to be fine",
}


def eu_gpai_text(data: ReportData) -> str:
    """Return the general description of measures taken, as paragraphs of plain text.

    Args:
        data: The facts of one scan.

    Returns:
        Text with names of lists and rules made inert; it holds no list entries, item names or addresses.
    """
    parts = (_what(data), _lists(data), _methods(data), _found(data), _removal(data), _open(data))
    return "\n\n".join(part for part in parts if part)


def _what(data: ReportData) -> str:
    summary = data.summary
    when = f"Scanned from {moment(data.started_at)} to {moment(data.finished_at)}"
    if data.started_at is None and data.finished_at is None:
        when = "Scanned at a time that was not recorded"
    if not summary["items"]:
        return f"{when}. The sources held no items, so no measure was applied to any."
    kinds = media_text(data.media)
    return (
        f"{when}: {plural(summary['items'], 'item')}{f' ({kinds})' if kinds else ''}, of which {summary['examined']:,} "
        f"({percent(summary['examined'], summary['items'])}) were examined and {summary['unexamined']:,} could not be."
    )


def _lists(data: ReportData) -> str:
    if not data.real_lists:
        return "No list of known illegal content was used: items were hashed, and matched against test entries alone."
    said = "; ".join(
        f"{visible(each['name'], 80)}, version {visible(each['version'], 40)}, "
        f"{plural(each['entries'], 'entry', 'entries')}, {_PURPOSES.get(each['purpose'], visible(each['purpose'], 40))}"
        for each in data.real_lists
    )
    only = f" In this run, only what came after {visible(data.since, 80)} was matched." if data.since else ""
    return f"Lists of known content that items were matched against: {said}.{only}"


def _methods(data: ReportData) -> str:
    parts = []
    if data.digests:
        parts.append(f"Exact digests were computed ({', '.join(visible(name, 24) for name in data.digests)}).")
    if data.thresholds:
        reach = ", ".join(nearest(name, value) for name, value in data.thresholds.items())
        parts.append(f"Largest distances that count as a match: {reach}.")
    if data.recipe:
        parts.append(f"Media were decoded by the recipe {visible(data.recipe, 80)}.")
    parts.append(
        f"What to do with a match was decided by the policy with the hash {visible(data.summary['policy'], 80)}."
    )
    parts.append("No classifier and no keyword filter was part of this scan.")
    return " ".join(parts)


def _found(data: ReportData) -> str:
    summary, denied = data.summary, data.sources_denied["n"]
    if not data.real_lists and not summary["findings"]:
        return ""
    by_purpose: dict[str, int] = {}
    for each in data.real_lists:
        n = data.findings_by_list.get(each["name"], {}).get("n", 0)
        by_purpose[each["purpose"]] = by_purpose.get(each["purpose"], 0) + n
    said = f"Findings: {summary['findings']:,}"
    apart = [f"{n:,} of {_PURPOSES.get(kind, visible(kind, 40))}" for kind, n in by_purpose.items() if n]
    if denied:
        apart.append(f"{denied:,} from sources on a deny list")
    said += f" ({'; '.join(apart)})." if apart else "."
    if summary["findings"]:
        said += f" {data.origins['actionable']:,} of them have a traceable source."
    if summary["drill"]:
        said += f" {plural(summary['drill'], 'row', 'rows')} from harmless test entries not counted."
    return said


def _removal(data: ReportData) -> str:
    summary = data.summary
    parts = []
    if "kept" in summary and summary["items"]:
        left = summary["items"] - summary["kept"]
        parts.append(
            f"{plural(left, 'item was', 'items were')} left out of the manifest of items to train on, as the "
            "policy decides on matches, denied sources and items not fully examined."
        )
    if data.removed is None:
        parts.append("Removal from the dataset itself was not measured.")
    else:
        parts.append(f"{plural(data.removed, 'item was', 'items were')} removed from the dataset.")
    if data.reported is None:
        parts.append("Reports to authorities are not part of this record.")
    else:
        parts.append(f"{plural(data.reported, 'item was', 'items were')} reported to an authority.")
    return " ".join(parts)


def _open(data: ReportData) -> str:
    summary = data.summary
    abstained = sum(summary["abstained"].values())
    parts = ["These measures find content that is on the lists used, and say nothing about other content."]
    if abstained:
        parts.append(f"{plural(abstained, 'item')} too plain for a perceptual hash could match by exact digest alone.")
    if summary["damaged"]:
        parts.append(f"{plural(summary['damaged'], 'damaged item was', 'damaged items were')} examined only in part.")
    if data.disagreements():
        parts.append(
            "The counts of this scan contradict each other and need to be cleared up before this text is used."
        )
    parts.append(f"Record: ledger root {visible(data.ledger['root'] or 'not recorded', 130)}.")
    return " ".join(parts)
