"""`seawall authorities`: the authorities that reports go to, and what they take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli._report_book import TokenFile, opened, person
from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.maintain.authorities.ncmec.environment import EnvironmentName

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The authorities that reports go to, and what they take."
)
schema = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The schemas of reports.")
app.add_typer(schema, name="schema")
production = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Whether real reports are sent.")
app.add_typer(production, name="production")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("ls")
def show_all(as_json: AsJson = False) -> None:
    """Show where reports go, what is sent there, and what stops it."""
    from seawall.maintain.authorities.overview import overview
    from seawall.settings import Settings

    with opened() as reports:
        found = overview(Settings.from_env(), reports)
    for each in found:
        if as_json:
            typer.echo(json.dumps(each.to_dict()))
            continue
        state = "sends" if each.sends else f"sends nothing: {each.why}"
        typer.echo(f"{each.authority:<6}  {each.environment:<10}  {state}")


@app.command()
def status(
    environment: Annotated[str, typer.Option("--environment", metavar="E", help="test or production.")] = "test",
    as_json: AsJson = False,
) -> None:
    """Ask NCMEC whether it lets us in, and how far its clock is from ours; exit 1 if it does not."""
    from seawall.clock import system_clock
    from seawall.maintain.authorities.installation import connector
    from seawall.maintain.authorities.reports.calling import skew
    from seawall.settings import Settings

    with opened() as reports:
        api = connector(Settings.from_env(), reports)(_environment(environment))
        if api is None:
            raise UsageError(
                f"nothing is sent to the {environment} environment", hint="'seawall authorities ls' says why"
            )
        with api:
            reply = api.status()
    apart = skew(reply, system_clock())
    told = {"environment": environment, "meaning": reply.meaning.value, "code": reply.code, "clock_ahead_s": apart}
    clock = "" if apart is None else f", its clock is {apart:+.0f} s from ours"
    typer.echo(json.dumps(told) if as_json else f"{environment}: {reply.meaning.value}{clock}")
    if not reply.done:
        raise typer.Exit(int(ExitCode.FINDINGS))


@app.command()
def credentials(
    user: Annotated[str, typer.Option("--user", metavar="U", help="As the authority gave it.")],
    environment: Annotated[str, typer.Option("--environment", metavar="E", help="test or production.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")],
) -> None:
    """Keep what NCMEC lets us in with, in a private file; each environment has its own."""
    import sys

    from seawall.maintain.authorities.credentials import write_credentials
    from seawall.settings import Settings

    if not password_stdin:
        raise UsageError("a password is read from standard input", hint="--password-stdin")
    password = sys.stdin.readline().rstrip("\r\n")
    write_credentials(Settings.from_env(), "ncmec", _environment(environment), user, password)
    typer.echo(f"kept for the {environment} environment")


@production.command("on")
def production_on(token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Want production on. It is on when two people do, each after a drill was filed in the test environment."""
    from seawall.maintain.authorities.switch import PEOPLE, ProductionSwitch
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.MANAGE_SETTINGS, Permission.ASSIGN)
        wanting = ProductionSwitch(reports.store, reports.ledger).want(who.id)
    on = len(wanting) >= PEOPLE
    if as_json:
        told = [{"person": each.person, "test_report": each.test_report, "at": each.at} for each in wanting]
        typer.echo(json.dumps({"on": on, "wanting": told}))
    else:
        typer.echo("production is on" if on else "one person wants it on; a second one makes it so")


@production.command("off")
def production_off(token_file: TokenFile = None) -> None:
    """Switch production off at once; one person is enough."""
    from seawall.maintain.authorities.switch import ProductionSwitch
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.MANAGE_SETTINGS, Permission.ASSIGN, Permission.OPEN_EVIDENCE)
        ProductionSwitch(reports.store, reports.ledger).off(who.id)
    typer.echo("production is off")


@app.command()
def resume(
    environment: Annotated[str, typer.Option("--environment", metavar="E", help="test or production.")],
    token_file: TokenFile = None,
) -> None:
    """Go on with everything that was stopped, after you have looked why."""
    from seawall.maintain.authorities.reports import pausing
    from seawall.users import Permission

    with opened() as reports:
        who = person(reports, token_file, Permission.MANAGE_SETTINGS, Permission.ASSIGN)
        count = pausing.resume(reports, "ncmec", _environment(environment), person=who.id)
    typer.echo(f"goes on; {count} {'report' if count == 1 else 'reports'} had been stopped midway")


def _environment(name: str) -> EnvironmentName:
    from seawall.maintain.authorities.ncmec.environment import EnvironmentName

    if name not in (EnvironmentName.TEST, EnvironmentName.PRODUCTION):
        raise UsageError("--environment is test or production")
    return EnvironmentName(name)


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
