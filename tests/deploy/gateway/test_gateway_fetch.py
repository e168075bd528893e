"""Addresses that a model server names: fetched from where the operator allows, and from nowhere else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seawall.deploy.gateway.errors import FetchFailed, FetchRefused
from seawall.deploy.gateway.fetch import SafeFetcher, public
from seawall.errors import SeawallError


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages = {"/there": "/file", "/round": "/round", "/away": "http://169.254.169.254/latest"}
        if self.path in pages:
            self.send_response(302)
            self.send_header("Location", pages[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * (2000 if self.path == "/large" else 100)
        self.send_response(404 if self.path == "/none" else 200)
        if self.path == "/zip":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def fetch(fetcher: SafeFetcher, url: str) -> bytes:
    media = asyncio.run(fetcher.fetch(url))
    with media.open() as stream:
        return stream.read()


def test_the_model_server_itself_may_be_private_on_its_own_port(port: int) -> None:
    own = f"127.0.0.1:{port}"
    fetcher = SafeFetcher((), limit=1000, seconds=5, allow_private=(own,))
    assert fetch(fetcher, f"http://{own}/file") == b"x" * 100
    assert fetch(fetcher, f"http://{own}/there") == b"x" * 100
    for path in ("large", "round", "none", "zip"):
        with pytest.raises(SeawallError):
            fetch(fetcher, f"http://{own}/{path}")
    with pytest.raises(FetchRefused):
        fetch(fetcher, f"http://{own}/away")
    with pytest.raises(FetchRefused):
        fetch(fetcher, f"http://127.0.0.1:{port + 1}/file")
    with pytest.raises(FetchRefused):
        fetch(SafeFetcher((own,)), f"http://{own}/file")


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/x",
        "http://ok.example@other.example/x",
        "http://user:word@ok.example/x",
        "http://ok.example:8080/x",
        "http://ok.example:99999/x",
        "file:///etc/hostname",
        "ftp://ok.example/x",
        "http:///x",
        "//ok.example/x",
        "http://ok.example/a b",
        "http://ok.example\\@other.example/",
        "http://[::1",
        "data:text/plain,x",
        "",
    ],
)
def test_what_is_not_allowed_is_refused_before_a_name_is_looked_up(url: str) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError("a name was looked up")

    with pytest.raises(FetchRefused):
        asyncio.run(SafeFetcher(("ok.example",), resolve=never).fetch(url))


def test_one_private_address_among_several_is_enough_to_refuse() -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", "10.0.0.1"]

    async def nothing(host: str, port: int) -> Sequence[str]:
        return []

    with pytest.raises(FetchRefused):
        asyncio.run(SafeFetcher(("ok.example",), resolve=both).fetch("https://ok.example/x"))
    with pytest.raises(FetchFailed):
        asyncio.run(SafeFetcher(("ok.example",), resolve=nothing).fetch("https://ok.example/x"))


def test_public_addresses_are_told_from_all_others() -> None:
    for address in ("93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
        assert public(address), address
    for address in (
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "nonsense", "",
    ):  # fmt: skip
        assert not public(address), address
