"""`seawall reports`: drafted from records, approved by people, filed once; and documents of JSON, never sent."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli._report_book import (
    ID,
    TOKEN_SESSION,
    TokenFile,
    Which,
    one,
    opened,
    person,
    reader_of,
    routed,
    text_for,
)
from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.maintain.authorities.ncmec.package import Package
    from seawall.maintain.authorities.reports import Report

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Reports to authorities: what they say, who approved them, and how they are filed.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="CASE_OR_JSON",
        help="A case, one of its reports, a file of JSON, or - for standard input.",
        show_default=False,
    ),
]
Authority = Annotated[
    str, typer.Option("--authority", metavar="A", help="For whom: ncmec, or one of 'reports destinations' for a text.")
]
Profile = Annotated[
    str,
    typer.Option("--profile", metavar="P", help="Edition of the schema that JSON is written in: 2025-11 or 2026-08."),
]

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

    if authority != "ncmec":
        typer.echo(text_for(source, authority), nl=False)
        return
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


@app.command()
def draft(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="A case that is reportable.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Draft the reports of a case from what is on record, or draft them anew. Nothing is typed in."""
    with opened() as reports:
        found = reports.draft(case_id)
        for each in found:
            _tell(each, as_json)


@app.command()
def destinations(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="A case that is reportable.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say who has to be told of a case: by which law, how soon, and what covers it already."""
    with opened() as reports:
        found = routed(reports, case_id)
    for each in found:
        if as_json:
            typer.echo(json.dumps(each.to_dict()))
            continue
        soon = each.due_at[:16].replace("T", " ") + " UTC" if each.due_at is not None else each.wording
        state = f"covered by {each.covered_by}" if each.covered_by else soon if each.duty else "no duty"
        typer.echo(f"{each.authority:<24}  {each.way.value:<4}  {state}  [{each.source}]")


@app.command("ls")
def show_all(
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only these, such as draft.")] = None,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show reports in the order of their making, and nothing of what they say."""
    from seawall.maintain.authorities.reports import ReportState

    if state is not None and state not in set(ReportState):
        raise UsageError(f"--state is one of {', '.join(ReportState)}")
    with opened() as reports:
        wanted = ReportState(state) if state is not None else None
        for each in reports.list(state=wanted, after=after, limit=limit):
            _tell(each, as_json)


@app.command()
def show(which: Which, as_json: AsJson = False) -> None:
    """Show how a report stands: who approved it, each step of filing it, and its receipt."""
    with opened() as reports:
        found = one(reports, which)
        steps = reports.steps(found.id)
    if as_json:
        typer.echo(json.dumps(found.to_dict() | {"steps": steps}))
        return
    _tell(found, as_json=False)
    for each in found.approvals:
        typer.echo(f"approved {each.at[:19]}Z by {each.person} ({each.via})")
    for step in steps:
        told = " ".join(str(value) for value in step.values() if value is not None)
        typer.echo(f"  {told}")


@app.command()
def answer(
    which: Which,
    name: Annotated[
        str, typer.Argument(metavar="QUESTION", help="Which; see docs/authorities.md.", show_default=False)
    ],
    value: Annotated[str, typer.Argument(metavar="ANSWER", help="yes, no, or words.", show_default=False)],
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm what no record says, such as that somebody is in danger; the report is drafted anew with it."""
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.OPEN_EVIDENCE)
        _tell(reports.answer(one(reports, which).id, name, value, person=who.id), as_json)


@app.command()
def approve(
    which: Which,
    digest: Annotated[
        str, typer.Option("--digest", metavar="D", help="Of what would be sent, as the preview shows it.")
    ],
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why it is sent, where it says little.")
    ] = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve exactly what a preview showed, with your personal token. Nobody approves twice."""
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.OPEN_EVIDENCE)
        found = one(reports, which)
        if reason is not None:
            found = reports.answer(found.id, "low_score", reason, person=who.id)
        _tell(reports.approve(found.id, digest, person=who.id, via=TOKEN_SESSION), as_json)


@app.command("file")
def file_one(which: Which, as_json: AsJson = False) -> None:
    """File what is approved, now; a server does so by itself. Each call is written down before it is made."""
    from seawall.maintain.authorities.filing import Act
    from seawall.maintain.authorities.installation import connector
    from seawall.maintain.authorities.reports import Filer, ReportState
    from seawall.settings import Settings

    def told(_report: str, act: Act) -> None:
        number = f" file {act.file + 1}" if act.file is not None else ""
        typer.echo(f"{act.call.value if act.call else 'nothing'}{number}", err=True)

    with opened() as reports:
        report = one(reports, which)
        Filer(reports, connector(Settings.from_env(), reports), told=told).file(report.id)
        found = reports.get(report.id)
        _tell(found, as_json)
    if found.state is not ReportState.FILED:
        raise typer.Exit(int(ExitCode.FINDINGS))


@app.command()
def retract(
    which: Which,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)],
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Take back the approvals of a report that is not filed; what is open at the authority is retracted there."""
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.OPEN_EVIDENCE, Permission.ASSIGN)
        _tell(reports.retract(one(reports, which).id, person=who.id, reason=reason), as_json)


@app.command()
def resume(which: Which, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Let a report that stopped go on where it was, after you have looked."""
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.ASSIGN, Permission.MANAGE_SETTINGS)
        _tell(reports.resume(one(reports, which).id, person=who.id), as_json)


@app.command("mark-filed")
def mark_filed(
    which: Which,
    receipt_id: Annotated[str, typer.Option("--receipt-id", metavar="N", help="The id that the authority gave.")],
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="What the authority gave, to keep encrypted.")
    ] = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say that you filed a report in another way, such as a web form: it is not filed again, and its clocks start."""
    from seawall.users import Permission

    kept = _bytes(str(receipt)) if receipt is not None else None
    with opened() as reports:
        who = person(reports, token_file, Permission.OPEN_EVIDENCE)
        found = reports.mark_filed(one(reports, which).id, receipt_id, person=who.id, receipt=kept, via=TOKEN_SESSION)
        _tell(found, as_json)


@app.command()
def figures(as_json: AsJson = False) -> None:
    """Count reports: what is filed, what nobody can act on and what says little apart, and drills apart from all."""
    with opened() as reports:
        counted = reports.counts()
    if as_json:
        typer.echo(json.dumps(counted))
        return
    for name, value in counted.items():
        typer.echo(f"{name:<14}  {value}")


def _tell(found: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
        return
    place = "drill" if found.environment.value == "test" else found.authority
    marks = [
        mark
        for mark, said in (
            ("URGENT", found.escalated),
            ("DANGER: answer escalate", found.imminent and not found.escalated),
            ("informational", found.informational),
        )
        if said
    ]
    more = [f"{found.faults} faults"] if found.faults else []
    more += [found.why] if found.why else []
    more += [f"receipt {found.remote_id}"] if found.remote_id else []
    more += [f"joined to {found.joined_to}"] if found.joined_to else []
    more += [f"due {found.due_at[:19]}Z"] if found.due_at else []
    line = f"{found.id}  {found.state.value:<14}  {place:<6}  {found.event_class:<17}  {found.score:>3}/100"
    typer.echo("  ".join([line, *marks, *more]))
    if found.digest is not None and found.state.value == "draft":
        typer.echo(f"  digest {found.digest}")


def _package(source: str, authority: str, profile: str) -> Package:
    from seawall.maintain.authorities.ncmec.package import read_package
    from seawall.maintain.authorities.ncmec.schema import load_schema

    if authority != "ncmec":
        raise UsageError(f"there is no authority {authority[:40]!r}", hint="there is ncmec")
    if ID.fullmatch(source):
        with opened() as reports:
            return reports.package(one(reports, source).id, person=reader_of(reports, None))
    schema = load_schema(profile)
    try:
        return read_package(json.loads(_bytes(source)), schema)
    except (ValueError, RecursionError):
        raise UsageError(f"{source} is no JSON") from None


def _bytes(source: str) -> bytes:
    try:
        with sys.stdin.buffer if source == "-" else Path(source).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {source}") from None
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{source} has more than {_MOST_BYTES:,} bytes")
    return data
