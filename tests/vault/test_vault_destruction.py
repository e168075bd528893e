"""Objects of the vault at their end: destroyed once and for all, unless they are held; found, swapped or raced for."""

import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from seawall.store import Store
from seawall.store.tables import vault_object
from seawall.vault import (
    Held,
    ObjectDamaged,
    ObjectDestroyed,
    Vault,
    VaultObject,
)
from tests.vault.vault_content import DATA, Events, Keep, Make, content, files


def test_under_the_key_of_a_destroyed_object_nothing_is_kept_again(vault: Vault, keep: Keep, root: Path) -> None:
    item = keep(key="job/1")
    certificate = vault.destroy(item.id, person="ada", reason="test")
    assert keep(key="job/1").destroyed == certificate
    assert files(root) == []


def test_threads_that_put_under_one_key_at_once_get_one_object(vault: Vault, keep: Keep, root: Path) -> None:
    start, found, errors = threading.Barrier(4), set(), []

    def put() -> None:
        start.wait()
        try:
            found.add(keep(DATA, key="job/1"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(found) == len(files(root)) == len(list(vault.objects())) == 1


RACER = """
import sys
from pathlib import Path
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault

url, state = sys.argv[1], Path(sys.argv[2])
with Store.open(url) as store:
    keys = FileKeyProvider(state / "keys" / "vault.key")
    vault = Vault(store, Ledger(store, KeyFile(state / "keys")), keys, state / "state" / "vault")
    print("ready", flush=True)
    print(vault.put(sys.stdin.buffer, purpose="canary", person="ada", key="job/1").id)
"""


def test_processes_that_put_under_one_key_at_once_get_one_object(
    vault: Vault, migrated_url: str, root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", RACER, migrated_url, str(tmp_path)]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
    for racer in racers:
        # Both have looked for the key and found nothing once they read; both get all bytes before either ends.
        assert racer.stdin is not None
        racer.stdin.write(DATA)
        racer.stdin.flush()
    ids = {racer.communicate(timeout=60)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0]
    (item,) = vault.objects()
    assert ids == {item.id.encode() + b"\n"}
    assert [path.name for path in files(root)] == [item.id]
    assert content(vault, item) == DATA


def test_a_destroyed_object_is_gone_and_its_row_and_certificate_stay(
    vault: Vault, keep: Keep, root: Path, store: Store
) -> None:
    item, other = keep(DATA), keep()
    path = root / item.id[:2] / item.id
    copy = path.read_bytes()
    certificate = vault.destroy(item.id, person="ada", reason="order 12")
    assert not path.exists()
    assert vault.get(item.id).destroyed == certificate
    with store.read() as connection:
        kept = connection.execute(select(vault_object.c.wrapped_key).where(vault_object.c.id == item.id)).scalar()
    assert kept is None
    path.write_bytes(copy)
    with pytest.raises(ObjectDestroyed), vault.open(item.id, person="bob", purpose="test"):
        pass
    assert vault.destroy(item.id, person="eve", reason="again") == certificate
    assert not path.exists(), "destroying again finishes"
    assert (list(vault.objects(destroyed=True)), list(vault.objects(destroyed=False))) == (
        [vault.get(item.id)],
        [other],
    )


def test_the_salt_in_the_file_is_overwritten_before_the_file_is_removed(
    vault: Vault, keep: Keep, root: Path, tmp_path: Path
) -> None:
    item = keep(DATA)
    second_name = tmp_path / "hard link"
    os.link(root / item.id[:2] / item.id, second_name)
    vault.destroy(item.id, person="ada", reason="test")
    assert second_name.read_bytes()[:49] == bytes(49)


def test_an_erased_key_is_not_left_in_the_pages_of_sqlite(tmp_path: Path, seawall_home: Path) -> None:
    from seawall.settings import Settings
    from seawall.vault import open_vault

    settings = Settings.from_env()
    with open_vault(settings) as vault:
        items = [vault.put(io.BytesIO(b"%d" % number), purpose="canary", person="ada") for number in range(30)]
    with Store.open(settings.database_url) as store, store.read() as connection:
        wrapped = set(connection.execute(select(vault_object.c.wrapped_key)).scalars())
    assert all(key in (seawall_home / "seawall.db").read_bytes() for key in wrapped)
    with open_vault(settings) as vault:
        for item in items:
            vault.destroy(item.id, person="ada", reason="test")
    left = b"".join(path.read_bytes() for path in seawall_home.glob("seawall.db*"))
    assert not [key for key in wrapped if key in left]


def test_a_reader_that_is_open_while_its_object_is_destroyed_finishes_and_no_other_begins(
    vault: Vault, keep: Keep
) -> None:
    item = keep(DATA)
    with vault.open(item.id, person="bob", purpose="test") as stream:
        assert stream.read(10) == DATA[:10]
        vault.destroy(item.id, person="ada", reason="test")
        assert stream.read() == DATA[10:]
    with pytest.raises(ObjectDestroyed), vault.open(item.id, person="bob", purpose="test"):
        pass


def test_a_hold_forbids_a_destruction(make: Make, root: Path, events: Events) -> None:
    class Preserve:
        def __init__(self) -> None:
            self.cases: Mapping[str | None, str] = {"case-7": "preserved until 2027"}

        def may_destroy(self, item: VaultObject) -> str | None:
            return self.cases.get(item.case)

    hold = Preserve()
    vault = make(holds=[hold])
    held = vault.put(io.BytesIO(DATA), purpose="evidence", person="ada", case="case-7")
    free = vault.put(io.BytesIO(DATA), purpose="evidence", person="ada")
    with pytest.raises(Held, match="preserved until 2027"):
        vault.destroy(held.id, person="ada", reason="test")
    assert content(vault, held) == DATA
    vault.destroy(free.id, person="ada", reason="test")
    hold.cases = {}
    vault.destroy(held.id, person="ada", reason="test")
    assert [event.body["object"] for event in events("vault.destroyed")] == [free.id, held.id]


def test_objects_are_listed_by_purpose_and_case_in_the_order_of_putting(
    vault: Vault, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.vault._rows.PAGE", 2)
    items = [keep(purpose=("removed", "evidence")[number % 2], case=f"case-{number % 3}") for number in range(7)]
    assert list(vault.objects()) == items
    assert list(vault.objects(purpose="evidence")) == items[1::2]
    assert list(vault.objects(case="case-0")) == items[0::3]
    assert list(vault.objects(purpose="removed", case="case-1")) == [items[4]]


def test_a_missing_or_swapped_file_is_refused_by_name(vault: Vault, keep: Keep, root: Path) -> None:
    one, other = keep(DATA), keep(DATA)
    shutil.copy(root / one.id[:2] / one.id, root / other.id[:2] / other.id)
    with pytest.raises(ObjectDamaged, match=other.id):
        content(vault, other)
    (root / one.id[:2] / one.id).unlink()
    with pytest.raises(ObjectDamaged, match=f"{one.id} is missing"):
        content(vault, one)


def test_readers_and_writers_and_destroyers_at_once_see_whole_objects_or_none(vault: Vault, keep: Keep) -> None:
    items = [keep(DATA[: 100_000 + number]) for number in range(6)]
    errors: list[BaseException] = []
    start = threading.Barrier(3)

    def read() -> None:
        for item in items:
            try:
                assert len(content(vault, item)) == item.size
            except (ObjectDestroyed, ObjectDamaged):
                assert vault.get(item.id).destroyed

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    def destroy() -> None:
        for item in reversed(items):
            vault.destroy(item.id, person="ada", reason="test")

    works = [read, destroy, lambda: [keep(DATA) for _ in range(5)]]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    result = vault.verify()
    assert (result.ok, result.objects, result.destroyed) == (True, 5, 6)
