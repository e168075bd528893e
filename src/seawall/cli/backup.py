"""`seawall backup`: everything that seawall keeps, into a folder; the keys of the vault's objects, into a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def backup(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Where to; the same again copies only what is new.", show_default=False),
    ],
    keyring: Annotated[
        Path,
        typer.Option(
            "--keyring",
            metavar="FILE",
            help="Wrapped keys of the vault's objects; replaced every time.",
            show_default=False,
        ),
    ],
    check: Annotated[bool, typer.Option("--check", help="Verify the backup that is there, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a backup: rows, files and ciphertext. Secrets under HOME/keys are not in it: keep a copy of them apart."""
    from seawall.backup import back_up, verify_backup
    from seawall.cli._progress import told
    from seawall.settings import Settings

    if check:
        with told() as progress:
            manifest = verify_backup(folder, keyring, progress=progress)
        facts = {"id": manifest.id, "number": manifest.number, "at": manifest.at, "parts": len(manifest.parts)}
        typer.echo(json.dumps(facts) if as_json else f"backup {manifest.number} of {manifest.at} is whole")
        return
    with told() as progress:
        made = back_up(Settings.from_env(), folder, keyring, progress=progress)
    if as_json:
        counts = {"rows": made.rows, "copied": made.copied, "kept": made.kept, "dropped": made.dropped}
        about = made.manifest
        facts = {"id": about.id, "number": about.number, "at": about.at, "objects": about.objects}
        typer.echo(json.dumps(facts | counts | {"key_ids": about.key_ids}))
        return
    typer.echo(
        f"backup {made.manifest.number}: {made.rows:,} rows, {made.copied:,} files copied, {made.kept:,} there already,"
        f" {made.dropped:,} dropped"
    )
    for key_id in made.manifest.key_ids:
        typer.echo(f"its vault can be opened with key {key_id} alone, which is not in it")
