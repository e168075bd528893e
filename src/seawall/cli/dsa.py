"""`seawall dsa`: statements of reasons, and the files that the DSA Transparency Database takes. Nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.maintain.statements import Statement

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Statements of reasons, and the files for the DSA Transparency Database.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MOST_BYTES = 8 << 20


@app.command("export")
def export_all(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write statements in files of a hundred; what the folder has is not written again. Nothing is sent."""
    from seawall.maintain.statements import export, open_statements
    from seawall.settings import Settings

    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder", hint="give another --out")
    with open_statements(Settings.from_env()) as statements:
        done = export(statements, out)
    if as_json:
        counts = {"new": done.new, "known": done.known, "overturned": done.overturned}
        typer.echo(json.dumps(counts | {"files": list(done.files), "refused": list(done.refused)}))
    else:
        typer.echo(f"{done.new} new statements in {len(done.files)} files; {done.known} were there before")
        typer.echo(f"{done.overturned} of them were overturned since: see overturned.json")
        for puid in done.refused:
            typer.echo(f"not written, because the rules of this version do not take it: {puid}", err=True)
    if done.refused:
        raise typer.Exit(ExitCode.UNEXAMINED)


@app.command("ls")
def show_all(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="restriction, information or overturn.")
    ] = None,
    case_id: Annotated[str | None, typer.Option("--case", metavar="ID", help="Only those of one case.")] = None,
    drills: Annotated[bool, typer.Option("--drills", help="Only those of drills.")] = False,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show statements in the order of their making."""
    from seawall.maintain.statements import StatementKind, open_statements
    from seawall.settings import Settings

    if kind is not None and kind not in set(StatementKind):
        raise UsageError("--kind is restriction, information or overturn")
    wanted = StatementKind(kind) if kind is not None else None
    with open_statements(Settings.from_env()) as statements:
        found = statements.list(kind=wanted, drill=True if drills else None, case_id=case_id, after=after, limit=limit)
    if not as_json:
        typer.echo(f"{'ID':<32}  {'WRITTEN':<17}  {'KIND':<12}  {'DECISION':<32}  DRILL")
    for each in found:
        drill = "yes" if each.drill else "no"
        line = f"{each.id:<32}  {_minute(each.at):<17}  {each.kind.value:<12}  {each.decision_id:<32}  {drill}"
        typer.echo(json.dumps(_described(each)) if as_json else line)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of a statement, or of a decision.", show_default=False)],
    language: Annotated[
        str | None, typer.Option("--text", metavar="LANGUAGE", help="What the account is told: en, de or ar.")
    ] = None,
) -> None:
    """Show one statement: what the database takes, or what the account is told. Its receipt is not shown."""
    from seawall.maintain.statements import open_statements
    from seawall.maintain.statements.wording import statement_texts
    from seawall.settings import Settings

    with open_statements(Settings.from_env()) as statements:
        try:
            found = statements.get(name)
        except NotFound:
            found = statements.of_decision(name)
        texts = statement_texts(found, statements.options, "*****" if found.account else None)
    if language is None:
        typer.echo(json.dumps(_described(found) | {"payload": found.payload}, indent=2, ensure_ascii=False))
        return
    if language not in texts:
        raise UsageError(f"there are texts in {', '.join(sorted(texts))}")
    typer.echo(texts[language]["subject"])
    typer.echo("")
    typer.echo(texts[language]["body"].rstrip())


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement, or a file of them, as JSON.")],
) -> None:
    """Say what the Transparency Database would refuse, and what may name somebody, in statements of any origin."""
    from seawall.maintain.statements import faults
    from seawall.maintain.statements.personal import faults as personal_faults

    wrong = 0
    for number, payload in enumerate(_read(file), start=1):
        found = [*faults(payload), *personal_faults(payload)]
        wrong += bool(found)
        for each in found:
            typer.echo(f"{number}: {each.field}: {each.words}")
    if wrong:
        raise typer.Exit(ExitCode.FINDINGS)
    typer.echo("nothing is wrong")


@app.command()
def options() -> None:
    """Check `statements.yaml`, and print what holds."""
    import yaml

    from seawall.maintain.statements import load_options
    from seawall.settings import Settings

    found = load_options(Settings.from_env().home)
    typer.echo(yaml.safe_dump(found.model_dump(mode="json"), sort_keys=False, allow_unicode=True).rstrip())


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        with file.open("rb") as opened:
            data = json.loads(opened.read(_MOST_BYTES))
    except OSError:
        raise UsageError(f"{file} cannot be read") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{file} is no JSON, or too long") from None
    found = data.get("statements", data) if isinstance(data, dict) else data
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) for each in listed):
        raise UsageError(f"{file} has no statements")
    return listed


def _described(statement: Statement) -> dict[str, Any]:
    return {
        "id": statement.id,
        "decision": statement.decision_id,
        "case": statement.case_id,
        "kind": statement.kind.value,
        "at": statement.at,
        "replaces": statement.replaces,
        "puid": statement.puid,
        "drill": statement.drill,
    }


def _minute(iso: str) -> str:
    return f"{iso[:10]} {iso[11:16]}"
