"""kill -9 between any two steps of a purge or an order: no hold is broken, and what was begun is finished later."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import ledger_event, retention_object, vault_object
from seawall.vault import FileKeyProvider, Vault
from seawall.vault.retention import Retention
from seawall.vault.retention.purge import Purge

pytestmark = pytest.mark.crash
MOST_STEPS = 300
LATER = datetime(2030, 1, 1, tzinfo=UTC)
DATA = b"blue glass heron " * 2_000
# As in test_vault_survives_kill: each attempt runs in a fork that is killed one step later than the one before.
PROGRAM = """
import json, os, signal, sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault
from seawall.vault.retention.purge import Purge

url, state, action, most = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
targets, paper = json.loads(sys.argv[5])
later = lambda: datetime(2030, 1, 1, tzinfo=UTC)

def attempt(number):
    steps = count()
    def step(*_arguments, **_rest):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
    def stepping(call):
        def wrapped(*arguments, **rest):
            step()
            result = call(*arguments, **rest)
            step()
            return result
        return wrapped
    with Store.open(url, clock=later) as store:
        keys = FileKeyProvider(state / "keys" / "vault.key")
        ledger = Ledger(store, KeyFile(state / "keys"))
        purge = Purge(Vault(store, ledger, keys, state / "vault"), ledger)
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, step)
        for name in ("open", "fsync", "link", "unlink", "mkdir"):
            setattr(os, name, stepping(getattr(os, name)))
        Path.unlink = stepping(Path.unlink)
        Path.open = stepping(Path.open)
        if action == "purge":
            purge.run("ada")
        else:
            purge.by_order(targets[number], document=paper, reference="LE-1", persons=("ada", "bob"), reason="order")

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


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    return state


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    with Store.open(migrated_url, clock=lambda: LATER) as store:
        yield store


@pytest.fixture
def ledger(store: Store, state: Path) -> Ledger:
    return Ledger.open(store, KeyFile(state / "keys"))


@pytest.fixture
def vault(store: Store, ledger: Ledger, state: Path) -> Vault:
    return Vault(store, ledger, FileKeyProvider(state / "keys" / "vault.key"), state / "vault")


def _kill_at_each_step(url: str, state: Path, action: str, targets: list[str], paper: str) -> int:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, url, str(state), action, str(MOST_STEPS)]
    done = subprocess.run(
        [*command, json.dumps([targets, paper])], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _put(vault: Vault, count: int) -> list[str]:
    return [vault.put(io.BytesIO(DATA), purpose="canary", person="ada").id for _ in range(count)]


def _files(state: Path) -> set[str]:
    return {path.name for path in (state / "vault").rglob("*") if path.is_file()}


def _certificates(store: Store) -> Counter[str]:
    with store.read() as connection:
        found = [json.loads(data) for data in connection.execute(select(ledger_event.c.data)).scalars()]
    return Counter(event["body"]["object"] for event in found if event["kind"] == "vault.destroyed")


def test_a_killed_purge_breaks_no_hold_and_is_finished_by_the_next(
    migrated_url: str, state: Path, store: Store, ledger: Ledger, vault: Vault
) -> None:
    held, due, free = _put(vault, 4), _put(vault, 4), _put(vault, 2)
    early = datetime(2026, 1, 1, tzinfo=UTC)
    retention = Retention(store, ledger)
    with store.begin() as connection:
        retention.begin(connection, [*held, *due], case="c-1", ground="finding: canary")
        retention.extend(connection, due, case="c-1", receipt="r-1", places=["US"], at=early)
        retention.extend(connection, held[:2], case="c-1", receipt="r-2", places=["US"], at=LATER)
    kills = _kill_at_each_step(migrated_url, state, "purge", [], "")
    assert kills > 25, "the purge was killed at each of its steps, and went on each time"
    assert Purge(vault, Ledger.open(store, KeyFile(state / "keys"))).run("ada").destroyed == ()
    assert _files(state) == {*held, *free}
    for object_id in [*held, *free]:
        with vault.open(object_id, person="bob", purpose="test") as stream:
            assert stream.read() == DATA
    assert _certificates(store) == Counter(due), "one certificate each"
    assert vault.verify().ok
    with store.read() as connection:
        keys = connection.execute(select(vault_object.c.wrapped_key).where(vault_object.c.id.in_(due))).scalars()
        assert set(keys) == {None}
        done = connection.execute(
            select(retention_object.c.object).where(retention_object.c.done_at.is_not(None))
        ).scalars()
        assert set(done) == set(due)


def test_a_killed_order_is_not_entered_or_is_carried_out_by_the_next_purge(
    migrated_url: str, state: Path, store: Store, ledger: Ledger, vault: Vault
) -> None:
    (paper,), targets = _put(vault, 1), _put(vault, 120)
    with store.begin() as connection:
        Retention(store, ledger).begin(connection, targets, case="c-1", ground="finding: canary")
    kills = _kill_at_each_step(migrated_url, state, "order", targets, paper)
    assert 12 < kills < len(targets)
    Purge(vault, Ledger.open(store, KeyFile(state / "keys"))).run("eve")
    with store.read() as connection:
        found = connection.execute(select(vault_object.c.id).where(vault_object.c.wrapped_key.is_(None))).scalars()
        destroyed = set(found)
    assert targets[kills] in destroyed
    assert targets[0] not in destroyed, "an order that was not entered destroys nothing"
    assert _files(state) == {paper, *targets} - destroyed
    assert _certificates(store) == Counter(destroyed)
    reasons = {item.destroyed.reason for item in vault.objects(destroyed=True) if item.destroyed}
    assert reasons == {"order LE-1, with bob: order"}
    assert vault.verify().ok
