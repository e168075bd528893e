"""`seawall notices`: what people and hotlines told of, who they are, and how soon it was dealt with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from seawall.cli._notice_people import flaggers_app, moment_of, reporters_app
from seawall.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from seawall.deploy.notices import Notices, StoredNotice
    from seawall.deploy.notices.hotline import Parsed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What users, trusted flaggers and hotlines told of, and what became of it.",
)
app.add_typer(flaggers_app, name="flaggers")
app.add_typer(reporters_app, name="reporters")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Choice = TypeVar("_Choice", bound=StrEnum)


@app.command("ls")
def show_all(
    lane: Annotated[
        str | None, typer.Option("--lane", metavar="LANE", help="user, trusted, hotline or take_it_down.")
    ] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not decided.")] = False,
    late_only: Annotated[bool, typer.Option("--late", help="Only those that should have been decided.")] = False,
    flagger: Annotated[str | None, typer.Option("--flagger", metavar="NAME", help="Only those of one.")] = None,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show notices in the order in which they came, without their words."""
    from seawall.deploy.notices import Lane

    with _opened() as notices:
        named = notices.flaggers.get(flagger).id if flagger is not None else None
        wanted = _choice(Lane, lane, "--lane") if lane is not None else None
        found = notices.list(
            lane=wanted, open_only=open_only, late_only=late_only, flagger=named, after=after, limit=limit
        )
    if not as_json:
        typer.echo(f"{'ID':<32}  {'RECEIVED':<17}  {'DUE':<17}  {'LANE':<12}  {'STAGE':<17}  CATEGORY")
    for each in found:
        typer.echo(json.dumps(_described(each)) if as_json else _line(each))


@app.command()
def show(
    notice_id: Annotated[str, typer.Argument(metavar="ID", help="As printed by ls.", show_default=False)],
    words: Annotated[bool, typer.Option("--words", help="What the sender wrote; that it is read is recorded.")] = False,
    contact: Annotated[bool, typer.Option("--contact", help="How to reach the sender; recorded likewise.")] = False,
    person: Annotated[str | None, typer.Option("--person", metavar="WHO", help="Who reads it.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", metavar="WHY", help="What for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one notice: where it leads, and on request what is kept encrypted."""
    if (words or contact) and not (person and purpose):
        raise UsageError("what a sender wrote is read by a person for a purpose", hint="add --person and --purpose")
    with _opened() as notices:
        found = _described(notices.get(notice_id))
        found["evidence"] = [
            {"vault": each.vault, "sha256": each.sha256, "size": each.size, "case": each.case_id}
            for each in notices.evidence.of_notice(notice_id)
        ]
        if words:
            found["words"] = notices.words(notice_id, person=str(person), purpose=str(purpose))
        if contact:
            found["contact"] = notices.contact(notice_id, person=str(person), purpose=str(purpose))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        if value not in (None, [], {}, ""):
            typer.echo(f"{name:<14}  {_shown(value)}")


@app.command()
def status(
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="As the sender has it.", show_default=False)],
    locale: Annotated[str, typer.Option("--locale", metavar="LANGUAGE", help="en, de or ar.")] = "en",
) -> None:
    """Show what the holder of a receipt sees."""
    from seawall.deploy.notices import on_status

    with _opened() as notices:
        found = notices.status(receipt)
        told = on_status(found, notices.options, locale)
    for line in (told.stage, told.outcome, *told.next, told.redress):
        if line:
            typer.echo(line)


@app.command("figures")
def show_figures(
    lane: Annotated[str | None, typer.Option("--lane", metavar="LANE", help="Only one way.")] = None,
    flagger: Annotated[str | None, typer.Option("--flagger", metavar="NAME", help="Only one flagger.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Before this day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count notices: how many, how soon, how precise. A removal counts when it was acknowledged."""
    from seawall.deploy.notices import Lane, figures
    from seawall.ledger import open_store
    from seawall.settings import Settings

    with _opened() as notices:
        named = notices.flaggers.get(flagger).id if flagger is not None else None
    with open_store(Settings.from_env()) as store:
        wanted = _choice(Lane, lane, "--lane") if lane is not None else None
        start, end = moment_of(since, "--since"), moment_of(until, "--until")
        counted = figures(store, lane=wanted, flagger=named, since=start, until=end).to_dict()
    if as_json:
        typer.echo(json.dumps(counted))
        return
    for name, value in counted.items():
        typer.echo(f"{name:<20}  {'-' if value is None else value}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, CSV, or the text of an e-mail.")],
    flagger: Annotated[
        str, typer.Option("--flagger", metavar="NAME", help="Whose notices they are.", show_default=False)
    ],
    category: Annotated[
        str, typer.Option("--category", metavar="C", help="Of notices that name none.")
    ] = "minor_sexual_content",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the file, and take nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the notices of a file; taking it again adds nothing. Files inside an e-mail are never opened."""
    from seawall.deploy.notices import Category
    from seawall.deploy.notices.hotline import parse_notices

    parsed = parse_notices(_bytes(file), category=_choice(Category, category, "--category"))
    taken = [] if dry_run else list(_take(parsed, flagger))
    summary = {
        "notices": len(parsed.notices),
        "taken": len(taken),
        "bad": [list(each) for each in parsed.bad],
        "attachments": parsed.attachments,
        "receipts": taken,
    }
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{len(parsed.notices)} notices read, {len(taken)} taken")
        for each in taken:
            typer.echo(f"{each['receipt']}  due {each['due_at'][:16]}Z  {each['reference'] or ''}".rstrip())
    for where, why in parsed.bad:
        typer.echo(f"warning: {where}: {why}", err=True)
    if parsed.attachments:
        typer.echo(f"warning: {parsed.attachments} attached files were left alone", err=True)
    if parsed.bad:
        raise typer.Exit(ExitCode.UNEXAMINED)


def _take(parsed: Parsed, flagger: str) -> Iterator[dict[str, Any]]:
    from dataclasses import replace

    with _opened(taking=True) as notices:
        known = notices.flaggers.get(flagger)
        for each in parsed.notices:
            made = notices.receive(replace(each, request_id=each.reference or "import"), flagger=known)
            yield {"receipt": made.token, "due_at": made.due, "reference": each.reference}


def _bytes(file: Path) -> bytes:
    from seawall.deploy.notices.hotline import MOST_BYTES

    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


@contextmanager
def _opened(*, taking: bool = False) -> Iterator[Notices]:
    from seawall.settings import Settings

    if taking:
        from seawall.casework import open_casework

        with open_casework(Settings.from_env()) as casework:
            yield casework.notices
        return
    from seawall.deploy.notices import open_notices

    with open_notices(Settings.from_env()) as notices:
        yield notices


def _choice(kind: type[_Choice], value: str, option: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{option}: there is no {value!r}", hint="known: " + ", ".join(kind)) from None


def _described(each: StoredNotice) -> dict[str, Any]:
    return {
        "id": each.id,
        "stage": each.stage.value,
        "lane": each.lane.value,
        "category": each.category.value,
        "child_safety": each.child_safety,
        "imminent": each.imminent,
        "sufficient": each.sufficient,
        "drill": each.drill,
        "relation": each.relation.value if each.relation else None,
        "country": each.country,
        "locale": each.locale,
        "reporter": each.reporter,
        "flagger": each.flagger,
        "reference": each.reference,
        "weight": round(each.weight, 3),
        "received_at": each.received_at,
        "due_at": each.due_at,
        "escalated_at": each.escalated_at,
        "decided_at": each.decided_at,
        "outcome": each.outcome.value if each.outcome else None,
        "removed_at": each.removed_at,
        "cases": list(each.cases),
        "objects": [
            {"type": one.kind.value, "location": one.location, "part": one.part, "account": one.account}
            for one in each.objects
        ],
    }


def _line(each: StoredNotice) -> str:
    moments = f"{each.received_at[:16]}Z  {each.due_at[:16]}Z"
    return f"{each.id}  {moments}  {each.lane.value:<12}  {each.stage.value:<17}  {each.category.value}"


def _shown(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items() if each is not None)
    return str(value)
