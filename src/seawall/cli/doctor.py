"""`seawall doctor`: what is wrong with this installation, a line a check, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, help="Say what is wrong with this installation, and what to do about it.")


@app.callback(invoke_without_command=True)
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Examine this installation; exit 1 if there is a problem, 0 if there are at most warnings."""
    from seawall.cli._doctor_checks import examine
    from seawall.cli._doctor_found import Installation, Level
    from seawall.clock import system_clock, to_iso
    from seawall.settings import Settings

    installation = Installation(Settings.from_env(), system_clock)
    try:
        found = list(examine(installation))
    finally:
        installation.close()
    problems = sum(finding.level is Level.PROBLEM for _, finding in found)
    if as_json:
        rows = [
            {"check": name, "level": finding.level.value, "detail": finding.detail, "hint": finding.hint}
            for name, finding in found
        ]
        typer.echo(json.dumps({"at": to_iso(system_clock()), "problems": problems, "checks": rows}))
    else:
        for name, finding in found:
            hint = f" ({finding.hint})" if finding.hint else ""
            typer.echo(f"{finding.level.value:<8} {name:<11} {finding.detail}{hint}")
    if problems:
        raise typer.Exit(1)
