"""One process that answers: opens its parts, serves on a socket that it was given, and drains when told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

import uvicorn
from fastapi import FastAPI

from seawall.settings import Settings
from seawall.web.app import Lifespan, create_app
from seawall.web.instruments import Instruments
from seawall.web.logs import make_logger, take_library_logs
from seawall.web.serving.opening import open_parts
from seawall.web.serving.options import ServeOptions
from seawall.web.serving.protocol import PatientProtocol

_SAMPLE_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which ends with 0 when it was told to stop, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        # What is open now stays: the collector need not walk through packs and models again and again.
        gc.freeze()
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and end with 0."""
        # uvicorn raises the signal once more at the end, so that the process would die of it.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True


def run_worker(
    settings: Settings,
    options: ServeOptions,
    sock: socket.socket,
    ready: Callable[[], None],
    stopper: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    """Serve until told to stop, then finish what is under way.

    Args:
        settings: Where state is.
        options: How to serve.
        sock: Bound, and not listening yet.
        ready: Called once requests are answered.
        stopper: Is given what ends the server, to call it from another thread.

    Raises:
        SeawallError: If something that is needed cannot be opened.
    """
    log = make_logger()
    with open_parts(settings, options) as parts:
        app = create_app(parts, lifespan=_sampled(parts.instruments), log=log)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="on",
            ws="none",
            http=PatientProtocol,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=options.drain,
        )
        take_library_logs(log)
        server = DrainingServer(config, ready)
        if stopper is not None:
            stopper(lambda: setattr(server, "should_exit", True))
        server.run(sockets=[sock])


def _sampled(instruments: Instruments) -> Lifespan:
    """Return the lifespan of a server whose gauges are read now and then, for other workers' answers to show them."""

    async def sample() -> None:
        while True:
            instruments.sample()
            await asyncio.sleep(_SAMPLE_SECONDS)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(sample())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return lifespan
