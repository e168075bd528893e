"""From facts to one HTML file that opens from disk, asks no network for anything and runs no script."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.files import write_whole

from .data import ReportData
from .text import middle, moment, plural, visible, whole


def render_report(data: ReportData) -> str:
    """Return the report as one HTML document."""
    from markupsafe import Markup

    from .environment import environment
    from .page import page_of

    filters: dict[str, Callable[..., Any]] = {
        "visible": visible,
        "middle": middle,
        "moment": moment,
        "whole": whole,
        "plural": plural,
    }
    style = (files(__package__) / "templates" / "report.css").read_text("utf-8")
    template = environment(__package__, filters).get_template("report.html")
    return template.render(page=page_of(data), style=Markup(style))  # noqa: S704  our own style sheet


def write_report(path: Path, data: ReportData) -> None:
    """Write the report, whole or not at all.

    Args:
        path: The file, usually `report.html`; its directory exists.
        data: The facts.

    Raises:
        StorageFull: If the disk is full.
    """
    write_whole(path, render_report(data).encode())
