"""`seawall accounts`: what accounts were given, what restricts them, the ladder, and links to secondary accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli._links import app as link_app
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.accounts import AccountState, Change, Restriction

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Strikes, restrictions and their inverses; ladders; links between accounts.",
)
app.add_typer(link_app, name="link")

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The host's reference.", show_default=False)]
Person = Annotated[str, typer.Option("--person", metavar="WHO", help="Who decides; recorded.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; recorded.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LadderFile = Annotated[Path, typer.Option("--ladder", metavar="FILE", help="A ladder in YAML.", show_default=False)]


@app.command()
def show(account: Account, as_json: AsJson = False) -> None:
    """Show what an account was given, and what restricts it now."""
    from seawall.clock import system_clock, to_iso
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    with open_accounts(Settings.from_env()) as accounts:
        state = accounts.show(account)
    now = to_iso(system_clock())
    if as_json:
        typer.echo(json.dumps(_described(state, now), ensure_ascii=False))
        return
    held = sorted(word for each in state.holding(now) if (word := each.standing))
    typer.echo(f"{account}: {', '.join(held) or 'not restricted'}; {state.points(now):g} points")
    for strike in state.strikes.values():
        tail = "void" if strike.id in state.voids else f"until {strike.expires_at[:19]}Z"
        typer.echo(f"strike       {strike.id}  {strike.issued_at[:19]}Z  {strike.name}, {strike.points} points, {tail}")
    for each in state.restrictions.values():
        tail = each.inverse if each.id in state.lifts else f"until {each.ends_at[:19]}Z" if each.ends_at else "holds"
        typer.echo(f"restriction  {each.id}  {each.starts_at[:19]}Z  {_words(each)}, {tail}")


@app.command()
def strike(
    account: Account,
    name: Annotated[str, typer.Argument(metavar="CLASS", help="A class of the active ladder.", show_default=False)],
    person: Person,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Give a strike, and let the ladder decide what follows."""
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    with open_accounts(Settings.from_env()) as accounts:
        given, changes = accounts.strike(account, name, person=person, reason=reason)
    if as_json:
        typer.echo(json.dumps({"strike": asdict(given), "changes": _changes(changes)}, ensure_ascii=False))
    else:
        typer.echo(f"strike {given.id}: {given.points} points until {given.expires_at[:19]}Z")
        _tell(changes)


@app.command()
def overturn(
    strike_id: Annotated[str, typer.Argument(metavar="STRIKE", help="As printed by show.", show_default=False)],
    person: Person,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Void a strike, and lift whatever is justified no longer. What a person ordered stays."""
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    with open_accounts(Settings.from_env()) as accounts:
        changes = accounts.void(strike_id, person=person, reason=reason)
    if as_json:
        typer.echo(json.dumps({"strike": strike_id, "changes": _changes(changes)}, ensure_ascii=False))
    else:
        typer.echo(f"strike {strike_id} is void")
        _tell(changes)


@app.command()
def ban(account: Account, person: Person, reason: Reason, as_json: AsJson = False) -> None:
    """Ban an account until somebody lifts it."""
    _restrict(account, "ban", None, None, person, reason, as_json)


@app.command()
def suspend(
    account: Account,
    person: Person,
    reason: Reason,
    length: Annotated[str | None, typer.Option("--for", metavar="TIME", help="12h, 30d; default until lifted.")] = None,
    as_json: AsJson = False,
) -> None:
    """Suspend an account for a time, or until somebody lifts it."""
    _restrict(account, "suspend", None, length, person, reason, as_json)


@app.command()
def restrict(
    account: Account,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="warn, cooldown, feature_off, suspend or ban.")],
    person: Person,
    reason: Reason,
    feature: Annotated[str | None, typer.Option("--feature", metavar="NAME", help="With feature_off: which.")] = None,
    length: Annotated[str | None, typer.Option("--for", metavar="TIME", help="15m, 12h, 30d.")] = None,
    as_json: AsJson = False,
) -> None:
    """Order any restriction."""
    _restrict(account, kind, feature, length, person, reason, as_json)


@app.command()
def lift(
    account: Account,
    person: Person,
    reason: Reason,
    restriction: Annotated[
        str | None, typer.Option("--restriction", metavar="ID", help="Only this one; default all that holds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lift what restricts an account, by its declared inverse. Strikes stay: see overturn."""
    from seawall.clock import system_clock, to_iso
    from seawall.deploy.enforcement import open_accounts
    from seawall.errors import NotFound
    from seawall.settings import Settings

    with open_accounts(Settings.from_env()) as accounts:
        held = accounts.show(account).restrictions
        if restriction is not None and restriction not in held:
            raise NotFound("this account has no restriction with this id")
        now = to_iso(system_clock())
        wanted = [restriction] if restriction else [each.id for each in accounts.show(account).holding(now)]
        lifts = [accounts.lift(each, person=person, reason=reason) for each in wanted]
    done = [{"restriction": each.restriction, "inverse": held[each.restriction].inverse} for each in lifts]
    if as_json:
        typer.echo(json.dumps({"account": account, "lifted": done}, ensure_ascii=False))
    else:
        typer.echo("\n".join(f"{each['inverse']} {each['restriction']}" for each in done) or "nothing restricts it")


@app.command()
def simulate(
    ladder: LadderFile,
    since: Annotated[
        str | None, typer.Option("--since", metavar="MOMENT", help="Only decisions since then, RFC 3339 in UTC.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a ladder would have done with the decisions on record, beside the active one. Nothing is changed."""
    from seawall.decisions import recorded
    from seawall.deploy.enforcement import load_ladder, open_accounts, simulate
    from seawall.ledger import open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    tried = load_ladder(ladder)
    moment = _moment(since)
    with open_accounts(settings) as accounts, open_store(settings) as store:
        with store.read() as connection:
            active = accounts.ladders.active(connection)
        new, now = (simulate(each, recorded(store, since=moment)) for each in (tried, active))
    if as_json:
        typer.echo(json.dumps({"new": new.to_dict(), "active": now.to_dict()}, ensure_ascii=False))
        return
    typer.echo(
        f"{new.decisions:,} decisions, {sum(new.strikes.values()):,} strikes, {new.unknown:,} of unknown classes"
    )
    typer.echo(f"{'ACCOUNTS':<12}  {'ACTIVE':>8}  {'NEW':>8}")
    before, after = now.accounts(), new.accounts()
    for kind in sorted({*before, *after}):
        typer.echo(f"{kind:<12}  {before.get(kind, 0):>8,}  {after.get(kind, 0):>8,}")
    typer.echo(f"{'probing':<12}  {len(now.probing):>8,}  {len(new.probing):>8,}")


@app.command()
def activate(ladder: LadderFile, person: Person, reason: Reason, as_json: AsJson = False) -> None:
    """Make a ladder the active one, for strikes from now on."""
    from seawall.deploy.enforcement import load_ladder, open_accounts
    from seawall.settings import Settings

    wanted = load_ladder(ladder)
    with open_accounts(Settings.from_env()) as accounts:
        done = accounts.ladders.activate(wanted, person=person, reason=reason)
    typer.echo(json.dumps(asdict(done), ensure_ascii=False) if as_json else f"{done.name} {done.ladder[:12]} is active")


@app.command()
def ladders(as_json: AsJson = False) -> None:
    """Show which ladder was active since when."""
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    with open_accounts(Settings.from_env()) as accounts:
        for each in accounts.ladders.activations():
            line = f"{each.at[:19]}Z  {each.ladder[:12]}  {each.name}, by {each.person}: {each.reason}"
            typer.echo(json.dumps(asdict(each), ensure_ascii=False) if as_json else line)


@app.command()
def replay(
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Default: every account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the log of facts, and compare what it comes to with the tables; exit 1 if they differ."""
    from seawall.accounts import ReplayDiffers
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    facts, seen, wrong = 0, 0, []
    with open_accounts(Settings.from_env()) as accounts:
        for each in [account] if account is not None else accounts.refs():
            seen += 1
            try:
                facts += accounts.verify(each)
            except ReplayDiffers:
                wrong.append(each)
    if as_json:
        typer.echo(json.dumps({"accounts": seen, "facts": facts, "differ": wrong}, ensure_ascii=False))
    else:
        typer.echo(f"{seen:,} accounts, {facts:,} facts, {len(wrong)} differ")
    if wrong:
        raise ReplayDiffers(f"{len(wrong)} accounts are not what their facts come to")


def _restrict(
    account: str, kind: str, feature: str | None, length: str | None, person: str, reason: str, as_json: bool
) -> None:
    from datetime import timedelta

    from seawall.accounts import RestrictionKind, duration
    from seawall.clock import system_clock, to_iso
    from seawall.deploy.enforcement import open_accounts
    from seawall.settings import Settings

    try:
        wanted = RestrictionKind(kind)
    except ValueError:
        raise UsageError(f"a restriction is one of {', '.join(RestrictionKind)}") from None
    until = to_iso(system_clock() + timedelta(seconds=duration(length, "--for"))) if length is not None else None
    with open_accounts(Settings.from_env()) as accounts:
        made = accounts.restrict(account, wanted, person=person, reason=reason, feature=feature, until=until)
    if as_json:
        typer.echo(json.dumps(asdict(made) | {"inverse": made.inverse}, ensure_ascii=False))
    else:
        typer.echo(f"{_words(made)} {made.id}; its inverse is {made.inverse}")


def _described(state: AccountState, now: str) -> dict[str, Any]:
    return {
        "account": state.account,
        "standing": sorted(word for each in state.holding(now) if (word := each.standing)),
        "points": state.points(now),
        "strikes": [
            asdict(each) | {"points_now": each.points_at(now), "void": _or_none(state.voids.get(each.id))}
            for each in state.strikes.values()
        ],
        "restrictions": [
            asdict(each) | {"inverse": each.inverse, "lifted": _or_none(state.lifts.get(each.id))}
            for each in state.restrictions.values()
        ],
    }


def _or_none(fact: Any) -> dict[str, Any] | None:
    return asdict(fact) if fact is not None else None


def _changes(changes: Sequence[Change]) -> list[dict[str, Any]]:
    return [
        asdict(each.restriction) | {"inverse": each.restriction.inverse, "lifted": each.lift is not None}
        for each in changes
    ]


def _tell(changes: Sequence[Change]) -> None:
    for each in changes:
        said = each.restriction.inverse if each.lift is not None else _words(each.restriction)
        typer.echo(f"{said} {each.restriction.id}")


def _words(restriction: Restriction) -> str:
    return f"{restriction.kind}:{restriction.feature}" if restriction.feature else str(restriction.kind)


def _moment(text: str | None) -> str | None:
    from datetime import datetime

    from seawall.clock import to_iso

    if text is None:
        return None
    try:
        return to_iso(datetime.fromisoformat(text))
    except ValueError:
        raise UsageError("--since takes a moment with its zone, such as 2026-11-01T00:00:00Z") from None
