"""`seawall reports`: documents for authorities. Nothing here sends anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.maintain.authorities.ncmec.package import Package

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Reports to authorities: what they would say, and what is wrong with that.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Source = Annotated[Path, typer.Argument(metavar="JSON", help="A file, or - for standard input.", show_default=False)]
Authority = Annotated[str, typer.Option("--authority", metavar="A", help="For whom: ncmec.")]
Profile = Annotated[str, typer.Option("--profile", metavar="P", help="Edition of the schema: 2025-11 or 2026-08.")]

_MOST_BYTES = 64 << 20


@app.command()
def render(
    source: Source,
    authority: Authority = "ncmec",
    part: Annotated[
        str, typer.Option("--part", metavar="PART", help="report, or file:N for the details of a file.")
    ] = "report",
    profile: Profile = "2025-11",
) -> None:
    """Write a document as XML, as the authority takes it. What the server would refuse is told on standard error."""
    from seawall.clock import system_clock

    package = _package(source, authority, profile)
    written = package.render(part)
    for each in package.faults(system_clock()):
        typer.echo(f"{each.level.value}: {each}", err=True)
    sys.stdout.buffer.write(written)


@app.command()
def preview(
    source: Source, authority: Authority = "ncmec", profile: Profile = "2025-11", as_json: AsJson = False
) -> None:
    """Say in plain words what exactly would be sent, how complete it is, and the digest of it."""
    package = _package(source, authority, profile)
    shown, complete = package.preview(), package.completeness()
    if as_json:
        typer.echo(json.dumps(shown.to_dict() | {"completeness": complete.to_dict()}))
        return
    typer.echo(shown.to_text())
    missing = f"; not said: {', '.join(complete.missing)}" if complete.missing else ""
    typer.echo(f"completeness: {complete.score} of 100{' (low: say why it is sent)' if complete.low else ''}{missing}")


@app.command()
def lint(source: Source, authority: Authority = "ncmec", profile: Profile = "2025-11", as_json: AsJson = False) -> None:
    """Say everything that is wrong with a report, by path and rule; exit 1 if it would not be sent."""
    from seawall.clock import system_clock
    from seawall.maintain.authorities.ncmec.fault import errors

    package = _package(source, authority, profile)
    found = package.faults(system_clock())
    wrong = errors(found)
    if as_json:
        told = {"errors": len(wrong), "warnings": len(found) - len(wrong), "faults": [each.to_dict() for each in found]}
        typer.echo(json.dumps(told | {"completeness": package.completeness().to_dict()}))
    else:
        for each in found:
            typer.echo(f"{each.level.value}: {each}")
        typer.echo(f"{len(wrong)} errors, {len(found) - len(wrong)} warnings")
    if wrong:
        raise typer.Exit(int(ExitCode.FINDINGS))


def _package(source: Path, authority: str, profile: str) -> Package:
    from seawall.maintain.authorities.ncmec.package import read_package
    from seawall.maintain.authorities.ncmec.schema import load_schema

    if authority != "ncmec":
        raise UsageError(f"there is no authority {authority[:40]!r}", hint="there is ncmec")
    schema = load_schema(profile)
    try:
        with sys.stdin.buffer if str(source) == "-" else source.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {source}") from None
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{source} has more than {_MOST_BYTES:,} bytes")
    try:
        return read_package(json.loads(data), schema)
    except (ValueError, RecursionError):
        raise UsageError(f"{source} is no JSON") from None
