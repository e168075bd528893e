"""The facts of a dataset audit card: what was scanned, with what, and what came of it, for programs to read.

The shape is `templates/card.schema.json`. What was not measured is null, and is named under `not_measured`.
"""

from __future__ import annotations

from typing import Any

from seawall.develop.dataset.report.data import ReportData
from seawall.develop.dataset.report.limits import limits, not_measured
from seawall.develop.dataset.report.verdict import verdict

from .eu_gpai import eu_gpai_text

SCHEMA = "seawall/dataset-audit-card/1"


def card_facts(data: ReportData) -> dict[str, Any]:
    """Return the card as JSON-able values."""
    summary = data.summary
    reached = verdict(data)
    return {
        "schema": SCHEMA,
        "made_by": {"name": "seawall", "version": data.version},
        "verdict": {"outcome": reached.outcome.value, "sentence": reached.sentence, "detail": reached.detail},
        "dataset": {
            "sources": list(data.sources),
            "items": summary["items"],
            "media": dict(data.media),
            "shards": data.shards,
        },
        "scan": {
            "started_at": data.started_at,
            "finished_at": data.finished_at,
            "seconds": summary["seconds"],
            "images_per_second": summary["images_per_second"],
            "resumed": summary["resumed"],
            "decode_recipe": data.recipe,
            "digests": list(data.digests),
            "thresholds": dict(data.thresholds),
            "policy": summary["policy"],
        },
        "lists": [
            {name: each[name] for name in ("name", "version", "entries", "purpose")}
            | {"findings": hits.get("n", 0), "drill": hits.get("drill", 0)}
            for each in summary["lists"]
            for hits in [data.findings_by_list.get(each["name"], {})]
        ],
        "coverage": {
            "examined": summary["examined"],
            "unexamined": summary["unexamined"],
            "damaged": summary["damaged"],
            "abstained": dict(summary["abstained"]),
            "reasons": dict(data.problems),
            "examined_share": _share(summary["examined"], summary["items"]),
        },
        "findings": {
            "real": summary["findings"],
            "drill": summary["drill"],
            "from_denied_sources": data.sources_denied["n"],
            "denied_by": dict(data.sources_denied["by"]),
            "items_by_action": dict(data.actions),
            "distances": {
                name: {f"{distance:g}": n for distance, n in found.items()} for name, found in data.distances.items()
            },
        },
        "source_chains": {
            "actionable": data.origins["actionable"],
            "informational": data.origins["informational"],
            "known": dict(data.origins["known"]),
            "actionable_share": _share(data.origins["actionable"], summary["findings"]),
        },
        "removal": {
            "kept_in_manifest": summary.get("kept"),
            "removed_from_dataset": data.removed,
            "reported_to_authorities": data.reported,
        },
        "eu_gpai_removal_of_illegal_content": eu_gpai_text(data),
        "limits": list(limits(data)),
        "not_measured": list(not_measured(data)),
        "contradictions": list(data.disagreements()),
        "ledger": dict(data.ledger),
    }


def _share(part: int, of: int) -> float | None:
    return round(part / of, 6) if of else None
