"""What `--cases` does after a scan, a separation or a verdict on a hosted dataset: people decide what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

OpenCases = Annotated[
    bool, typer.Option("--cases", help="Open a case for each source in which something was found; see 'seawall cases'.")
]


def open_cases(out: Path, *, hosted: str | None = None) -> dict[str, Any]:
    """Open the cases of a finished scan or separation; the same again adds nothing.

    Args:
        out: Its output directory.
        hosted: The host's name of the dataset, if it is hosted for others.

    Raises:
        SeawallError: If the findings cannot be read, or the database cannot be written.
    """
    from seawall.cases.from_scan import open_from_scan
    from seawall.casework import open_casework
    from seawall.settings import Settings

    with open_casework(Settings.from_env()) as casework:
        opened = open_from_scan(casework.cases, out, hosted=hosted)
    return {"opened": len(opened.cases), "items": opened.items, "left": opened.left}


def in_words(cases: dict[str, Any]) -> str:
    """Return what became of findings, in a line."""
    return f"cases {cases['opened']:,} with {cases['items']:,} items; {cases['left']:,} items are for nobody to look at"
