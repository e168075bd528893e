"""`seawall authorities`: the authorities that reports go to, and what they take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from seawall.errors import ExitCode, NotFound, UsageError

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The authorities that reports go to, and what they take."
)
schema = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The schemas of reports.")
app.add_typer(schema, name="schema")


@schema.command()
def diff(
    file: Annotated[Path, typer.Argument(metavar="XSD", help="The schema that the authority serves, fetched by you.")],
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="P", help="Compare with this edition. Default: the nearest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the CyberTipline's schema with seawall's table; exit 1 if it refuses something that seawall writes."""
    from seawall.maintain.authorities.ncmec.schema import XSD_BYTES, compare, load_schema, nearest, read_xsd

    try:
        with file.open("rb") as opened:
            theirs = read_xsd(opened.read(XSD_BYTES + 1))
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if profile is None:
        profile, changes = nearest(theirs)
    else:
        changes = compare(load_schema(profile), theirs)
    breaking = sum(each.breaks for each in changes)
    if as_json:
        told = {"profile": profile, "breaking": breaking, "changes": [each.to_dict() for each in changes]}
        typer.echo(json.dumps(told))
    else:
        for each in changes:
            typer.echo(f"{'breaks' if each.breaks else 'differs':<8} {each.what.value:<8} {each.path}: {each.detail}")
        typer.echo(f"{len(changes)} differences from the edition {profile}, {breaking} of which break what is written")
    if breaking:
        raise typer.Exit(int(ExitCode.FINDINGS))
