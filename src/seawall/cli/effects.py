"""`seawall effects`: what the host must hear of: list, deliver, acknowledge, retry, give up; and the shared secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.store.outbox import Message, Outbox

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the host must hear of: queued, delivered, acknowledged.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
EffectId = Annotated[str, typer.Argument(metavar="ID", help="As printed by ls.", show_default=False)]


@app.command("ls")
def show_all(
    state: Annotated[
        str | None, typer.Option("--state", metavar="S", help="queued, delivered, acknowledged or dead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show effects in the order of queueing."""
    from seawall.accounts.effects import TOPIC
    from seawall.store.outbox import MessageState

    try:
        wanted = MessageState(state) if state is not None else None
    except ValueError:
        raise UsageError(f"--state is one of {', '.join(MessageState)}") from None
    with _outbox() as outbox:
        if not as_json:
            typer.echo(f"{'ID':<32}  {'STATE':<12}  {'QUEUED':<20}  {'TRIES':>5}  WHAT")
        for message in outbox.messages(TOPIC, wanted):
            typer.echo(json.dumps(message.to_dict(), ensure_ascii=False) if as_json else _line(message))
        alarming = outbox.backlog(TOPIC).alarming
    if alarming:
        typer.echo(f"{alarming} effects fail again and again: look at the host's endpoint", err=True)


@app.command()
def deliver(
    once: Annotated[bool, typer.Option("--once", help="Deliver what is due now, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deliver what is due to the address in effects.yaml, until interrupted; exit 3 if --once could not deliver all."""
    import signal
    import threading

    from seawall.deploy.enforcement.endpoint import CONFIG, load_endpoint
    from seawall.deploy.enforcement.webhook import EffectsWorker, Webhook
    from seawall.errors import ExitCode
    from seawall.settings import Settings

    settings = Settings.from_env()
    endpoint = load_endpoint(settings)
    if endpoint is None:
        raise UsageError(f"nobody has said where effects go: {settings.home / CONFIG} is missing")
    with _outbox() as outbox, Webhook(endpoint) as webhook:
        worker = EffectsWorker(outbox, webhook)
        if not once:
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            worker.run(stop)
            return
        done = worker.once()
    failed = [each for each in done if each.failure is not None]
    if as_json:
        for each in done:
            typer.echo(json.dumps({"id": each.id, "failure": each.failure}))
    else:
        typer.echo(f"{len(done) - len(failed)} delivered, {len(failed)} failed")
    if failed:
        raise typer.Exit(int(ExitCode.UNEXAMINED))


@app.command()
def ack(effect: EffectId, as_json: AsJson = False) -> None:
    """Say that the host has done it."""
    from seawall.deploy.enforcement.webhook import acknowledge_effect

    with _outbox() as outbox:
        _print(acknowledge_effect(outbox, effect), as_json)


@app.command()
def retry(effect: EffectId, as_json: AsJson = False) -> None:
    """Make an effect due now, also one that was given up."""
    with _outbox() as outbox:
        _print(outbox.retry(effect), as_json)


@app.command()
def bury(
    effect: EffectId,
    person: Annotated[str, typer.Option("--person", metavar="WHO", help="Who gives it up.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", metavar="WHY", help="Why.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Give an effect up: it is tried no more, and no longer holds up what comes after it."""
    with _outbox() as outbox:
        _print(outbox.bury(effect, person=person, reason=reason), as_json)


@app.command()
def secret(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one; the old one keeps signing beside it.")
    ] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Forget the old one.")] = False,
) -> None:
    """Print the secret that the host verifies signatures with; the first call makes it."""
    from seawall.deploy.enforcement.endpoint import load_secrets, retire_secret, rotate_secret
    from seawall.settings import Settings

    settings = Settings.from_env()
    if rotate and retire:
        raise UsageError("--rotate and --retire are two steps: give the host the new secret between them")
    settings.directory()
    if rotate:
        rotate_secret(settings)
    elif retire:
        retire_secret(settings)
    typer.echo(load_secrets(settings)[0].decode())


@contextmanager
def _outbox() -> Iterator[Outbox]:
    from seawall.ledger import open_store
    from seawall.settings import Settings
    from seawall.store.outbox import Outbox

    with open_store(Settings.from_env()) as store:
        yield Outbox(store)


def _print(message: Message, as_json: bool) -> None:
    typer.echo(json.dumps(message.to_dict(), ensure_ascii=False) if as_json else f"{message.id} {message.state}")


def _line(message: Message) -> str:
    told = message.payload
    what = told["restriction"]["kind"] if told.get("restriction") else ""
    tail = f"  ({message.failure})" if message.failure else ""
    return (
        f"{message.id}  {message.state:<12}  {message.queued_at[:19]}Z  {message.attempts:>5}  "
        f"{told['type']} {what} {told['account']}{tail}"
    )
