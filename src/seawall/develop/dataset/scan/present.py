"""From a settled scan to what people read: the report, the audit card, and the facts that both are made from."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seawall.content.origin import Origin
from seawall.develop.dataset.card import write_cards
from seawall.develop.dataset.report import ReportData, write_report
from seawall.files import write_whole
from seawall.hashing.registry import SignalTypes

from .config import ScanConfig
from .facts import RunFacts, Summary
from .record import ScanRecord


def present(out: Path, summary: Summary, facts: RunFacts, config: ScanConfig, record: ScanRecord) -> None:
    """Write `report-data.json`, `report.html` and the cards into `out`."""
    data = _report_data(out, summary, facts, config, record)
    write_whole(out / "report-data.json", json.dumps(data.to_dict()).encode())
    write_report(out / "report.html", data)
    write_cards(out, data)


def _report_data(out: Path, summary: Summary, facts: RunFacts, config: ScanConfig, record: ScanRecord) -> ReportData:
    tally = facts.tally
    return ReportData(
        summary=summary,
        sources=facts.state.sources,
        media=dict(tally.media),
        actions=dict(tally.actions),
        findings_by_list=_hits(tally.findings_by_list, tally.drill_by_list),
        distances=_distances(tally.distances),
        orientations=dict(tally.orientations),
        labels=dict(tally.labels),
        throughput=facts.samples,
        problems=dict(tally.problems),
        unexamined_sample=_rows(out / "attention.jsonl"),
        findings_sample=_rows(out / "findings.jsonl"),
        origins={
            "actionable": tally.origins["actionable"],
            "informational": tally.origins["informational"],
            "known": {name: tally.origins[name] for name in Origin.__slots__},
        },
        sources_denied={"n": sum(tally.denied.values()), "by": dict(tally.denied)},
        shards=facts.shards,
        recipe=config.recipe,
        digests=config.digests,
        thresholds=_thresholds(config),
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        version=version("seawall"),
        ledger=record.facts(),
        policy_text=config.policy_text,
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _hits(real: Counter[str], drill: Counter[str]) -> dict[str, dict[str, int]]:
    return {name: {"n": real[name], "drill": drill[name]} for name in real | drill}


def _distances(counts: Counter[str]) -> dict[str, dict[float, int]]:
    found: dict[str, dict[float, int]] = defaultdict(dict)
    for key, count in counts.items():
        name, _, distance = key.rpartition("\t")
        found[name][float(distance)] = count
    return found


def _thresholds(config: ScanConfig) -> dict[str, float]:
    pdq = SignalTypes.installed()["pdq"].threshold if config.max_distance is None else config.max_distance
    return {"pdq": pdq, **dict.fromkeys(config.digests, 0.0)}
