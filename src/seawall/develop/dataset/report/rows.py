"""Rows of findings and of items not examined, as a page shows them: names inert and short, no content, no addresses.

Where an item came from is said by naming what is known of it. The values stay in findings.jsonl: a page that is passed
around should lead nobody to the source. For the same reason a denied source's rule is not spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seawall.content.origin import Origin

from .data import ReportData
from .text import middle, plural, visible

FIELDS = {
    "url": "address",
    "crawled_at": "time of crawl",
    "licensor": "licensor",
    "collection": "collection",
    "row": "row key",
    "dataset": "dataset",
    "shard": "shard",
    "offset": "offset",
}
"""Names of an origin's fields for people, the ones that make a finding traceable first."""


_PLACE = frozenset({"dataset", "shard", "offset"})
"""Fields that say where an item is, and not where it came from."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as shown.

    Attributes:
        item: Name of the item, short.
        full: Its whole name.
        digest: Beginning of its SHA-256, or None.
        digest_full: Its SHA-256, or None.
        list: List and version.
        entry: Opaque id of the entry.
        how: What matched.
        nearness: How nearly, and how it was turned.
        labels: The list's labels.
        action: What the policy does.
        traceable: Whether someone could find the source.
        known: What is known of the source, by name.
    """

    item: str
    full: str
    digest: str | None
    digest_full: str | None
    list: str
    entry: str
    how: str
    nearness: str
    labels: str
    action: str
    traceable: bool
    known: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """An item that was not, or not fully, examined."""

    item: str
    full: str
    state: str
    code: str
    message: str


def finding_rows(data: ReportData) -> tuple[tuple[FindingRow, ...], tuple[FindingRow, ...]]:
    """Return the sampled findings that led to an action: real ones, and drills."""
    real: list[FindingRow] = []
    drill: list[FindingRow] = []
    canaries = data.canary_lists
    for row in data.findings.rows:
        if row.get("action") != "allow":
            (drill if row.get("drill") or row.get("list") in canaries else real).append(_finding(row))
    return tuple(real), tuple(drill)


def _finding(row: Mapping[str, Any]) -> FindingRow:
    item, digest = row.get("item", ""), row.get("sha256")
    given = row.get("origin")
    origin = Origin.from_dict(given if isinstance(given, Mapping) else {})
    known = origin.to_dict()
    version = row.get("list_version")
    labels = row.get("labels")
    return FindingRow(
        item=middle(item),
        full=visible(item),
        digest=visible(digest, 12).rstrip("…") if digest else None,
        digest_full=visible(digest, 64) if digest else None,
        list=middle(f"{row.get('list', '')}@{version}" if version is not None else row.get("list", ""), 44),
        entry="" if row.get("type") == "source" else middle(row.get("entry", ""), 28),
        how="denied source" if row.get("type") == "source" else visible(row.get("type", ""), 24),
        nearness=_nearness(row),
        labels=visible(", ".join(map(str, labels)), 80) if isinstance(labels, list | tuple) else "",
        action=visible(row.get("action", ""), 20),
        traceable=origin.actionable,
        known=", ".join(name for field, name in FIELDS.items() if field not in _PLACE and known[field] is not None)
        or "no source known",
    )


def _nearness(row: Mapping[str, Any]) -> str:
    distance, orientation = row.get("distance"), row.get("orientation")
    parts = []
    if distance == 0 and orientation is None:
        parts.append("exact")
    elif isinstance(distance, int | float):
        parts.append(f"distance {distance:g}")
    if orientation and orientation != "original":
        parts.append(visible(orientation, 24))
    if row.get("frames_matched") is not None and row.get("frames_hashed") is not None:
        parts.append(f"{visible(row['frames_matched'], 12)} of {visible(row['frames_hashed'], 12)} frames")
    elif row.get("frame") is not None:
        parts.append(f"frame {visible(row['frame'], 12)}")
    return ", ".join(parts)


def gap_rows(data: ReportData) -> tuple[GapRow, ...]:
    """Return the sampled items that were not fully examined, those that were not examined at all first."""
    found = [
        GapRow(
            item=middle(row.get("item", "")),
            full=visible(row.get("item", "")),
            state=visible(row.get("status") or "unexamined", 20),
            code=visible(row.get("code") or "–", 40),
            message=visible(row.get("message") or "–", 160),
        )
        for row in data.attention.rows
    ]
    order = {"unexamined": 0, "damaged": 1, "abstained": 2}
    return tuple(sorted(found, key=lambda row: order.get(row.state, 3)))


def known_fields(data: ReportData) -> tuple[tuple[str, int], ...]:
    """Return for how many real findings each field of the source chain is known."""
    if not data.summary["findings"]:
        return ()
    return tuple((name, data.origins["known"].get(field, 0)) for field, name in FIELDS.items())


def chain_sentence(data: ReportData) -> str:
    """Return how complete the source chain of the findings is."""
    total, traced = data.summary["findings"], data.origins["actionable"]
    if not total:
        return "There are no findings to trace."
    rest = total - traced
    said = f"{traced:,} of {plural(total, 'finding has', 'findings have')} a traceable source"
    if rest <= 0:
        return f"{said}."
    return f"{said}; the {'other one is' if rest == 1 else f'other {rest:,} are'} informational only."
