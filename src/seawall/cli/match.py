"""`seawall match`: files or hashes against lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.errors import ExitCode, NothingToMatch, UsageError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def match_files(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Files to match; after --hash, more hashes.")
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option("--list", help="Imported list, or list file; repeatable. Default: every imported list."),
    ] = None,
    hashes: Annotated[list[str] | None, typer.Option("--hash", metavar="HEX", help="A hash; repeatable.")] = None,
    signal_type: Annotated[str, typer.Option("--type", help="Type of the --hash values.")] = "pdq",
    max_distance: Annotated[int | None, typer.Option(min=0, max=63, help="Largest PDQ distance. Default: 31.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Match files in all eight orientations, or hashes as they are, against lists."""
    from seawall.canary.selection import select_lists
    from seawall.develop.dataset.match import Lookup
    from seawall.settings import Settings

    if hashes:
        hashes, files = [*hashes, *map(str, files or [])], None  # `--hash HEX HEX`: what follows are hashes too
    if not files and not hashes:
        raise UsageError("give files, or --hash with a value", hint="seawall match FILE... | --type pdq --hash HEX...")
    settings = Settings.from_env()
    selection = select_lists(settings, lists or ())
    if not selection.real:
        raise NothingToMatch
    found = unexamined = False
    with Lookup(selection, settings, max_distance=max_distance) as lookup:
        rows = lookup.files(files or []) if files else lookup.hashes(signal_type, hashes or [])
        for row in rows:
            found = found or bool(row["matches"])
            unexamined = unexamined or "error" in row
            typer.echo(json.dumps(row) if as_json else _human(row))
    code = ExitCode.UNEXAMINED if unexamined else ExitCode.FINDINGS if found else ExitCode.CLEAN
    raise typer.Exit(int(code))


def _human(row: dict[str, Any]) -> str:
    name = row.get("path") or row.get("hash")
    lines = [f"{name}: {len(row['matches'])} matches"]
    if "error" in row:
        lines = [f"{name}: error[{row['error']['code']}]: {row['error']['message']}"]
    for match in row["matches"]:
        distance = (
            "exact" if match["orientation"] is None else f"distance {match['distance']:g}, {match['orientation']}"
        )
        labels = " " + " ".join(match["labels"]) if match["labels"] else ""
        lines.append(f"  {match['list']} entry {match['entry']} ({match['type']}, {distance}){labels}")
    return "\n".join(lines)
