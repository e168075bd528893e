"""`seawall lists`: hash lists that others gave you, and banks of your own.

Shows names, versions and counts; a received entry is never shown.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from seawall.errors import MediaError, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.matching.lists import ImportReport, ListRow, ListStore, Manifest, Purpose

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Hash lists that others gave you, and banks of your own."
)

_Choice = TypeVar("_Choice", bound=StrEnum)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Name of the list.", show_default=False)]
PurposeOption = Annotated[
    str, typer.Option("--purpose", help="csam, exploitative, ncii_adult, benign or canary.", show_default=False)
]
Label = Annotated[list[str] | None, typer.Option("--label", help="A label for every entry; may be repeated.")]


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="The file.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="Name of the list.", show_default=False)],
    purpose: PurposeOption,
    format: Annotated[
        str | None,
        typer.Option("--format", help="plain, typed, csv, vpdq, ncmec or stopncii; told from the content by default."),
    ] = None,
    type: Annotated[
        str | None, typer.Option("--type", help="Signal type of every value of a plain list, such as sha256.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="The file is the whole list: withdraw what it does not hold.")
    ] = False,
    own: Annotated[bool, typer.Option("--own", help="The values are your own: the list may be exported.")] = False,
    source: Annotated[str | None, typer.Option("--source", help="Where it came from, for the record.")] = None,
    label: Label = None,
    as_json: Json = False,
) -> None:
    """Read a file into a list, creating the list if need be."""
    from seawall.matching.lists import Format

    store = _store()
    report = store.import_file(
        file,
        name=name,
        purpose=_purpose(purpose),
        format=_choice(Format, format, "--format") if format else None,
        type=type,
        replace=replace,
        source=source,
        labels=label or (),
        own=own,
        progress=_progress if sys.stderr.isatty() else None,
    )
    if sys.stderr.isatty():
        typer.echo("\r\x1b[K", err=True, nl=False)
    _record(store, name)
    _print_report(report, as_json)


@app.command("ls")
def show_all(as_json: Json = False) -> None:
    """Show all lists."""
    store = _store()
    manifests = [store.manifest(name) for name in store.names()]
    if as_json:
        _print_json([_summary(manifest) for manifest in manifests])
        return
    rows = [("NAME", "PURPOSE", "VERSION", "ENTRIES", "KIND", "TYPES")]
    for manifest in manifests:
        now = manifest.current
        kind, types = manifest.provenance.value, ",".join(manifest.types) or "-"
        rows.append((manifest.name, manifest.purpose.value, str(now.version), f"{now.entries:,}", kind, types))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@app.command("show")
def show_one(name: Name, as_json: Json = False) -> None:
    """Show a list's versions and counts."""
    manifest = _store().manifest(name)
    versions = [
        {
            "version": version.version,
            "at": version.at,
            "source": version.source,
            "sha256": version.sha256,
            "added": version.added,
            "withdrawn": version.withdrawn,
            "entries": version.entries,
        }
        for version in manifest.versions
    ]
    if as_json:
        _print_json({**_summary(manifest), "versions": versions})
        return
    for key, value in _summary(manifest).items():
        typer.echo(f"{key}: {', '.join(value) if isinstance(value, list) else value}")
    for version in versions:
        typer.echo(
            f"  {version['version']}  {version['at']}  +{version['added']} -{version['withdrawn']}"
            f" = {version['entries']}  {version['source']}"
        )


@app.command("create")
def create_bank(name: Name, purpose: PurposeOption) -> None:
    """Create an empty bank of your own; `benign` makes it a list of what is known to be fine."""
    store = _store()
    store.create_bank(name, _purpose(purpose))
    _record(store, name)
    typer.echo(f"created the bank {name}")


@app.command("add")
def add_entries(
    name: Name,
    hash: Annotated[list[str] | None, typer.Option("--hash", help="A value; may be repeated.")] = None,
    type: Annotated[str, typer.Option("--type", help="Signal type of the --hash values.")] = "pdq",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="A file whose hashes are added (PDQ, sha256); may be repeated.")
    ] = None,
    label: Label = None,
    as_json: Json = False,
) -> None:
    """Add values, or the hashes of files, to a bank of your own."""
    from seawall.matching.lists import ListRow

    if not hash and not file:
        raise UsageError("nothing to add", hint="give --hash or --file")
    store = _store()
    kind = store.types[type]
    rows = [ListRow(type, kind.parse(text)) for text in hash or ()]
    rows += _rows_of_files(file or [])
    report = store.add(name, rows, labels=label or ())
    _record(store, name)
    _print_report(report, as_json)


@app.command("remove")
def remove_entries(
    name: Name,
    entries: Annotated[list[str], typer.Argument(help="Entry ids, as matches show them.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Withdraw entries: from a bank of your own, or for you alone from a received list."""
    store = _store()
    removed = store.remove(name, entries=entries)
    if not removed:
        raise NotFound(f"none of these entries is in {name}")
    _record(store, name)
    if as_json:
        _print_json({**_summary(store.manifest(name)), "withdrawn": removed})
    else:
        typer.echo(f"withdrew {removed} of {len(entries)} from {name}")


@app.command("export")
def export_bank(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Write a bank of your own as CSV. Received lists cannot be exported."""
    count = _store().export(name, file)
    if as_json:
        _print_json({"name": name, "entries": count})
    else:
        typer.echo(f"wrote {count:,} entries of {name}")


@app.command("verify")
def verify_lists(
    names: Annotated[list[str] | None, typer.Argument(help="Names of lists; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Read every byte of a list and check it."""
    store = _store()
    checked = []
    for name in names or store.names():
        found = store.verify(name)
        checked.append({"name": name, "version": found.version.version, "entries": len(found)})
        if not as_json:
            typer.echo(f"{name}: version {found.version.version}, {len(found):,} entries, sound")
    if as_json:
        _print_json(checked)


@app.command("delete")
def delete_list(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", show_default=False)] = False
) -> None:
    """Delete a list with all its versions."""
    from seawall.cli._audit import record_list_deleted

    store = _store()
    manifest = store.manifest(name)
    if not yes:
        typer.confirm(f"delete {name} with {manifest.current.entries:,} entries?", abort=True, err=True)
    store.delete(name)
    record_list_deleted(manifest)
    typer.echo(f"deleted {name}")


def _record(store: ListStore, name: str) -> None:
    from seawall.cli._audit import record_list

    record_list(store.manifest(name))


def _rows_of_files(files: list[Path]) -> list[ListRow]:
    """Return the entries that match these files: PDQ of each frame that says enough, and sha256."""
    from seawall.hashing.examined import LOW_QUALITY
    from seawall.hashing.examiner import Examiner
    from seawall.matching.lists import ListRow

    rows = []
    with Examiner() as examiner:
        for path in files:
            examined = examiner.examine_file(path)
            if examined.problem is not None:
                raise MediaError(f"{path}: {examined.problem.message}")
            rows.append(ListRow("sha256", examined.digests["sha256"]))
            rows += [ListRow("pdq", frame.value) for frame in examined.frames if frame.quality >= LOW_QUALITY]
    return rows


def _store() -> ListStore:
    from seawall.matching.lists import ListStore
    from seawall.settings import Settings

    return ListStore(Settings.from_env().home / "lists")


def _purpose(text: str) -> Purpose:
    from seawall.matching.lists import Purpose

    return _choice(Purpose, text, "--purpose")


def _choice(kind: type[_Choice], text: str, option: str) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{option} is one of: {', '.join(kind)}") from None


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "purpose": manifest.purpose.value,
        "kind": manifest.provenance.value,
        "version": manifest.current.version,
        "entries": manifest.current.entries,
        "types": list(manifest.types),
        "updated": manifest.current.at,
    }


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value))


def _print_report(report: ImportReport, as_json: bool) -> None:
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    for reason, count in report.bad.items():
        lines = ", ".join(map(str, report.bad_lines[reason]))
        typer.echo(f"warning: {count:,} rows left out: {reason} (first at {lines})", err=True)
    for reason, count in report.quarantined.items():
        typer.echo(f"warning: {count:,} rows left out: {reason}", err=True)
    for type_name, count in report.unsupported.items():
        typer.echo(f"warning: {count:,} rows left out: signal type {type_name} is not installed", err=True)
    if as_json:
        _print_json(report.as_dict())
        return
    typer.echo(
        f"{report.name} version {report.version}: {report.entries:,} entries "
        f"({report.added:,} added, {report.withdrawn:,} withdrawn, {report.duplicates:,} known already)"
    )


def _progress(rows: int) -> None:
    typer.echo(f"\r{rows:,} rows", err=True, nl=False)
