"""`seawall prevention`: the directory of help services, the texts, and what they change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import NotFound, UsageError

if TYPE_CHECKING:
    from seawall.deploy.prevention.directory import Row

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Words and services for those who are refused: show, lint, preview and measure them.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SOON = 30


@app.command("ls")
def show_all(
    country: Annotated[str | None, typer.Option("--country", metavar="CC", help="Only services of a country.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the help services, and when each was last seen in a source."""
    from seawall.clock import system_clock
    from seawall.deploy.prevention import Directory
    from seawall.settings import Settings

    now = system_clock()
    for row in Directory.open(Settings.from_env().home).rows:
        if country is not None and row.country != country.upper():
            continue
        if as_json:
            typer.echo(json.dumps(row.model_dump(mode="json") | {"expired": row.expired(now)}))
        else:
            state = "EXPIRED" if row.expired(now) else f"until {row.expires_on.isoformat()}"
            typer.echo(f"{row.country or '--'}  {row.id:<24}  {state:<16}  {row.name}")


@app.command()
def show(
    service: Annotated[str, typer.Argument(metavar="ID", help="As printed by ls.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show one help service with its source."""
    from seawall.deploy.prevention import Directory
    from seawall.settings import Settings

    for row in Directory.open(Settings.from_env().home).rows:
        if row.id == service:
            data = row.model_dump(mode="json", exclude_none=True)
            typer.echo(json.dumps(data) if as_json else "\n".join(_lines(row, data)))
            return
    raise NotFound(f"there is no help service {service!r}")


@app.command()
def lint(
    release: Annotated[
        bool, typer.Option("--release", help="Also fail on services that have expired, as a release must.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the texts and the directory; exit 1 if something must be mended."""
    from seawall.clock import system_clock
    from seawall.deploy.prevention import Catalogue, Directory
    from seawall.deploy.prevention import lint as check
    from seawall.settings import Settings

    home = Settings.from_env().home
    catalogue, directory = Catalogue.open(home), Directory.open(home)
    complaints = [str(each) for texts in catalogue.texts.values() for each in check(texts)]
    stale = directory.problems(system_clock())
    drafts = sorted(locale for locale, texts in catalogue.texts.items() if texts.reviewed.startswith("draft"))
    wrong = bool(complaints or (release and stale))
    if as_json:
        typer.echo(json.dumps({"texts": complaints, "directory": stale, "drafts": drafts, "ok": not wrong}))
    else:
        for each in [*complaints, *stale]:
            typer.echo(each)
        typer.echo(f"{len(catalogue.texts)} languages, {len(directory.rows)} services")
        if drafts:
            typer.echo(f"not reviewed by a prevention organisation: {', '.join(drafts)}")
    if wrong:
        raise typer.Exit(1)


@app.command()
def preview(
    locale: Annotated[str | None, typer.Option("--locale", metavar="TAG", help="Language of the user.")] = None,
    country: Annotated[str | None, typer.Option("--country", metavar="CC", help="Country of the user.")] = None,
    tier: Annotated[str, typer.Option("--tier", metavar="T", help="T0, T1 or T2.")] = "T1",
    audience: Annotated[
        str, typer.Option("--audience", metavar="WHO", help="adult, worried, minor, victim or bystander.")
    ] = "adult",
    as_json: AsJson = False,
) -> None:
    """Show what would be said: for adults, every theme and the holdout."""
    from seawall.clock import system_clock
    from seawall.deploy.prevention import Audience, Catalogue, Directory
    from seawall.deploy.prevention.audience import HOLDOUT, NEUTRAL, PLAIN, THEMES
    from seawall.policy.guard import Tier
    from seawall.settings import Settings

    home = Settings.from_env().home
    try:
        level, whom = Tier(tier.upper()), Audience(audience)
    except ValueError:
        raise UsageError("a tier is T0, T1 or T2; an audience adult, worried, minor, victim or bystander") from None
    texts = Catalogue.open(home).choose(locale, country)
    services = Directory.open(home).services(
        country=country.upper() if country else None, audience=whom, now=system_clock()
    )
    if level is Tier.T0:
        arms: tuple[str, ...] = (NEUTRAL,)
    elif whom is not Audience.ADULT:
        arms = (PLAIN,)
    else:
        arms = (*THEMES, HOLDOUT) if level is Tier.T1 else THEMES
    for arm in arms:
        shown = services if arm not in (NEUTRAL, HOLDOUT) else ()
        text = texts.compose(level, arm, whom, services=bool(shown))
        named = [service.model_dump(exclude_none=True) for service in shown]
        if as_json:
            typer.echo(json.dumps({"arm": arm, "locale": texts.locale, "text": text, "services": named}))
        else:
            typer.echo(f"[{arm}] {text}")
            for each in named:
                ways = [each[way] for way in ("phone", "web", "chat") if way in each]
                typer.echo(f"  {each['name']}: {', '.join(ways)}")


@app.command()
def report(
    since: Annotated[
        str | None, typer.Option("--since", metavar="WEEK", help="From this ISO week on: 2026-W40.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what messages changed, with intervals; small groups are left out."""
    from seawall.deploy.prevention import Options, PreventionMeter, prevention_secret, read_counts
    from seawall.deploy.prevention import report as summary
    from seawall.ledger import open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        PreventionMeter(prevention_secret(settings)).forget(store)
        counts = read_counts(store, since=since)
        found = summary(counts, now=store.clock(), floor=Options.open(settings.home).floor)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _print(found)


def _lines(row: Row, data: dict[str, Any]) -> list[str]:
    lines = [row.name]
    for key, value in data.items():
        if key not in ("id", "name"):
            said = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            lines.append(f"  {key:<12} {', '.join(said) if isinstance(said, list) else said}")
    lines.append(f"  {'confirm by':<12} {(row.expires_on - timedelta(days=_SOON)).isoformat()}")
    return lines


def _print(found: dict[str, Any]) -> None:
    for row in found["messages"]:
        shown = f"under {found['floor']}" if row["suppressed"] else row["shown"]
        clicked = f", {row['clicked']} followed a link" if row["clicked"] else ""
        typer.echo(f"{row['message']:<28} shown {shown}{clicked}")
    for row in found["weeks"]:
        people = f"under {found['floor']}, or derivable" if row["suppressed"] else f"{row['people']} people"
        typer.echo(f"{row['week']} {row['arm']:<8} {people}{_rates(row['again'])}")
    for row in found["arms"]:
        typer.echo(f"all      {row['arm']:<8}{_rates(row['again'])}")
    for row in found["effect"]:
        interval = f"{row['difference']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})"
        note = "" if row["enough"] else ", too few people"
        typer.echo(f"told minus holdout within {row['days']} days: {interval}{note}")
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}")


def _rates(again: list[dict[str, Any]]) -> str:
    return "".join(
        f"; again within {each['days']} d: {each['rate']:.1%} ({each['low']:.1%} to {each['high']:.1%})"
        for each in again
        if each["rate"] is not None
    )
