"""Everything that the page shows, worked out: the template only places it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from ._svg import Chart
from .coverage import State, coverage_bar, media_text, states
from .data import ReportData
from .limits import limits, not_measured
from .plots import distance_chart, hits_chart, rate_chart
from .rows import FindingRow, GapRow, chain_sentence, finding_rows, gap_rows, known_fields
from .steps import Step, next_steps
from .text import duration, middle, moment, nearest, percent, plural, visible, whole
from .verdict import Verdict, verdict

_HISTOGRAMS = 8
_REACH = 31
"""Largest PDQ distance that counts as a match, where the scan does not say."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: what is counted, how many, and what to know about it."""

    name: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list that was matched, as shown."""

    name: str
    version: str
    entries: str
    purpose: str
    real: str
    drill: str


@dataclass(frozen=True, slots=True)
class Page:
    """The page, ready to be placed."""

    data: ReportData
    verdict: Verdict
    figures: tuple[Figure, ...]
    states: tuple[State, ...]
    coverage: Markup
    steps: tuple[Step, ...]
    hits: Chart | None
    histograms: tuple[Chart, ...]
    rate: Chart | None
    real: tuple[FindingRow, ...]
    drill: tuple[FindingRow, ...]
    gaps: tuple[GapRow, ...]
    gap_total: int
    reasons: tuple[tuple[str, str, str], ...]
    tallies: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    lists: tuple[ListRow, ...]
    chain: str
    chain_fields: tuple[tuple[str, str, str], ...]
    denied: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    not_measured: tuple[str, ...]
    disagreements: tuple[str, ...]


def page_of(data: ReportData) -> Page:
    """Work out the page."""
    real, drill = finding_rows(data)
    found = states(data)
    return Page(
        data=data,
        verdict=verdict(data),
        figures=_figures(data),
        states=found,
        coverage=coverage_bar(found),
        steps=tuple(Step(step.what, step.why, tuple(map(visible, step.commands))) for step in next_steps(data)),
        hits=hits_chart(data.findings_by_list)
        if any(sum(n.values()) for n in data.findings_by_list.values())
        else None,
        histograms=_histograms(data),
        rate=rate_chart(data.throughput, resumed=data.summary["resumed"]),
        real=real,
        drill=drill,
        gaps=gap_rows(data),
        gap_total=max(data.attention.total, len(data.attention.rows)),
        reasons=_reasons(data),
        tallies=_tallies(data),
        lists=_lists(data),
        chain=chain_sentence(data),
        chain_fields=tuple((name, whole(n), percent(n, data.summary["findings"])) for name, n in known_fields(data)),
        denied=tuple((middle(name, 60), whole(n)) for name, n in _ranked(data.sources_denied["by"])),
        facts=_facts(data),
        commands=_commands(data),
        limits=limits(data),
        not_measured=not_measured(data),
        disagreements=data.disagreements(),
    )


def _figures(data: ReportData) -> tuple[Figure, ...]:
    summary = data.summary
    gaps = summary["unexamined"]
    found = [
        Figure("Items", whole(summary["items"]), media_text(data.media) or "in all sources"),
        Figure("Examined", percent(summary["examined"], summary["items"]), plural(summary["examined"], "item")),
        Figure(
            "Findings",
            whole(summary["findings"]),
            "rows from lists and registers",
            "real" if summary["findings"] else "good",
        ),
        Figure("Not examined", whole(gaps), "items nothing is known about", "gap" if gaps else "good"),
        Figure("Drill", whole(summary["drill"]), "rows from canaries, counted apart"),
        Figure("Speed", _speed(summary["images_per_second"]), f"in {duration(summary['seconds'])}"),
    ]
    return tuple(found)


def _speed(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 1 else f"{rate:.2g}/s" if rate else "–"


def _histograms(data: ReportData) -> tuple[Chart, ...]:
    wanted = [(name, found) for name, found in data.distances.items() if sum(found.values())]
    wanted.sort(key=lambda each: (each[0] in data.canary_lists, -sum(each[1].values()), each[0]))
    threshold = data.thresholds.get("pdq")
    reach = max(threshold or 0, _REACH)
    return tuple(
        distance_chart(name, found, number=i, reach=reach, drill=name in data.canary_lists, threshold=threshold)
        for i, (name, found) in enumerate(wanted[:_HISTOGRAMS], 1)
    )


def _reasons(data: ReportData) -> tuple[tuple[str, str, str], ...]:
    named = [("not examined", visible(code, 60), n) for code, n in _ranked(data.problems)]
    named += [("too little to compare", visible(code, 60), n) for code, n in _ranked(data.summary["abstained"])]
    if data.summary["damaged"]:
        named.append(("damaged", "partly decoded", data.summary["damaged"]))
    return tuple((state, code, whole(n)) for state, code, n in named)


def _tallies(data: ReportData) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """Return small tables: what they count, the head of their first column, and their rows."""
    tables = (
        ("Items by action of the policy", "Action", data.actions),
        ("Rows by the orientation that matched", "Orientation", data.orientations),
        ("Rows by label of the list", "Label", data.labels),
    )
    return tuple(
        (caption, head, tuple((middle(name, 40), whole(n)) for name, n in _ranked(found)[:40]))
        for caption, head, found in tables
        if found
    )


def _lists(data: ReportData) -> tuple[ListRow, ...]:
    rows = []
    for each in data.summary["lists"]:
        hits = data.findings_by_list.get(each["name"], {"n": 0, "drill": 0})
        rows.append(
            ListRow(
                name=middle(each["name"], 48),
                version=visible(each["version"], 40),
                entries=whole(each["entries"]),
                purpose=visible(each["purpose"], 24),
                real=whole(hits["n"]),
                drill=whole(hits["drill"]),
            )
        )
    return tuple(rows)


def _facts(data: ReportData) -> tuple[tuple[str, str], ...]:
    summary = data.summary
    reached = ", ".join(nearest(name, value) for name, value in data.thresholds.items())
    found = (
        ("Began", moment(data.started_at)),
        ("Ended", moment(data.finished_at)),
        ("Took", duration(summary["seconds"])),
        ("Resumed", f"{plural(summary['resumed'], 'item')} read by an earlier run" if summary["resumed"] else ""),
        ("Matched", f"only what came after {visible(data.since, 80)}" if data.since else ""),
        ("Shards", whole(data.shards) if data.shards is not None else ""),
        ("Decoding", visible(data.recipe, 80) if data.recipe else ""),
        ("Digests", ", ".join(visible(name, 24) for name in data.digests)),
        ("Match up to", reached),
        (
            "Known fine",
            f"{plural(summary['known_fine'], 'item')} matched only your own negative banks"
            if summary.get("known_fine")
            else "",
        ),
        ("Kept", f"{plural(summary['kept'], 'item')} in the manifest" if "kept" in summary else ""),
        ("Policy", visible(summary["policy"], 80)),
        ("seawall", visible(data.version, 40) if data.version else ""),
    )
    return tuple((name, value) for name, value in found if value)


def _commands(data: ReportData) -> tuple[tuple[str, str], ...]:
    found = [
        ("On this machine: the ledger is whole, and signed by its own key.", "seawall ledger verify"),
        (
            "For someone else: hand over the key and a checkpoint now, the export whenever it is asked for.",
            "seawall ledger key > operator.pem\n"
            "seawall ledger checkpoint > saved.checkpoint\n"
            "seawall ledger export ledger.export",
        ),
        (
            "They verify on their own machine, with the key and the checkpoint that they kept.",
            "seawall ledger verify ledger.export --key operator.pem --checkpoint saved.checkpoint",
        ),
    ]
    if data.ledger["event"]:
        found.insert(
            1, ("This scan is in it.", f"seawall ledger prove {shlex.quote(visible(data.ledger['event'], 200))}")
        )
    return tuple(found)


def _ranked(found: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))
