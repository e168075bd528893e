"""`seawall rollout`: plan, watch and move phased releases; `kill` works without the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import SeawallError, UsageError

if TYPE_CHECKING:
    from seawall.deploy.rollout import KillSwitch, RolloutBook, RolloutStore

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Release models in stages: only the verdict pass advances, and a kill switch that needs nothing else.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Person = Annotated[str, typer.Option("--person", metavar="WHO", help="Who does it; recorded.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; recorded.", show_default=False)]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="As requests name it.", show_default=False)]
SomeModel = Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Only this one.", show_default=False)]


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The plan, YAML.")],
    person: Annotated[str | None, typer.Option("--person", metavar="WHO", help="Who does it; recorded.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the plan is valid.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take over a plan. Models whose stages so far are unchanged stay where they are; others begin anew."""
    from seawall.deploy.rollout import read_plan

    wanted = read_plan(file)
    begun: list[str] = []
    if not check:
        if person is None:
            raise UsageError("a plan is taken over by somebody: give --person, or --check")
        with _opened() as (rollouts, book):
            begun = rollouts.apply(wanted, person=person)
            _keep(book)
    if as_json:
        typer.echo(json.dumps({"models": sorted(wanted.models), "begun": begun, "unlisted": wanted.unlisted}))
        return
    for model, stages in wanted.models.items():
        note = ", begins at its first stage" if model in begun else ""
        typer.echo(f"{model}: {' > '.join(stage.name for stage in stages.stages)}{note}")
    typer.echo(f"every other model: {wanted.unlisted}")


@app.command()
def status(model: SomeModel = None, as_json: AsJson = False) -> None:
    """Show where models stand, what was counted there, and the verdict; kills are shown without the database too."""
    try:
        with _opened() as (rollouts, _):
            found = [each.to_dict() for each in rollouts.status(model)]
        trouble = None
    except SeawallError as error:
        if error.code == "not_found":
            raise
        found, trouble = [], error
    kills = [{"model": kill.model or kill.file, "at": kill.at} for kill in _switch().kills()]
    if as_json:
        typer.echo(json.dumps({"rollouts": found, "killed_here": kills, "database": trouble is None}))
    else:
        for each in found:
            _show(each)
        for kill in kills:
            typer.echo(f"killed here since {kill['at']}: {kill['model']}")
    if trouble is not None:
        raise trouble


@app.command()
def advance(
    model: Model,
    person: Person,
    second: Annotated[
        str | None, typer.Option("--second", metavar="WHO", help="A second person: with --override.")
    ] = None,
    override: Annotated[bool, typer.Option("--override", help="Advance although the verdict is not pass.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="WHY", help="Why: with --override.")] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="WHEN", help="Date or moment, UTC: with --override.")
    ] = None,
) -> None:
    """Open the next stage: only by the verdict pass, or by two named persons for a time."""
    if override and not (second and reason and expires):
        raise UsageError("an override needs --second, --reason and --expires")
    if not override and (second or reason or expires):
        raise UsageError("--second, --reason and --expires belong to --override")
    with _opened() as (rollouts, book):
        if override:
            until = _moment(str(expires))
            now = rollouts.override(model, persons=(person, str(second)), reason=str(reason), expires=until)
        else:
            now = rollouts.advance(model, person=person)
        _keep(book)
    typer.echo(f"{model}: {now.stage}")


@app.command()
def freeze(model: Model, person: Person, reason: Reason) -> None:
    """Let nobody else in; who is in stays in."""
    with _opened() as (rollouts, book):
        rollouts.freeze(model, person=person, reason=reason)
        _keep(book)
    typer.echo(f"{model}: frozen")


@app.command()
def unfreeze(model: Model, person: Person, reason: Reason) -> None:
    """Let a frozen rollout move again; it still needs the verdict."""
    with _opened() as (rollouts, book):
        rollouts.unfreeze(model, person=person, reason=reason)
        _keep(book)
    typer.echo(f"{model}: running")


@app.command()
def kill(
    person: Person,
    reason: Reason,
    model: SomeModel = None,
    all_models: Annotated[bool, typer.Option("--all", help="Every model.")] = False,
) -> None:
    """Refuse every request for a model from now on. Works with database and network down."""
    from seawall.deploy.rollout import ALL

    if (model is None) != all_models:
        raise UsageError("name one model, or give --all")
    switch = _switch()
    thrown = switch.kill(model or ALL, person=person, reason=reason)
    typer.echo(f"killed: {'every model' if model is None else model} (since {thrown.at})")
    try:
        with _opened() as (rollouts, book):
            rollouts.sync_kills(switch)
            _keep(book)
    except (SeawallError, OSError) as error:
        detail = error.message if isinstance(error, SeawallError) else type(error).__name__
        typer.echo(f"the kill holds on this machine; it is recorded when the database is back: {detail}", err=True)


@app.command()
def revive(
    person: Person,
    reason: Reason,
    model: SomeModel = None,
    all_models: Annotated[bool, typer.Option("--all", help="Lift the kill of every model.")] = False,
) -> None:
    """Lift a kill, everywhere. Needs the database: it is recorded first."""
    from seawall.deploy.rollout import ALL

    if (model is None) != all_models:
        raise UsageError("name one model, or give --all")
    with _opened() as (rollouts, book):
        rollouts.revive(model or ALL, book.switch, person=person, reason=reason)
        _keep(book)
    typer.echo(f"revived: {'every model' if model is None else model}")


@app.command()
def evaluate(model: SomeModel = None, as_json: AsJson = False) -> None:
    """Count what was observed and act on it, as the service does every second. Exit 1 if a model fell back."""
    with _opened() as (rollouts, book):
        fallen = rollouts.evaluate(model)
        found = [each.to_dict() for each in rollouts.status(model)]
        _keep(book)
    if as_json:
        typer.echo(json.dumps({"fell_back": fallen, "rollouts": found}))
    else:
        for each in found:
            _show(each)
    if fallen:
        raise typer.Exit(1)


def _show(each: dict[str, Any]) -> None:
    evidence = each["evidence"]
    state = "KILLED" if each["killed"] else "frozen" if each["frozen"] else "running"
    why = f" ({', '.join(each['reasons'])})" if each["reasons"] else ""
    typer.echo(f"{each['model']}: {each['stage']}, {state}, since {each['since']}")
    typer.echo(f"  stages   {' > '.join(each['stages'])}")
    typer.echo(f"  verdict  {each['verdict']}{why}")
    counts = f"{evidence['trials']} checks, {evidence['breaches']} breaches, {evidence['failures']} of them failures"
    typer.echo(f"  evidence {counts}")
    if each["reason"]:
        typer.echo(f"  frozen   {each['reason']}")
    if (stands := each["override"]) is not None:
        who = " and ".join(stands["persons"])
        typer.echo(
            f"  OVERRIDE by {who} until {stands['expires_at']} (verdict {stands['verdict']}): {stands['reason']}"
        )


@contextmanager
def _opened() -> Iterator[tuple[RolloutStore, RolloutBook]]:
    from seawall.deploy.rollout import RolloutBook, RolloutStore
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        rollouts = RolloutStore(store, Ledger.open(store, KeyFile(settings.home / "keys")))
        yield rollouts, RolloutBook(settings.home, rollouts)


def _keep(book: RolloutBook) -> None:
    """Let this machine's services see the change at once."""
    if not book.refresh():
        typer.echo("the change is made, but the local copy for services could not be written", err=True)


def _switch() -> KillSwitch:
    from seawall.deploy.rollout import KillSwitch
    from seawall.settings import Settings

    return KillSwitch(Settings.from_env().home)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("--expires takes a date or a moment, for example 2027-01-31 or 2027-01-31T12:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
