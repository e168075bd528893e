"""`seawall gateway`: the guard in front of an OpenAI-compatible model server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def gateway(
    upstream: Annotated[
        str | None, typer.Option("--upstream", metavar="URL", help="Address of the model server.")
    ] = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port; 0 for any that is free.")] = 8322,
    upstream_key_env: Annotated[
        str | None,
        typer.Option("--upstream-key-env", metavar="VAR", help="Variable that holds the model server's key."),
    ] = None,
    pass_auth: Annotated[
        bool, typer.Option("--pass-auth", help="Pass clients' own keys on, and ask for none of seawall's; loopback.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="HOST", help="Host that addresses of pictures may name; repeatable."),
    ] = None,
    detectors: Annotated[
        str | None,
        typer.Option("--detectors", metavar="NAMES", help="Detectors, separated by commas; canary for a rehearsal."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Guard policy. Default: the active one.")
    ] = None,
    demo_upstream: Annotated[
        bool, typer.Option("--demo-upstream", help="Run a harmless stand-in for a model server, and no gateway.")
    ] = False,
    drain: Annotated[
        int, typer.Option("--drain", metavar="SECONDS", help="How long requests under way may take when it stops.")
    ] = 30,
) -> None:
    """Check what goes to a model server and what comes from it, until a signal comes; prints its address when ready."""
    from seawall.errors import UsageError
    from seawall.settings import Settings
    from seawall.web.gateway.parts import GatewayOptions
    from seawall.web.gateway.serving import serve_fake_model, serve_gateway

    if demo_upstream:
        if upstream is not None:
            raise UsageError("--demo-upstream runs alone", hint="start the gateway by a command of its own")
        serve_fake_model(host, port, _announce_model)
        return
    if upstream is None:
        raise UsageError("--upstream names the model server", hint="or try --demo-upstream first")
    options = GatewayOptions(
        upstream=upstream,
        host=host,
        port=port,
        upstream_key_env=upstream_key_env,
        pass_auth=pass_auth,
        allow_hosts=tuple(allow_host or ()),
        detectors=tuple(name for name in (detectors or "").split(",") if name),
        policy=policy,
        drain=drain,
    )
    serve_gateway(Settings.from_env(), options, _announce, _hint)


def _announce(address: str) -> None:
    typer.echo(f"seawall gateway on {address}")


def _announce_model(address: str) -> None:
    typer.echo(f"stand-in model server on {address}")


def _hint() -> None:
    typer.echo("there is no API key yet: make one with 'seawall keys create NAME --scope gateway'", err=True)
