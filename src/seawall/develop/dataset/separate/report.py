"""What a person sees after a separation: `report.html`, from the summary's facts alone.

It says what nobody could judge before it says what is fine, and never shows content.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.detectors.contract import Status
from seawall.develop.dataset.report.environment import environment
from seawall.develop.dataset.report.text import duration, moment, percent, plural, visible, whole
from seawall.develop.dataset.scan.facts import RunFacts, Summary
from seawall.files import write_whole
from seawall.policy.separation import Partition, SeparationPolicy

_MEANING = {
    Partition.BOTH: "A list has it, or it shows signs of a child and of sexual content together. Never trained on.",
    Partition.SEXUAL_AGE_UNKNOWN: "Sexual, and nobody's age is sure. Never trained on.",
    Partition.ADULT_SEXUAL: "Sexual, and every person in it was judged to be surely adult.",
    Partition.UNKNOWN: "Something could not be judged. Missing evidence is not safety.",
    Partition.CHILD_DEPICTION: "Shows or names a possible minor, and nothing sexual.",
    Partition.NEITHER: "Judged in full, with no sign of either.",
}
_LIMITS = (
    "Nobody has measured how much the detectors miss: no harmful material was used to make or test them. "
    "Only an audit by people bounds what leaked.",
    "Apparent age is a guess from a face, worst on teenagers, darker skin, in poor light, and on drawn or generated "
    "faces.",
    "Pictures without a face give no sign of age; drawings and stylised pictures are outside what the models know.",
    "Videos were judged by sampled frames. Sound is not judged.",
    "Thresholds that no calibration wrote are placeholders.",
)


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str
    value: str
    note: str
    tone: str = ""


def write_report(out: Path, summary: Summary, policy: SeparationPolicy, facts: RunFacts) -> None:
    """Write `report.html`, whole or not at all."""
    from markupsafe import Markup

    style = (files("seawall.develop.dataset.report") / "templates" / "report.css").read_text("utf-8")
    filters: dict[str, Callable[..., Any]] = {"moment": moment, "visible": visible, "whole": whole, "plural": plural}
    template = environment(__package__, filters).get_template("separation.html")
    page = _page(out, summary, policy, facts)
    write_whole(out / "report.html", template.render(page=page, style=Markup(style)).encode())  # noqa: S704  our own


def _page(out: Path, summary: Summary, policy: SeparationPolicy, facts: RunFacts) -> dict[str, Any]:
    tone, sentence, detail = _verdict(summary)
    directory = shlex.quote(str(out))
    return {
        "finished_at": facts.finished_at,
        "tone": tone,
        "sentence": sentence,
        "detail": detail,
        "figures": _figures(summary),
        "partitions": [_partition_row(partition, summary, policy) for partition in _by_severity()],
        "modalities": [_modality_row(name, counts) for name, counts in summary["modalities"].items()],
        "answers": [_answer_row(each, summary["answers"]) for each in summary["detectors"]],
        "detectors": [{"id": each["id"], "facts": _detector_facts(each)} for each in summary["detectors"]],
        "audit": (
            f"seawall separate audit draw {directory} --size 300",
            f"seawall separate audit bound {directory}",
        ),
        "facts": _method(summary, policy, facts),
        "policy": policy.text,
        "limits": _LIMITS,
        "version": version("seawall"),
    }


def _verdict(summary: Summary) -> tuple[str, str, str]:
    items, parts = summary["items"], summary["partitions"]
    if not items:
        return "nothing", "There were no items to separate.", ""
    usable = parts["neither"] + parts["child_depiction"] + parts["adult_sexual"]
    if summary["findings"]:
        sentence = f"{plural(summary['findings'], 'item')} must not be in any training set."
        return "findings", sentence, "They are quarantined by policy. No person has confirmed them."
    if summary["unexamined"] or summary["errors"]:
        return (
            "unexamined",
            f"{plural(parts['unknown'], 'item')} of {items:,} could not be judged.",
            "See what was not judged, and why.",
        )
    if summary["drill"]:
        return "drill", "Canaries were found and placed; nothing real was.", ""
    return "clean", f"{usable:,} of {items:,} items are on a side that may be trained on.", ""


def _figures(summary: Summary) -> tuple[_Figure, ...]:
    parts, items = summary["partitions"], summary["items"]
    held = parts["both"] + parts["sexual_age_unknown"] + parts["unknown"]
    rate = f"{summary['items_per_second']:,.1f} a second"
    return (
        _Figure("Items", f"{items:,}", f"{duration(summary['seconds'])}, {rate}"),
        _Figure("Both", f"{parts['both']:,}", "child and sexual, or on a list", "real" if parts["both"] else ""),
        _Figure("Held back", f"{held:,}", f"{percent(held, items)} of items", "gap" if held else ""),
        _Figure("Abstained", f"{summary['abstentions']:,}", "items that a detector would not judge"),
        _Figure(
            "Near-duplicates", f"{summary['clusters']:,}", f"groups, the largest of {summary['largest_cluster']:,}"
        ),
    )


def _by_severity() -> list[Partition]:
    return sorted(Partition, key=lambda partition: -partition.severity)


def _partition_row(partition: Partition, summary: Summary, policy: SeparationPolicy) -> tuple[str, ...]:
    number = summary["partitions"][partition.value]
    others = sorted({other.value for allowed in policy.training_sets if partition in allowed for other in allowed})
    company = [other for other in others if other != partition.value]
    trained = ("with " + " or ".join(company) if company else "alone") if others else "never"
    action = policy.actions[partition].value
    return partition.value, f"{number:,}", percent(number, summary["items"]), action, trained, _MEANING[partition]


def _modality_row(name: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    columns = ("items", "judged", "abstained", "error", "damaged", "unsupported", "unread")
    return name, *(f"{counts.get(column, 0):,}" for column in columns)


def _answer_row(detector: Mapping[str, Any], answers: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    found = answers.get(detector["id"], {})
    order = (Status.OK, Status.ABSTAIN, Status.UNSUPPORTED, Status.ERROR, Status.SKIPPED)
    return detector["id"], str(detector["version"]), *(f"{found.get(status.value, 0):,}" for status in order)


def _detector_facts(detector: Mapping[str, Any]) -> list[tuple[str, str]]:
    said = []
    for name, value in detector.items():
        if value in (None, "", [], {}, ()):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
        said.append((name.replace("_", " "), text))
    return said


def _method(summary: Summary, policy: SeparationPolicy, facts: RunFacts) -> list[tuple[str, str]]:
    lists = ", ".join(f"{each['name']} version {each['version']}" for each in summary["lists"]) or "none"
    return [
        ("Lists", lists),
        ("Separation policy", f"{policy.name} version {policy.version}"),
        ("Policy hash", policy.hash),
        ("Thresholds", "calibrated" if policy.calibrated else "placeholders: no calibration wrote them"),
        ("Started", str(facts.started_at)),
        ("Shards", f"{facts.shards:,}"),
        ("Attestation", f"{summary['attestation']['file']}, SHA-256 {summary['attestation']['sha256']}"),
        ("Ledger root", summary["ledger_root"]),
    ]
