"""A server that is killed under load: every answer it gave is on record, and every decision counts exactly once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_serve_contract import serving

pytestmark = pytest.mark.crash

PACK = """
name: nonsense
version: 1
owner: tests
expires: 2099-01-01
terms:
  - {category: csem.grooming, term: zorblax}
"""
CLIENTS = 8
ANSWERS = 60
KILLS = 3


def _seawall(home: Path, *arguments: str) -> str:
    environment = os.environ | {"SEAWALL_HOME": str(home)}
    command = [sys.executable, "-m", "seawall", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout


class Client(threading.Thread):
    """Asks until nobody answers; keeps what it was told."""

    def __init__(self, port: int, key: str, name: str, enough: threading.Semaphore) -> None:
        super().__init__()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._port, self._key, self._name, self._enough = port, key, name, enough

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        for number in range(10_000):
            prompt = "a zorblax by a lake" if number % 2 else "a boat on a lake"
            body = {"account": f"{self._name}-{number}", "prompt": prompt}
            try:
                connection.request("POST", "/v1/check/input", json.dumps(body), headers)
                answer = connection.getresponse()
                reply = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                return
            if answer.status == 200:
                self.told.append((body["account"], reply))
                self._enough.release()


def test_no_answer_is_lost_and_no_strike_is_given_twice_however_often_a_server_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    pack = tmp_path / "pack.yaml"
    pack.write_text(PACK)
    _seawall(home, "packs", "seal", str(pack))
    key = json.loads(_seawall(home, "keys", "create", "load", "--scope", "check", "--json"))["key"]
    told: list[tuple[str, dict[str, Any]]] = []
    for life in range(KILLS):
        with serving(home, log=f"server-{life}.log") as server:
            enough = threading.Semaphore(0)
            clients = [Client(server.port, key, f"{life}-{number}", enough) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            for _ in range(ANSWERS):
                assert enough.acquire(timeout=60)
            os.kill(server.process.pid, signal.SIGKILL)
            for client in clients:
                client.join(60)
            told += [each for client in clients for each in client.told]
    refused = {account: reply for account, reply in told if int(account.rsplit("-", 1)[1]) % 2}
    assert refused and all(reply["action"] == "block" for reply in refused.values())
    assert all(reply["action"] == "allow" for account, reply in told if account not in refused)
    with serving(home, log="after.log") as server:
        for account, reply in told:
            status, found = server.ask("GET", f"/v1/decisions/{reply['decision_id']}", key=key)
            assert (status, found["account"], found["action"]) == (200, account, reply["action"])
        assert server.stop() == 0
    # Each refused account was refused once; a decision whose answer was lost on the way counts as well, once.
    for account, reply in list(refused.items())[:: max(1, len(refused) // 12)]:
        shown = json.loads(_seawall(home, "accounts", "show", account, "--json"))
        assert [strike["decision_id"] for strike in shown["strikes"]] == [reply["decision_id"]]
    _seawall(home, "accounts", "replay")
    _seawall(home, "ledger", "verify")
