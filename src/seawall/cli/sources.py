"""`seawall sources`: which sources are denied or allowed, and on whose word."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from seawall.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from seawall.develop.sources.check import Checked
    from seawall.develop.sources.store import RegisterStore

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Deny and allow lists of domains, collections, datasets and URLs."
)

_Choice = TypeVar("_Choice", bound=StrEnum)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("import")
def import_register(
    file: Annotated[Path, typer.Argument(help="Plain list, CSV, JSON, JSONL or YAML.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="Name of the register.", show_default=False)],
    action: Annotated[
        str | None, typer.Option("--action", help="deny or allow, for rules that do not say.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="domain, collection, dataset or url, for rules that do not say."),
    ] = None,
    expert: Annotated[str | None, typer.Option("--expert", help="Who says so.", show_default=False)] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Version of the expert's list. Default: a number that counts up.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for rules that do not say.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Keep the rules that the register has.")] = False,
    as_json: Json = False,
) -> None:
    """Read a file into a register, in place of what it held before."""
    from seawall.cli._audit import record_register
    from seawall.develop.sources.formats import Defaults, parse_file
    from seawall.develop.sources.rules import Action, Kind

    store = _store()
    defaults = Defaults(
        _choice(Action, action, "--action") if action else None,
        _choice(Kind, kind, "--kind") if kind else None,
        expert,
        version or str(store.revision(name) + 1),
        reason,
    )
    parsed = parse_file(file, defaults)
    store.save(name, parsed.rules, source=file.name, add=add)
    record_register(store.describe(name))
    for why, count in parsed.bad.items():
        lines = ", ".join(map(str, parsed.bad_lines[why]))
        typer.echo(f"warning: {count:,} rows left out: {why} (first at {lines})", err=True)
    summary = store.describe(name).to_dict() | {"bad": dict(parsed.bad)}
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo(f"{name} version {', '.join(summary['versions'])}: {summary['entries']:,} rules ({_counts(summary)})")


@app.command("ls")
def show_all(as_json: Json = False) -> None:
    """Show all registers."""
    store = _store()
    rows = [store.describe(name).to_dict() for name in store.names()]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = [("NAME", "VERSION", "EXPERT", "RULES", "KINDS")]
    for row in rows:
        table.append(
            (row["name"], ",".join(row["versions"]), ",".join(row["experts"]), f"{row['entries']:,}", _counts(row))
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


@app.command("remove")
def remove_register(name: Annotated[str, typer.Argument(help="Name of the register.", show_default=False)]) -> None:
    """Delete a register."""
    _store().remove(name)
    typer.echo(f"removed {name}")


@app.command("check")
def check_datasets(
    locations: Annotated[
        list[str], typer.Argument(metavar="MANIFEST_OR_LOCATION...", help="Anything that can be scanned.")
    ],
    as_json: Json = False,
) -> None:
    """Print the items whose source is denied; no medium is opened.

    Exits with 0 if none is, 1 if some are, 2 if there is no register, 3 if rows could not be read.
    """
    from seawall.develop.sources import NoRegister, Registers
    from seawall.develop.sources.check import check_sources
    from seawall.settings import Settings

    registers = Registers.open(Settings.from_env().home)
    if not len(registers):
        raise NoRegister
    items = denied = unread = unknown = 0
    for checked in check_sources(locations, registers):
        items += 1
        denied += checked.denied
        unread += checked.problem is not None
        unknown += checked.verdict is None and checked.problem is None
        if checked.denied or checked.problem is not None:
            _print(checked, as_json)
    typer.echo(
        f"{items:,} items: {denied:,} denied, {unread:,} not read, {unknown:,} of sources that no rule names", err=True
    )
    code = ExitCode.UNEXAMINED if unread else ExitCode.FINDINGS if denied else ExitCode.CLEAN
    raise typer.Exit(int(code))


def _print(checked: Checked, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(checked.to_dict()))
        return
    if checked.verdict is not None and checked.verdict.denied:
        said = checked.verdict
        why = f"; {said.reason}" if said.reason else ""
        typer.echo(f"{checked.item}: {said.rule} ({said.register} version {said.version}, {said.expert}{why})")
    if checked.problem is not None:
        typer.echo(f"error[{checked.problem.code}]: {checked.item}: {checked.problem.message}", err=True)


def _store() -> RegisterStore:
    from seawall.develop.sources.store import RegisterStore
    from seawall.settings import Settings

    return RegisterStore(Settings.from_env().home)


def _choice(kind: type[_Choice], text: str, option: str) -> _Choice:
    try:
        return kind(text.lower())
    except ValueError:
        raise UsageError(f"{option} is one of: {', '.join(kind)}") from None


def _counts(row: dict[str, Any]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(row["counts"].items()))
