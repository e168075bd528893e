"""`seawall notices flaggers` and `seawall notices reporters`: who sends notices, and what they are worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.deploy.notices import Flagger, Notices

flaggers_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Trusted flaggers and hotlines: add, ls, suspend, request."
)
reporters_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="How often senders were right: ls, warn, suspend."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name or id.", show_default=False)]
ReporterId = Annotated[str, typer.Argument(metavar="REPORTER", help="As printed by ls.", show_default=False)]
Person = Annotated[str, typer.Option("--person", metavar="WHO", help="Who decides; recorded.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; recorded.", show_default=False)]


@flaggers_app.command("add")
def add_flagger(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.", show_default=False)],
    expertise: Annotated[
        list[str], typer.Option("--expertise", metavar="CATEGORY", help="Where it has priority; may be repeated.")
    ],
    person: Person,
    hotline: Annotated[bool, typer.Option("--hotline", help="A hotline, not designated under the DSA.")] = False,
    coordinator: Annotated[str | None, typer.Option("--coordinator", metavar="NAME", help="Who designated it.")] = None,
    country: Annotated[str | None, typer.Option("--country", metavar="CC", help="Where it is established.")] = None,
    valid_from: Annotated[str | None, typer.Option("--from", metavar="DATE", help="Of the designation.")] = None,
    valid_until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="End of the designation.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="NAME", help="Name of the API key that its notices come with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a trusted flagger or a hotline."""
    from seawall.deploy.notices import Category, FlaggerKind

    try:
        categories = [Category(each) for each in expertise]
    except ValueError:
        raise UsageError("--expertise: there is no such category", hint="known: " + ", ".join(Category)) from None
    with _opened() as notices:
        made = notices.flaggers.add(
            name,
            kind=FlaggerKind.HOTLINE if hotline else FlaggerKind.TRUSTED,
            expertise=categories,
            person=person,
            coordinator=coordinator,
            country=_country(country),
            valid_from=moment_of(valid_from, "--from"),
            valid_until=moment_of(valid_until, "--until"),
            key_name=key,
        )
    typer.echo(json.dumps(made.to_dict()) if as_json else made.id)


@flaggers_app.command("ls")
def show_flaggers(as_json: AsJson = False) -> None:
    """Show all flaggers."""
    from seawall.clock import system_clock, to_iso

    now = to_iso(system_clock())
    with _opened() as notices:
        found = notices.flaggers.all()
    if not as_json:
        typer.echo(f"{'ID':<32}  {'KIND':<8}  {'STATE':<10}  {'EXPERTISE':<40}  NAME")
    for each in found:
        typer.echo(json.dumps(each.to_dict()) if as_json else _flagger(each, now))


@flaggers_app.command("suspend")
def suspend_flagger(name: Name, person: Person, reason: Reason) -> None:
    """Give a flagger's notices no more priority; they are still taken."""
    with _opened() as notices:
        notices.flaggers.suspend(name, person=person, reason=reason)
    typer.echo(f"{name}: suspended")


@flaggers_app.command("request")
def request_suspension(
    name: Name,
    service: Annotated[str, typer.Option("--service", metavar="NAME", help="Who writes.", show_default=False)],
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="From this day on.", show_default=False)],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Before this day.", show_default=False)],
) -> None:
    """Print a letter to the coordinator about a flagger that is often imprecise: figures alone."""
    from seawall.deploy.notices import figures
    from seawall.deploy.notices.requesting import suspension_request
    from seawall.ledger import open_store
    from seawall.settings import Settings

    start, end = moment_of(since, "--since"), moment_of(until, "--until")
    with _opened() as notices:
        flagger = notices.flaggers.get(name)
    with open_store(Settings.from_env()) as store:
        counted = figures(store, flagger=flagger.id, since=start, until=end)
    typer.echo(suspension_request(flagger, counted, service=service, since=str(start), until=str(end)), nl=False)


@reporters_app.command("ls")
def show_reporters(
    misusing: Annotated[bool, typer.Option("--misusing", help="Only those who often send unfounded ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how often senders were right. A sender is a keyed digest; who it is cannot be told from it."""
    with _opened() as notices:
        found = notices.reporters.all(misusing=misusing)
    if not as_json:
        typer.echo(f"{'REPORTER':<64}  FOUNDED  UNFOUNDED  WEIGHT  STATE")
    for each in found:
        if as_json:
            typer.echo(json.dumps(asdict(each) | {"weight": round(each.weight, 3)}))
            continue
        state = f"suspended until {each.suspended_until[:16]}Z" if each.suspended_until else ""
        state = state or (f"warned {each.warned_at[:16]}Z" if each.warned_at else "")
        line = f"{each.id}  {each.founded:>7}  {each.unfounded:>9}  {each.weight:>6.2f}  {state}"
        typer.echo(line.rstrip())


@reporters_app.command("warn")
def warn_reporter(reporter: ReporterId, person: Person) -> None:
    """Note that a sender was warned, as must happen before a suspension (article 23 of the DSA)."""
    with _opened() as notices:
        notices.reporters.warn(reporter, person=person)
    typer.echo("warned")


@reporters_app.command("suspend")
def suspend_reporter(
    reporter: ReporterId,
    person: Person,
    reason: Reason,
    days: Annotated[int, typer.Option("--days", min=1, help="For how long.")] = 7,
) -> None:
    """Process no more notices of a sender for a while, save those that concern children."""
    with _opened() as notices:
        changed = notices.reporters.suspend(reporter, days=days, person=person, reason=reason)
    typer.echo(f"suspended until {changed.suspended_until}")


@contextmanager
def _opened() -> Iterator[Notices]:
    from seawall.deploy.notices import open_notices
    from seawall.settings import Settings

    with open_notices(Settings.from_env()) as notices:
        yield notices


def _flagger(each: Flagger, now: str) -> str:
    state = "suspended" if each.suspended_at else "valid" if each.valid(now) else "not valid"
    expertise = ",".join(sorted(each.expertise))
    return f"{each.id}  {each.kind.value:<8}  {state:<10}  {expertise:<40}  {each.name}"


def _country(value: str | None) -> str | None:
    if value is not None and not (len(value) == 2 and value.isascii() and value.isalpha()):
        raise UsageError("--country: two letters, as in ISO 3166")
    return value.upper() if value is not None else None


def moment_of(value: str | None, option: str) -> str | None:
    """Return the moment that an option names; days begin at midnight in UTC.

    Raises:
        UsageError: If it names none.
    """
    from datetime import UTC, datetime

    from seawall.clock import to_iso

    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise UsageError(f"{option}: a day such as 2026-03-01") from None
    return to_iso(found if found.tzinfo else found.replace(tzinfo=UTC))
