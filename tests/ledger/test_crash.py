"""kill -9 between any two statements: each key is one leaf, and no checkpoint that was handed out is broken."""

import subprocess
import sys
from pathlib import Path

import pytest

from seawall.ledger import KeyFile, Ledger
from seawall.store import Store

EVENTS = 60
NEVER = 1_000_000
KILLED_AT = (2, 12, 28, 60)
PROGRAM = """
import os, signal, sys
from itertools import count
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store

url, keys, events, last = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
steps = count()

def step(*_arguments, **_rest):
    if next(steps) == last:
        os.kill(os.getpid(), signal.SIGKILL)

with Store.open(url) as store:
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, step)
    ledger = Ledger(store, KeyFile(keys), group=4)
    ledger.append_pending()
    for start in range(0, events, 3):
        with store.begin() as connection:
            for number in range(start, start + 3):
                ledger.record(connection, "test.fact", f"fact-{number}", {"number": number})
        if start % 2:
            ledger.append_pending()
        if start % 5 == 0:
            print("note " + ledger.checkpoint()[1].encode().hex(), flush=True)
print("done", flush=True)
"""


def _run(url: str, keys: Path, last: int) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, url, str(keys), str(EVENTS), str(last)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == (0 if last == NEVER else -9)
    return done.stdout.splitlines()


@pytest.mark.crash
def test_a_process_killed_anywhere_leaves_each_key_one_leaf_and_every_checkpoint_good(
    database_url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    printed: list[str] = []
    for last in (*KILLED_AT, NEVER):
        printed += _run(database_url, keys, last)
    assert printed[-1] == "done"
    notes = [bytes.fromhex(line.removeprefix("note ")).decode() for line in printed if line.startswith("note ")]
    assert notes
    with Store.open(database_url) as store:
        ledger = Ledger.open(store, KeyFile(keys))
        assert ledger.size == EVENTS
        assert {ledger.prove(f"fact-{number}").leaf for number in range(EVENTS)} == set(range(EVENTS))
        for note in notes:
            assert ledger.verify(note).ok
