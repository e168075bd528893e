"""`seawall restore`: a backup into a new home and an empty database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.", show_default=False)],
    keyring: Annotated[
        Path, typer.Option("--keyring", metavar="FILE", help="The newest keyring of that folder.", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Restore a backup, SQLite's into PostgreSQL too. What was destroyed after it was made stays destroyed."""
    from seawall.backup import restore as bring_back
    from seawall.cli._progress import told
    from seawall.settings import Settings

    with told() as progress:
        done = bring_back(Settings.from_env(), folder, keyring, progress=progress)
    if as_json:
        counts = {"rows": done.rows, "files": done.files, "objects": done.objects, "destroyed": done.destroyed}
        typer.echo(
            json.dumps({"id": done.manifest.id, "number": done.manifest.number, "at": done.manifest.at} | counts)
        )
        return
    typer.echo(
        f"restored backup {done.manifest.number} of {done.manifest.at}: {done.rows:,} rows, {done.files:,} files,"
        f" {done.objects:,} vault objects"
    )
    if done.destroyed:
        typer.echo(f"{done.destroyed:,} objects were destroyed after it was made, and stay so")
    typer.echo("keys revoked, users disabled and grants withdrawn after it was made are back: take them away again")
    typer.echo("next: put HOME/keys in place, then run 'seawall doctor' and 'seawall vault verify'")
