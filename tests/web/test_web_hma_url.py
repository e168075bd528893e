"""`url=` of the HMA-compatible endpoints: the real fetcher, in front of a real server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seawall.deploy.gateway.fetch import SafeFetcher
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.settings import Settings
from seawall.web.hma.remote import HostFetcher, open_remote
from seawall.web.parts import Hashed

PICTURE = b"bytes of a picture"
LIMIT = 1 << 20
ENDLESS = 64 << 20


class Site(ThreadingHTTPServer):
    """A site on loopback, which the resolver of a test puts behind any name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.asked: list[tuple[str, str]] = []
        self.sent = 0
        self.cut = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Page(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((str(self.headers["Host"]), self.path))
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to?"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(PICTURE)))
        self.end_headers()
        if self.path != "/endless":
            self.wfile.write(PICTURE)
            return
        try:
            while self.server.sent < ENDLESS:
                self.wfile.write(bytes(1 << 16))
                self.server.sent += 1 << 16
        except OSError:
            self.server.cut.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Kept:
    """Gives the bytes of a medium as its hash."""

    def hashes(self, media: Media) -> Hashed:
        with media.open() as stream:
            return Hashed({"pdq": stream.read().decode()}, {})


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


Asks = Callable[..., Any]


@pytest.fixture
def ask(server: Any, site: Site) -> Asks:
    """Ask for the hash under an address; names lead to the site, and `declared` is taken for a public host."""

    async def here(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    budget = MediaBudget(64 << 20)

    def ask(url: str, *, hosts: Sequence[str], declared: Sequence[str] = ()) -> Any:
        def make(limit: int) -> SafeFetcher:
            return SafeFetcher(hosts, limit=limit, budget=budget, allow_private=declared, resolve=here, seconds=20)

        whole = server.with_parts(remote=HostFetcher(make), hashes=Kept())
        answer = whole.ask("GET", "/h/hash", key="hma", params={"url": url})
        assert budget.used == 0
        assert "127.0.0.1" not in answer.text and "example" not in answer.text
        return answer

    return ask


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_picture_of_a_host_that_is_public_is_fetched_under_its_own_name(ask: Asks, site: Site) -> None:
    host = f"pictures.example:{site.port}"
    answer = ask(f"http://{host}/a.jpg?b=1", hosts=(), declared=[host])
    assert (answer.status_code, answer.json()) == (200, {"pdq": PICTURE.decode()})
    assert site.asked == [(host, "/a.jpg?b=1")]


def test_a_host_that_is_allowed_and_leads_to_a_private_address_is_never_asked(ask: Asks, site: Site) -> None:
    host = f"pictures.example:{site.port}"
    assert code(ask(f"http://{host}/a.jpg", hosts=[host])) == (403, "url_refused")
    assert site.asked == []


def test_what_no_name_hides_is_refused_as_well(seawall_home: Path, server: Any, site: Site) -> None:
    seawall_home.mkdir(mode=0o700, exist_ok=True)
    (seawall_home / "guard.yaml").write_text(f"url_hosts: ['127.0.0.1:{site.port}', 'localhost:{site.port}']\n")
    whole = server.with_parts(remote=open_remote(Settings.from_env(), MediaBudget(LIMIT)), hashes=Kept())
    for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"):
        answer = whole.ask("GET", "/h/hash", key="hma", params={"url": f"http://{host}:{site.port}/a"})
        assert code(answer) == (403, "url_refused")
    assert site.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:{port}/a",
        "http://inside.example:{port}/a",
        "//other.example/a",
        "file:///etc/hostname",
    ],
)
def test_a_redirect_to_what_is_private_or_not_allowed_is_refused(ask: Asks, site: Site, target: str) -> None:
    host, inside = f"pictures.example:{site.port}", f"inside.example:{site.port}"
    url = f"http://{host}/to?{target.format(port=site.port)}"
    assert code(ask(url, hosts=[inside], declared=[host])) == (403, "url_refused")
    # The first address was asked, and nothing that it leads to.
    assert [asked for asked, _ in site.asked] == [host]


def test_a_redirect_within_what_is_allowed_is_followed_and_a_circle_ends(ask: Asks, site: Site) -> None:
    host = f"pictures.example:{site.port}"
    assert ask(f"http://{host}/to?/a", hosts=(), declared=[host]).status_code == 200
    assert ask(f"http://{host}/to?/to?/to?/to?/to?/a", hosts=(), declared=[host]).status_code >= 400


def test_a_body_without_end_is_cut_at_the_limit(ask: Asks, site: Site) -> None:
    host = f"pictures.example:{site.port}"
    answer = ask(f"http://{host}/endless", hosts=(), declared=[host])
    # Why is not told: it would tell what is inside the network.
    assert code(answer) == (403, "url_refused")
    assert site.cut.wait(20)
    assert site.sent < ENDLESS
