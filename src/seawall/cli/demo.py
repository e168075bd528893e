"""`seawall demo`: see the main job work, in a minute, without lists or network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from seawall.errors import ExitCode

app = typer.Typer(rich_markup_mode=None)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Directory for everything that the demo makes.")] = Path("demo-out"),
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
) -> None:
    """Scan shipped photographs with planted canaries; exit 0 if exactly the canaries were found."""
    from seawall.cli.scan import describe, progress_bar
    from seawall.develop.dataset.demo import run_demo
    from seawall.kernels import notice

    if line := notice():
        typer.echo(line, err=True)
    with progress_bar() as show:
        result = run_demo(out, progress=show)
    if as_json:
        typer.echo(json.dumps(result.summary, indent=2))
    else:
        typer.echo(describe(result.summary, result.out))
        typer.echo(f"\nplanted {len(result.planted)} canaries, found {len(result.found)}:")
        for name, row in sorted(result.found.items()):
            labels = " ".join(row["labels"])
            typer.echo(f"  {name:<16} {labels:<12} distance {row['distance']:g}, {row['orientation']}")
        typer.echo("\nas expected" if result.as_expected else "\nNOT as expected: please report this")
    raise typer.Exit(int(ExitCode.CLEAN if result.as_expected else ExitCode.FINDINGS))
