"""`seawall serve`: the guard as an HTTP service."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port; 0 for any that is free.")] = 8321,
    database_url: Annotated[
        str | None, typer.Option("--database-url", metavar="URL", help="Default: SEAWALL_DATABASE_URL, or SQLite.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Processes that answer.")] = 1,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAMES", help="What to serve: api, public, console. Default: all.")
    ] = None,
    detectors: Annotated[
        str | None,
        typer.Option("--detectors", metavar="NAMES", help="Detectors, separated by commas; canary for a rehearsal."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Guard policy. Default: the active one.")
    ] = None,
    hma_no_auth: Annotated[
        bool, typer.Option("--hma-no-auth", help="HMA-compatible reads without a key, on loopback alone.")
    ] = False,
    drain: Annotated[
        int, typer.Option("--drain", metavar="SECONDS", help="How long requests under way may take when it stops.")
    ] = 30,
) -> None:
    """Answer checks over HTTP until a signal comes; prints its address when it is ready."""
    from seawall.settings import Settings
    from seawall.web.serving.options import ServeOptions, surfaces_of
    from seawall.web.serving.serve import serve as run

    options = ServeOptions(
        host=host,
        port=port,
        workers=workers,
        detectors=tuple(name for name in (detectors or "").split(",") if name),
        policy=policy,
        surfaces=surfaces_of(only),
        named=only is not None,
        hma_no_auth=hma_no_auth,
        drain=drain,
    )
    settings = Settings.from_env()
    if database_url is not None:
        settings = dataclasses.replace(settings, database_url=database_url)
    run(settings, options, _announce, _hint)


def _announce(address: str) -> None:
    typer.echo(f"seawall serves on {address}")


def _hint() -> None:
    typer.echo("there is no API key yet: make one with 'seawall keys create NAME'", err=True)
