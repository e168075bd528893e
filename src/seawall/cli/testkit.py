"""`seawall testkit`: authorities for tests, on this machine, for everybody who files reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from seawall.errors import NotFound, UsageError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Stand-ins for authorities, on this machine alone: they check, expire and fail like the real ones.",
)


@app.callback()
def group() -> None:
    """Stand-ins for authorities, on this machine alone: they check, expire and fail like the real ones."""


@app.command("serve")
def run(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where; 0 for any that is free.")] = 0,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="What goes wrong, as JSON; see docs/testkit.md.")
    ] = None,
) -> None:
    """Serve the kit until it is ended; the address is printed first. User and password are 'testkit'."""
    from seawall.maintain.authorities.testkit import TestKit, serve

    kit = TestKit()
    if faults is not None:
        try:
            kit.faults.order(json.loads(faults.read_bytes()))
        except FileNotFoundError:
            raise NotFound(f"there is no file {faults}") from None
        except (OSError, ValueError):
            raise UsageError(f"{faults} is no JSON") from None
    try:
        with serve(port, kit) as (address, _):
            typer.echo(f"testkit on {address}: {address}/ispws and {address}/prod/ispws")
            _wait()
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}") from None


def _wait() -> None:
    """Wait for a signal to end."""
    import signal
    from threading import Event

    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
