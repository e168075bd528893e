"""`seawall verify-manifest`: the gate of a training job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from seawall.errors import ExitCode, NotFound

app = typer.Typer(rich_markup_mode=None)


@app.command()
def verify_signed_manifest(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="The clean-manifest.jsonl of a clean.")],
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="The data that are to be trained on.")],
    key: Annotated[Path, typer.Option(metavar="PEM", help="Public key, as 'seawall ledger key' prints it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether data are exactly what a clean signed: exit code 0 as signed, 1 not."""
    from seawall.develop.dataset.clean import verify_manifest

    try:
        pem = key.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{key} does not exist", hint="write it with 'seawall ledger key'") from None
    verdict = verify_manifest(manifest, dataset, pem)
    if as_json:
        typer.echo(json.dumps(verdict.to_dict(), indent=2))
    elif verdict.as_signed:
        typer.echo(f"as signed: {verdict.files:,} files, {verdict.size:,} bytes, by key {verdict.key}")
    else:
        typer.echo("not as signed")
        for each in verdict.differences:
            typer.echo("  " + " ".join(filter(None, (each.how.value, each.key, each.message))))
        if (more := sum(verdict.counts.values()) - len(verdict.differences)) > 0:
            typer.echo(f"  and {more:,} more")
    raise typer.Exit(int(ExitCode.CLEAN if verdict.as_signed else ExitCode.FINDINGS))
