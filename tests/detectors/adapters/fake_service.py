"""A service on loopback that answers as it is told, and remembers what it was sent."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """One answer: `drip` seconds lie between the bytes of its body, `stall` before it begins."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    drip: float = 0.0
    stall: float = 0.0
    hang_up: bool = False

    def data(self) -> bytes:
        return json.dumps(self.body).encode() if self.raw is None else self.raw


Script = Callable[[Asked], Says]


class FakeService:
    """What tests hold in their hands."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.answer: Script = lambda _: Says({})
        self.over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers["Content-Length"])),
                )
                service.asked.append(asked)
                self._say(service.answer(asked))

            do_PUT = do_POST

            def do_GET(self) -> None:
                service.asked.append(Asked("GET", self.path, dict(self.headers), b""))
                self._say(Says({}))

            def _say(self, says: Says) -> None:
                self.close_connection = True
                if says.hang_up or service.over.wait(says.stall):
                    return
                data = says.data()
                self.send_response(says.status)
                for name, value in (
                    {"Content-Length": str(len(data)), "Connection": "close"} | dict(says.headers)
                ).items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                try:
                    if not says.drip:
                        self.wfile.write(data)
                        return
                    for byte in data:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if service.over.wait(says.drip):
                            return
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def says(self, *answers: Says) -> None:
        """Answer these in turn, and the last one from then on."""
        left: Iterator[Says] = iter(answers)
        last = answers[-1]
        lock = threading.Lock()

        def script(_: Asked) -> Says:
            with lock:
                return next(left, last)

        self.answer = script

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextmanager
def closed_port() -> Iterator[str]:
    """Give an address on which nobody listens."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class FakeTime:
    """A clock that moves only when somebody sleeps, and a die that always shows the same."""

    def __init__(self, chance: float = 0.5) -> None:
        self.slept: list[float] = []
        self._began = time.monotonic()
        self._extra = 0.0
        self.chance = chance

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._extra += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._extra
