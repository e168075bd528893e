"""The book of enforcement with clocks that tests move, a recorder that uses it, and a host that listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seawall.accounts import Accounts
from seawall.decisions import DecisionRecord, Recorder
from seawall.deploy.enforcement import EnforcementBook
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, GuardAction, Judgement
from seawall.store import Store
from seawall.store.outbox import Outbox

SECRET = b"s" * 32


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


class Host:
    """An operator's endpoint on this machine: keeps what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.status = 204
        self.location: str | None = None
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                host.got.append((dict(self.headers.items()), body))
                self.send_response(host.answers.pop(0) if host.answers else host.status)
                if host.location:
                    self.send_header("Location", host.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/seawall"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def moment() -> Moment:
    """The clock of the store."""
    return Moment()


@pytest.fixture
def store(migrated_url: str, moment: Moment) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url, clock=moment) as store:
        yield store


@pytest.fixture
def ledger(store: Store, tmp_path: Path) -> Ledger:
    """The ledger of the store."""
    return Ledger.open(store, KeyFile(tmp_path / "keys"))


@pytest.fixture
def book(store: Store, ledger: Ledger) -> EnforcementBook:
    """The book, under the ladder that ships."""
    return EnforcementBook.open(store, ledger, SECRET)


@pytest.fixture
def accounts(book: EnforcementBook) -> Accounts:
    """The accounts of the book."""
    return book.accounts


@pytest.fixture
def recorder(store: Store, ledger: Ledger, book: EnforcementBook) -> Recorder:
    """A recorder whose decisions the book settles."""
    return Recorder(store, ledger, SECRET, [book.settle])


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of the store."""
    return Outbox(store)


@pytest.fixture
def host() -> Iterator[Host]:
    """An endpoint that takes everything."""
    host = Host()
    yield host
    host.close()


@pytest.fixture
def decide(recorder: Recorder) -> Callable[..., DecisionRecord]:
    """Make and record a decision."""

    def record(account: str = "a-1", action: str = "block", **fields: Any) -> DecisionRecord:
        judgement = Judgement(
            GuardAction(action),
            "test",
            tuple(fields.pop("rules", ("both",))),
            "p" * 64,
            drill=fields.pop("drill", False),
            strike=fields.pop("strike", None),
        )
        fields = {"kind": CheckKind.INPUT, "digest": recorder.new_id()} | fields
        made = DecisionRecord(
            id=recorder.new_id(),
            at=recorder.now(),
            account=account,
            action=GuardAction(action),
            judgement=judgement,
            **fields,
        )
        recorder.record([made])
        return made

    return record
