"""`seawall keys`: make, rotate, revoke and list API keys, printed once when made; and rotate the vault's key."""

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
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of an API key. Without: the vault's key.")
    ] = None,
    overlap: Annotated[
        str | None, typer.Option("--overlap", metavar="SPAN", help="How long the old API key stays valid: 24h, 0s.")
    ] = None,
    expires: Expires = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Also delete older keys of the vault that wrapped nothing for a day.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rotate an API key, which is printed; or the vault's key, with every object's key wrapped anew.

    An API key gets the same name, scopes and end, and the old one ends after the overlap. The vault can be used while
    its key is rotated; an interrupted rotation goes on when it is run again.
    """
    if name is None:
        if overlap is not None or expires is not None:
            raise UsageError("--overlap and --expires are for API keys: name one")
        _rotate_vault(forget, as_json)
        return
    if forget:
        raise UsageError("--forget is for the vault's key: name no API key")
    from seawall.clock import system_clock
    from seawall.settings import Settings
    from seawall.web.keys import KeyBook

    span = _span(overlap or "0s")
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


def _rotate_vault(delete: bool, as_json: bool) -> None:
    from seawall.cli._progress import told
    from seawall.settings import Settings
    from seawall.vault import forget, open_vault, rotate

    with open_vault(Settings.from_env()) as vault:
        with told() as tell:
            bar = (lambda done, every: tell("wrapping keys", done, every)) if tell is not None else None
            done = rotate(vault, bar)
        gone = forget(vault) if delete else []
    kept = [each for each in done.kept if each not in gone]
    if as_json:
        told_ = {"key_id": done.key_id, "rewrapped": done.rewrapped, "renewed": done.renewed}
        typer.echo(json.dumps(told_ | {"kept": kept, "forgotten": gone}))
        return
    how = "new" if done.renewed else "made before"
    typer.echo(f"the vault's key is {done.key_id} ({how}); keys of objects wrapped with it now: {done.rewrapped}")
    for each in gone:
        typer.echo(f"forgotten: {each}")
    if kept:
        typer.echo(
            f"older keys kept beside it: {', '.join(kept)}. Make a backup: the keyring of the last one needs them. "
            "After that, 'seawall keys rotate --forget' deletes those that wrapped nothing for a day.",
            err=True,
        )


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
