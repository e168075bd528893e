"""kill -9 at every step of a delivery: the host hears of each effect at least once, always under the same id."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seawall.accounts import Accounts, RestrictionKind
from seawall.deploy.enforcement import shipped_ladder, verify_signature
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.outbox import MessageState, Outbox

pytestmark = pytest.mark.crash
EFFECTS = 4
SECRET = b"swhook_" + b"x" * 40
# Each attempt runs in a fork of this process, and is killed one step later than the one before: a step is a
# statement or a commit, before and after, and the moment after the host has answered.
PROGRAM = """
import os, signal, sys
from datetime import timedelta
from itertools import count
import httpx
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.deploy.enforcement import EffectsWorker, Endpoint, Webhook
from seawall.store import Store
from seawall.store.outbox import Outbox

url, host, secret, most = sys.argv[1], sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])

def attempt(number):
    steps = count()
    def step(*_arguments, **_rest):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
    with Store.open(url) as store:
        # A lease that is over at once: the next attempt need not wait for the dead one's.
        outbox = Outbox(store, lease=timedelta(0), draw=lambda: 0.0)
        webhook = Webhook(Endpoint(host, (secret,), timeout=10))
        send = webhook.send
        def sent(message):
            step()
            answer = send(message)
            step()
            return answer
        webhook.send = sent
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, step)
        EffectsWorker(outbox, webhook).once()

for number in range(most):
    child = os.fork()
    if child == 0:
        try:
            attempt(number)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        print(number)
        break
    if status != -signal.SIGKILL:
        sys.exit(f"attempt {number} ended with {status}")
else:
    sys.exit("too few attempts")
"""


class Host:
    """A host that applies each event once, by its id."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.applied: list[tuple[str, str]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                now = float(self.headers["Seawall-Signature"].split(",")[0].removeprefix("t="))
                verified = verify_signature(dict(self.headers.items()), body, SECRET, now, seen=host.heard)
                host.heard[verified.id] += 1
                if not verified.repeated:
                    told = json.loads(body)
                    host.applied.append((told["account"], told["type"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


def test_an_effect_is_delivered_at_least_once_and_applied_once(migrated_url: str, tmp_path: Path, host: Host) -> None:
    with Store.open(migrated_url) as store:
        accounts = Accounts(store, Ledger.open(store, KeyFile(tmp_path / "keys")), b"s" * 32)
        accounts.ladders.ensure(shipped_ladder())
        ban = accounts.restrict("a-0", RestrictionKind.BAN, person="ada", reason="r")
        accounts.lift(ban.id, person="ada", reason="r")
        for number in range(1, EFFECTS - 1):
            accounts.restrict(f"a-{number}", RestrictionKind.BAN, person="ada", reason="r")
        outbox = Outbox(store)
        ids = [message.id for message in outbox.messages()]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, migrated_url, host.url, SECRET.decode(), "200"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5
    with Store.open(migrated_url) as store:
        states = {message.id: message.state for message in Outbox(store).messages()}
    assert states == dict.fromkeys(ids, MessageState.DELIVERED)
    assert set(host.heard) == set(ids)
    assert max(host.heard.values()) > 1
    applied = [("a-0", "account.restricted"), ("a-0", "account.lifted")]
    assert [each for each in host.applied if each[0] == "a-0"] == applied
    assert len(host.applied) == EFFECTS
