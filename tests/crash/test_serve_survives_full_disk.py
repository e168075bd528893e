"""A server whose disk is full allows nothing, lives on, and answers again once there is room."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_serve_contract import Serving, serving

pytestmark = pytest.mark.crash

CLIENTS = 8
EACH = 6
PATIENCE = 30.0

Asked = tuple[int, Any]


def _key(home: Path) -> str:
    made = [sys.executable, "-m", "seawall", "keys", "create", "load", "--scope", "check", "--json"]
    environment = os.environ | {"SEAWALL_HOME": str(home)}
    done = subprocess.run(made, env=environment, capture_output=True, text=True, check=True, timeout=120)
    key: str = json.loads(done.stdout)["key"]
    return key


@contextmanager
def _largest_file(pid: int, size: int) -> Iterator[None]:
    """Let no file of a process grow beyond a size: a write that does fails, as on a full disk."""
    # No signal comes with it: Python ignores SIGXFSZ.
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


def _ask(server: Serving, key: str, name: str, many: int = 1) -> Asked:
    if many > 1:
        items = [{"account": f"{name}-{number}", "prompt": "a boat on a lake"} for number in range(many)]
        return server.ask("POST", "/v1/check/batch", {"items": items}, key=key)
    return server.ask("POST", "/v1/check/input", {"account": name, "prompt": "a boat on a lake"}, key=key)


def _all_at_once(server: Serving, key: str, phase: str, many: int = 1) -> list[Asked]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda n: _ask(server, key, f"{phase}-{n}", many), range(CLIENTS * EACH)))


def _until(answered: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not answered():
        assert time.monotonic() < end


def _decisions(answers: list[Asked]) -> list[dict[str, Any]]:
    found = [reply for status, reply in answers if status == 200]
    return [each for reply in found for each in reply.get("results", [reply])]


@pytest.mark.parametrize("wal", [True, False], ids=["log that may still be overwritten", "no room at all"])
def test_a_full_disk_allows_nothing_and_ends_nothing(tmp_path: Path, wal: bool) -> None:
    home = tmp_path / "home"
    key = _key(home)
    given: list[dict[str, Any]] = []
    with serving(home, "--detectors", "canary") as server:
        before = _all_at_once(server, key, "before")
        assert {status for status, _ in before} == {200}
        given += _decisions(before)
        log = next(home.glob("*.db-wal"))
        # What is open in the middle of a transaction, or nothing whatever.
        room = log.stat().st_size + 20_000 if wal else 1
        with _largest_file(server.process.pid, room):
            during = _all_at_once(server, key, "during", many=200 if wal else 1)
            # There is room for some, perhaps; in the end there is none.
            last = _ask(server, key, "last", many=500 if wal else 1)
            assert server.process.poll() is None
            assert server.ask("GET", "/healthz")[0] == 200
            if not wal:
                assert server.ask("GET", "/readyz")[0] == 503, "whoever balances load sends it elsewhere"
        assert server.ask("GET", "/readyz")[0] == 200
        assert {status for status, _ in during} <= {200, 503}
        assert any(status == 503 for status, _ in during)
        assert last[0] in (200, 503)
        if not wal:
            assert {status for status, _ in [*during, last]} == {503}
        given += _decisions([*during, last])
        _until(lambda: _ask(server, key, "again")[0] == 200)
        after = _all_at_once(server, key, "after")
        assert {status for status, _ in after} == {200}
        given += _decisions(after)
        assert server.process.poll() is None
        assert {reply["action"] for reply in given} == {"allow"}
        assert server.stop() == 0
    with closing(sqlite3.connect(next(home.glob("*.db")))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = dict(database.execute("SELECT id, action FROM decision"))
    assert [reply["decision_id"] for reply in given if kept.get(reply["decision_id"]) != "allow"] == []
    checked = [sys.executable, "-m", "seawall", "ledger", "verify"]
    subprocess.run(checked, env=os.environ | {"SEAWALL_HOME": str(home)}, check=True, capture_output=True, timeout=120)
