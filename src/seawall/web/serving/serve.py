"""Binding the address, upgrading the database once, and running one worker or several."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Callable

from seawall.errors import UsageError
from seawall.settings import Settings
from seawall.web.serving.options import ServeOptions

_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def serve(settings: Settings, options: ServeOptions, announce: Callable[[str], None], hint: Callable[[], None]) -> None:
    """Serve until a signal comes.

    Args:
        settings: Where state is.
        options: How to serve.
        announce: Called with the address, once requests are answered.
        hint: Called if there is no API key yet.

    Raises:
        UsageError: If the address cannot be used.
        SeawallError: If something that is needed cannot be opened.
    """
    with bound(options.host, options.port) as sock:
        port = sock.getsockname()[1]
        shown = f"[{options.host}]" if ":" in options.host else options.host
        if not _prepare(settings):
            hint()

        def ready() -> None:
            announce(f"http://{shown}:{port}")

        if options.workers == 1:
            from seawall.web.serving.worker import run_worker

            run_worker(settings, options, sock, ready)
        else:
            _serve_many(settings, options, sock, ready)


def _serve_many(settings: Settings, options: ServeOptions, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Run workers, which leave their metrics in files of a private directory, for each to add them up."""
    from seawall.web.serving.supervisor import Supervisor

    directory = tempfile.mkdtemp(prefix="seawall-metrics-")
    os.environ[_METRICS] = directory
    try:
        from prometheus_client.multiprocess import mark_process_dead

        def died(pid: int) -> None:
            mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]

        Supervisor(settings, options, sock, ready, died).run()
    finally:
        os.environ.pop(_METRICS, None)
        shutil.rmtree(directory, ignore_errors=True)


def _prepare(settings: Settings) -> bool:
    """Bring the database up to date before there are workers; return whether there is an API key."""
    from seawall.web.keys import KeyBook

    with KeyBook.opened(settings) as book:
        now = book.now()
        return any(key.valid(now) for key in book.all())


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, and does not listen yet.

    Raises:
        SeawallError: If the address cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"the host {host!r} is not known", hint="use an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} of {host} is in use", hint="choose another with --port") from None
        raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror}") from None
    return sock
