"""`seawall keys`: make, rotate, revoke and list API keys. A key is printed once, when it is made."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.web.keys import ApiKey

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys: who may ask the server for what.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who holds it: a service, a team.", show_default=False)]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="WHEN", help="A span (90d, 12h) or a day (2027-01-31).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.command()
def create(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="S", help="check, hma, evidence, gateway, metrics or admin; repeatable."),
    ] = None,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It cannot be shown again. Default scope: check."""
    from seawall.clock import system_clock
    from seawall.settings import Settings
    from seawall.web.keys import KeyBook
    from seawall.web.keys.model import checked_scopes

    scopes = checked_scopes(scope or ["check"])
    end = _moment(expires, system_clock()) if expires is not None else None
    with KeyBook.opened(Settings.from_env()) as book:
        made, token = book.create(name, scopes, expires_at=end)
    _print(made, token, as_json)


@app.command()
def rotate(
    name: Name,
    overlap: Annotated[
        str, typer.Option("--overlap", metavar="SPAN", help="How long the old key stays valid: 24h, 30m, 0s.")
    ] = "0s",
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key with the same name, scopes and end, and print it; the old one ends after the overlap."""
    from seawall.clock import system_clock
    from seawall.settings import Settings
    from seawall.web.keys import KeyBook

    span = _span(overlap)
    end = _moment(expires, system_clock()) if expires is not None else None
    with KeyBook.opened(Settings.from_env()) as book:
        made, token = book.rotate(name, span, expires_at=end)
    _print(made, token, as_json)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="Of the key.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Revoke the keys of a name, or the one of an id; running servers refuse them within a second."""
    from seawall.settings import Settings
    from seawall.web.keys import KeyBook

    with KeyBook.opened(Settings.from_env()) as book:
        gone = book.revoke(name)
    for key in gone:
        typer.echo(json.dumps({"revoked": key.id, "name": key.name}) if as_json else f"{key.id} {key.name} revoked")


@app.command("ls")
def show_all(as_json: AsJson = False) -> None:
    """Show the keys: scopes, state, and the day of last use; never the key itself."""
    from seawall.settings import Settings
    from seawall.web.keys import KeyBook

    with KeyBook.opened(Settings.from_env()) as book:
        found, now = book.all(), book.now()
    if not as_json:
        typer.echo(f"{'ID':<12}  {'NAME':<24}  {'STATE':<8}  {'CREATED':<10}  {'LAST USED':<10}  SCOPES")
    for key in found:
        if as_json:
            typer.echo(json.dumps(key.to_dict() | {"state": key.state(now)}))
        else:
            scopes = " ".join(sorted(key.scopes))
            used = key.used_on or "never"
            typer.echo(f"{key.id}  {key.name:<24}  {key.state(now):<8}  {key.created_at[:10]}  {used:<10}  {scopes}")


def _print(made: ApiKey, token: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(made.to_dict() | {"key": token}))
        return
    typer.echo(token)
    scopes = ", ".join(sorted(made.scopes))
    typer.echo(f"key {made.id} for {made.name}: {scopes}. Keep it now: it is not shown again.", err=True)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageError("a span is a number and a unit: 30m, 24h, 90d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _moment(text: str, now: datetime) -> datetime:
    if _SPAN.fullmatch(text):
        return now + _span(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("--expires takes a span (90d) or a day (2027-01-31)") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
