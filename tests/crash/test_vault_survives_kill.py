"""kill -9 between any two steps of a put, an opening, a destruction or a rewrap: nothing is half done for long."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import ledger_event
from seawall.vault import EnvKeyProvider, FileKeyProvider, KeyRing, Vault, rotate

pytestmark = pytest.mark.crash
MOST_STEPS = 200
OBJECTS = 60  # at least one for each step of a destruction or an opening, each of which spends one
NEW_KEY = EnvKeyProvider({"SEAWALL_VAULT_KEY": base64.b64encode(bytes(32)).decode()})
# Each attempt runs in a fork of this process, and is killed one step later than the one before: a step is a
# statement or a commit, before and after, and every call that touches files.
PROGRAM = """
import base64, io, json, os, signal, sys
from itertools import count
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import EnvKeyProvider, FileKeyProvider, Vault, rotate

url, state, action, most = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
targets = json.loads(sys.argv[5])
data = b"blue glass heron " * 20_000

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
    with Store.open(url) as store:
        keys = FileKeyProvider(state / "keys" / "vault.key")
        vault = Vault(store, Ledger(store, KeyFile(state / "keys")), keys, state / "vault")
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, step)
        for name in ("open", "fsync", "link", "unlink", "mkdir"):
            setattr(os, name, stepping(getattr(os, name)))
        Path.unlink = stepping(Path.unlink)
        Path.open = stepping(Path.open)
        if action == "put":
            vault.put(io.BytesIO(data), purpose="canary", person="ada", key=f"job/{number}")
        elif action == "destroy":
            vault.destroy(targets[number], person="ada", reason="test")
        elif action == "open":
            with vault.open(targets[number], person="bob", purpose="test") as stream:
                (state / f"seen-{number}").write_bytes(stream.read(16))
        elif action == "rewrap":
            vault.rewrap(EnvKeyProvider({"SEAWALL_VAULT_KEY": base64.b64encode(bytes(32)).decode()}))
        elif action == "rotate":
            rotate(vault)

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
DATA = b"blue glass heron " * 20_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    return state


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    with Store.open(migrated_url) as store:
        yield store


@pytest.fixture
def vault(store: Store, state: Path) -> Vault:
    return _vault(store, state)


def _vault(store: Store, state: Path) -> Vault:
    """A vault that thinks that two hours have passed."""
    keys = KeyRing(FileKeyProvider(state / "keys" / "vault.key"), NEW_KEY)
    ledger = Ledger.open(store, KeyFile(state / "keys"))
    return Vault(store, ledger, keys, state / "vault", lambda: datetime.now(UTC) + timedelta(hours=2))


def _kill_at_each_step(url: str, state: Path, action: str, targets: list[str]) -> int:
    """Run the action until it ends unharmed; return how often it was killed."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, url, str(state), action, str(MOST_STEPS)]
    done = subprocess.run([*command, json.dumps(targets)], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _put(vault: Vault, count: int) -> list[str]:
    return [vault.put(io.BytesIO(DATA), purpose="canary", person="ada").id for _ in range(count)]


def _events(store: Store, kind: str) -> Counter[str]:
    with store.read() as connection:
        found = [json.loads(data) for data in connection.execute(select(ledger_event.c.data)).scalars()]
    return Counter(event["body"].get("object") for event in found if event["kind"] == kind)


def _files(state: Path) -> set[str]:
    return {path.name for path in (state / "vault").rglob("*") if path.is_file()}


def test_a_killed_put_keeps_an_object_whole_or_not_at_all(
    migrated_url: str, state: Path, store: Store, vault: Vault
) -> None:
    kills = _kill_at_each_step(migrated_url, state, "put", [])
    assert kills > 15
    before = {item.id for item in vault.objects()}
    assert vault.verify().objects == len(before)
    vault.sweep()
    assert _files(state) == before, "what a kill left is swept, and nothing else"
    assert vault.verify().ok
    again = [
        vault.put(io.BytesIO(DATA), purpose="canary", person="ada", key=f"job/{number}") for number in range(kills + 1)
    ]
    assert {item.id for item in again} == {item.id for item in vault.objects()} >= before
    assert len(again) == len(set(again))
    assert vault.verify().ok
    assert _events(store, "vault.put") == Counter(item.id for item in again)


def test_a_killed_destruction_is_not_begun_or_is_finished_by_the_next_call_or_sweep(
    migrated_url: str, state: Path, store: Store, vault: Vault
) -> None:
    ids = _put(vault, OBJECTS)
    kills = _kill_at_each_step(migrated_url, state, "destroy", ids)
    assert kills > 8
    touched = ids[: kills + 1]
    destroyed = {item.id for item in vault.objects(destroyed=True)}
    assert 0 < len(destroyed) < len(touched)
    for object_id in set(ids) - destroyed:
        with vault.open(object_id, person="bob", purpose="test") as stream:
            assert stream.read() == DATA
    left = sorted(destroyed & _files(state))
    assert len(left) > 1, "some were killed between the erasure of the key and the removal of the file"
    finished = vault.destroy(left[0], person="eve", reason="again")
    assert (finished.person, finished.reason) == ("ada", "test"), "the first certificate stands"
    assert left[0] not in _files(state)
    assert vault.sweep().leftovers == len(left) - 1
    for object_id in touched:
        vault.destroy(object_id, person="ada", reason="test")
    assert _files(state) == set(ids) - set(touched)
    assert vault.verify().ok
    assert _events(store, "vault.destroyed") == Counter(touched)


def test_whoever_saw_a_byte_before_a_kill_is_in_the_ledger(
    migrated_url: str, state: Path, store: Store, vault: Vault
) -> None:
    ids = _put(vault, OBJECTS)
    kills = _kill_at_each_step(migrated_url, state, "open", ids)
    assert kills > 8
    # What was queued when the process was killed is in the tree once the ledger is opened.
    ledger = Ledger.open(store, KeyFile(state / "keys"))
    assert ledger.verify().ok
    opened = _events(store, "vault.opened")
    seen = [ids[number] for number in range(kills + 1) if (state / f"seen-{number}").exists()]
    assert seen
    assert all(opened[object_id] == 1 for object_id in seen)


def test_a_killed_rewrap_leaves_every_object_readable_and_is_finished_by_the_next(
    migrated_url: str, state: Path, store: Store, vault: Vault
) -> None:
    ids = _put(vault, 5)
    assert _kill_at_each_step(migrated_url, state, "rewrap", []) > 5
    assert vault.verify().ok
    vault.rewrap(NEW_KEY)
    for object_id in ids:
        with vault.open(object_id, person="bob", purpose="test") as stream:
            assert stream.read() == DATA


def test_a_killed_rotation_leaves_every_object_readable_and_is_finished_by_the_next(
    migrated_url: str, state: Path, store: Store, vault: Vault
) -> None:
    ids = _put(vault, 5)
    assert _kill_at_each_step(migrated_url, state, "rotate", []) > 10
    keys = FileKeyProvider(state / "keys" / "vault.key")
    rotated = Vault(store, Ledger.open(store, KeyFile(state / "keys")), keys, state / "vault")
    assert rotated.verify().ok
    rotate(rotated)
    assert {item.key_id for item in rotated.objects()} == {keys.key_id()}
    assert _events(store, "vault.key_renewed").total() == len(keys.older()), "each key that wrapped is in the ledger"
    for object_id in ids:
        with vault.open(object_id, person="bob", purpose="test") as stream:
            assert stream.read() == DATA


def test_a_put_that_is_killed_while_it_streams_leaves_no_object_and_no_plaintext(
    seawall_home: Path, tmp_path: Path
) -> None:
    program = (
        "import sys\nfrom seawall.settings import Settings\nfrom seawall.vault import open_vault\n"
        "with open_vault(Settings.from_env()) as vault:\n"
        "    vault.put(sys.stdin.buffer, purpose='canary', person='ada', key='job/1')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(DATA * 10)
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list((seawall_home / "vault").rglob(".*.part")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert not [path for path in seawall_home.rglob("*") if path.is_file() and b"glass heron" in path.read_bytes()]
    with Store.open(f"sqlite:///{seawall_home / 'seawall.db'}") as store:
        vault = Vault(
            store,
            Ledger.open(store, KeyFile(seawall_home / "keys")),
            FileKeyProvider(seawall_home / "keys" / "vault.key"),
            seawall_home / "vault",
            lambda: datetime.now(UTC) + timedelta(hours=2),
        )
        assert list(vault.objects()) == []
        assert vault.sweep().parts == 1
        item = vault.put(io.BytesIO(DATA), purpose="canary", person="ada", key="job/1")
        assert (item.size, vault.verify().ok) == (len(DATA), True)
    assert _files(seawall_home) == {item.id}
