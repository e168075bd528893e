"""Running a gateway: the guard opened, a socket bound, requests answered until a signal comes, then drained."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from seawall.decisions import decision_secret
from seawall.deploy.gateway.fetch import SafeFetcher
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.deploy.guard.options import GuardOptions
from seawall.errors import UsageError
from seawall.settings import Settings
from seawall.web.gateway.app import create_gateway
from seawall.web.gateway.fake_model import create_fake_model
from seawall.web.gateway.jobs import Jobs
from seawall.web.gateway.outputs import Outputs
from seawall.web.gateway.parts import GatewayOptions, GatewayParts, loopback
from seawall.web.gateway.upstream import Upstream
from seawall.web.logs import make_logger, take_library_logs
from seawall.web.serving.protocol import PatientProtocol
from seawall.web.serving.serve import bound
from seawall.web.serving.worker import DrainingServer

if TYPE_CHECKING:
    from seawall.deploy.guard import Guard
    from seawall.ledger import Ledger

BUDGET = 1 << 30
_BROKEN = ("error", "failed", "down")


def serve_gateway(
    settings: Settings, options: GatewayOptions, announce: Callable[[str], None], hint: Callable[[], None]
) -> None:
    """Serve until a signal comes.

    Raises:
        UsageError: If the address or the key cannot be used.
        SeawallError: If something that is needed cannot be opened.
    """
    key = _upstream_key(options)
    with bound(options.host, options.port) as sock, open_gateway(settings, options, key, hint) as parts:
        log = make_logger()
        _run(create_gateway(parts, log=log), sock, options.host, options.drain, announce, log)


def serve_fake_model(host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve the stand-in for a model server until a signal comes.

    Raises:
        UsageError: If the address cannot be used.
    """
    with bound(host, port) as sock:
        _run(create_fake_model(), sock, host, 5, announce, make_logger())


def _run(
    app: ASGIApp, sock: socket.socket, host: str, drain: int, announce: Callable[[str], None], log: object
) -> None:
    shown = f"[{host}]" if ":" in host else host
    port = sock.getsockname()[1]
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="auto",
        ws="none",
        http=PatientProtocol,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=drain,
    )
    take_library_logs(log)
    DrainingServer(config, lambda: announce(f"http://{shown}:{port}")).run(sockets=[sock])


@contextmanager
def open_gateway(
    settings: Settings, options: GatewayOptions, key: str | None, hint: Callable[[], None]
) -> Iterator[GatewayParts]:
    """Open everything that a gateway needs, for the length of a block.

    Raises:
        SeawallError: If something of it cannot be opened.
    """
    from seawall.casework import open_casework
    from seawall.deploy.background import Chores, open_background
    from seawall.deploy.guard import open_guard
    from seawall.deploy.guard.opening import Parts
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.web.keys import KeyBook, LiveKeys
    from seawall.web.keys.book import key_secret

    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings))
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        ledger.public_key()
        keys = None
        if not options.pass_auth:
            keys = stack.enter_context(LiveKeys(KeyBook(store, ledger, key_secret(settings))))
            if not keys.any:
                hint()
        guard_options = GuardOptions(detectors=options.detectors, policy=options.policy, warm=True)
        casework = stack.enter_context(open_casework(settings, store, ledger))
        parts = Parts(store=store, ledger=ledger, hooks=(casework.opener.settle,))
        guard = stack.enter_context(open_guard(settings, guard_options, parts))
        stack.enter_context(open_background(settings, store, ledger, casework.chores))
        stack.enter_context(Chores(casework.filing))
        budget = MediaBudget(BUDGET)
        own = options.upstream_host
        yield GatewayParts(
            checks=guard,
            keys=keys,
            upstream=Upstream(options.base, key=key, pass_auth=options.pass_auth),
            fetcher=SafeFetcher((own, *options.allow_hosts), allow_private=(own,), budget=budget),
            outputs=Outputs(),
            jobs=Jobs(),
            secret=decision_secret(settings),
            budget=budget,
            probes={"guard": lambda: _guard_problem(guard), "ledger_key": lambda: _ledger_problem(ledger)},
            loopback=loopback(options.host),
        )


def _guard_problem(guard: Guard) -> str | None:
    found = next((each for each in guard.ready() if each.refuses or each.status in _BROKEN), None)
    return f"{found.name}:{found.status}" if found is not None else None


def _ledger_problem(ledger: Ledger) -> None:
    ledger.public_key()


def _upstream_key(options: GatewayOptions) -> str | None:
    if options.upstream_key_env is None:
        return None
    key = os.environ.get(options.upstream_key_env)
    if not key:
        raise UsageError(f"the variable {options.upstream_key_env} holds no key")
    return key
