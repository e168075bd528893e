"""Writing a dataset's audit card: `card.json` for programs, `card.md` for people, from the same facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seawall.develop.dataset.report.coverage import media_text, states
from seawall.develop.dataset.report.data import ReportData
from seawall.develop.dataset.report.rows import chain_sentence
from seawall.develop.dataset.report.text import duration, moment, percent, plural, whole
from seawall.files import write_whole

from .eu_gpai import eu_gpai_text
from .facts import card_facts

_SOURCES = 50


def render_card(data: ReportData) -> str:
    """Return the card as Markdown."""
    from seawall.develop.dataset.report.environment import environment

    from ._markdown import markdown

    filters: dict[str, Any] = {"md": markdown, "whole": whole, "moment": moment, "plural": plural}
    facts = card_facts(data)
    return (
        environment(__package__, filters)
        .get_template("card.md")
        .render(
            card=facts,
            states=states(data),
            media=media_text(data.media),
            chain=chain_sentence(data),
            examined=percent(data.summary["examined"], data.summary["items"]),
            took=duration(data.summary["seconds"]),
            eu=eu_gpai_text(data).split("\n\n"),
            most_sources=_SOURCES,
        )
    )


def write_cards(directory: Path, data: ReportData) -> None:
    """Write `card.json` and `card.md`, each whole or not at all.

    Args:
        directory: Where to; it exists.
        data: The facts.

    Raises:
        StorageFull: If the disk is full.
    """
    write_whole(directory / "card.md", render_card(data).encode())
    write_whole(directory / "card.json", (json.dumps(card_facts(data), indent=2) + "\n").encode())
