"""Putting, opening on the record, destroying for good; in SQLite and in PostgreSQL."""

import hashlib
import io
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from seawall.errors import LedgerError, NotFound, StorageFull, UsageError
from seawall.ledger import Event, KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import vault_object
from seawall.vault import (
    Destroyed,
    DigestMismatch,
    Held,
    KeyReused,
    ObjectDamaged,
    ObjectDestroyed,
    Purpose,
    Vault,
    VaultObject,
)

Make = Callable[..., Vault]
Keep = Callable[..., VaultObject]
Events = Callable[[str], list[Event]]
DATA = b"striped paper lantern " * 40_000


def _content(vault: Vault, item: VaultObject) -> bytes:
    with vault.open(item.id, person="bob", purpose="test") as stream:
        return stream.read()


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


class Broken(io.RawIOBase):
    """Fails after its first bytes."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 1:
            raise ZeroDivisionError
        return bytes(size)


class Unread(io.RawIOBase):
    """Must not be read."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError


@pytest.mark.parametrize("data", [b"", b"x", DATA])
def test_what_is_put_is_what_is_opened(vault: Vault, data: bytes) -> None:
    item = vault.put(
        io.BytesIO(data), purpose=Purpose.REMOVED, person="clean", case="case-7", media_type="image/png", key="k"
    )
    assert (item.purpose, item.person, item.case, item.media_type) == ("removed", "clean", "case-7", "image/png")
    assert (item.size, item.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (item.put_at, item.destroyed) == ("2026-01-01T12:00:00.000000Z", None)
    assert vault.get(item.id) == item
    assert list(vault.objects()) == [item]
    assert _content(vault, item) == data
    assert vault.verify().ok


def test_an_opened_object_can_be_sought_and_is_closed_with_its_block(vault: Vault, keep: Keep) -> None:
    item = keep(DATA)
    with vault.open(item.id, person="bob", purpose="test") as stream:
        stream.seek(-7, io.SEEK_END)
        assert stream.read() == DATA[-7:]
        stream.seek(300_000)
        assert stream.read(9) == DATA[300_000:300_009]
    with pytest.raises(ValueError, match="closed"):
        stream.read()


def test_files_are_private_and_named_by_nothing_but_a_random_id(keep: Keep, root: Path) -> None:
    first, second = keep(DATA), keep(DATA)
    assert first.id != second.id
    for item in (first, second):
        path = root / item.id[:2] / item.id
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert item.sha256 not in path.name
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.iterdir())} == {0o700}
    assert len(_files(root)) == 2


def test_putting_and_opening_and_destroying_are_in_the_ledger(vault: Vault, keep: Keep, events: Events) -> None:
    item = keep(DATA, case="case-7")
    facts = {"object": item.id, "sha256": item.sha256, "case": "case-7"}
    with vault.open(item.id, person="bob", purpose="second look"):
        (opened,) = events("vault.opened")
    assert opened.body == facts | {"person": "bob", "purpose": "second look"}
    with vault.open(item.id, person="bob", purpose="again", case="case-8"):
        assert [event.body["case"] for event in events("vault.opened")] == ["case-7", "case-8"]
    certificate = vault.destroy(item.id, person="eve", reason="order 12")
    assert certificate == Destroyed(
        item.id, "2026-01-01T12:00:00.000000Z", "eve", "order 12", f"vault/{item.id}/destroyed"
    )
    (put,), (destroyed,) = events("vault.put"), events("vault.destroyed")
    assert put.body == facts | {"person": "ada", "purpose": "canary", "bytes": len(DATA)}
    assert destroyed.key == certificate.event
    assert destroyed.body == put.body | {"person": "eve", "reason": "order 12", "key_id": item.key_id}


def test_an_opening_stays_on_the_record_when_the_reader_fails_later(vault: Vault, keep: Keep, events: Events) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        vault.open(keep().id, person="bob", purpose="test") as stream,
    ):
        stream.read(1)
        raise ZeroDivisionError
    assert len(events("vault.opened")) == 1


@pytest.mark.parametrize("step", ["record_all", "append_pending"])
def test_what_cannot_be_recorded_is_not_opened(store: Store, make: Make, keep: Keep, tmp_path: Path, step: str) -> None:
    item = keep()

    class Full(Ledger):
        pass

    def refuse(*_arguments: object) -> None:
        raise LedgerError("no room")

    vault = make(ledger=Full(store, KeyFile(tmp_path / "keys")))
    setattr(Full, step, refuse)
    entered = False
    with pytest.raises(LedgerError, match="no room"), vault.open(item.id, person="bob", purpose="test"):
        entered = True
    assert not entered


def test_what_is_not_there_cannot_be_opened_or_destroyed(vault: Vault, root: Path, events: Events) -> None:
    with pytest.raises(NotFound, match="0" * 32), vault.open("0" * 32, person="bob", purpose="test"):
        pass
    with pytest.raises(NotFound):
        vault.destroy("0" * 32, person="ada", reason="test")
    with pytest.raises(NotFound):
        vault.get("0" * 32)
    with pytest.raises(UsageError, match="32 hex digits"):
        vault.get("../../etc/passwd")
    assert events("vault.opened") == []
    assert not root.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "Not A Word"},
        {"purpose": ""},
        {"person": ""},
        {"person": "two\nlines"},
        {"person": "x" * 129},
        {"person": "\ud800"},
        {"case": " "},
        {"media_type": "picture"},
    ],
)
def test_names_that_cannot_be_recorded_are_refused_before_anything_is_read(
    vault: Vault, root: Path, wrong: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        vault.put(Unread(), **({"purpose": "canary", "person": "ada"} | wrong))  # type: ignore[arg-type]
    assert not root.exists()


@pytest.mark.parametrize("names", [("", "why"), ("bob", ""), ("bob", "a\x00b"), ("bob", "x" * 129)])
def test_an_opening_without_a_person_and_a_purpose_is_refused(
    vault: Vault, keep: Keep, events: Events, names: tuple[str, str]
) -> None:
    refused = pytest.raises(UsageError, match="must be a printable text")
    with refused, vault.open(keep().id, person=names[0], purpose=names[1]):
        pass
    assert events("vault.opened") == []


def test_bytes_of_another_digest_are_refused_and_not_kept(vault: Vault, keep: Keep, root: Path) -> None:
    with pytest.raises(DigestMismatch):
        keep(DATA, sha256=hashlib.sha256(b"other").digest())
    assert (_files(root), list(vault.objects())) == ([], [])
    assert keep(DATA, sha256=hashlib.sha256(DATA).digest()).size == len(DATA)


def test_a_stream_that_fails_leaves_nothing(vault: Vault, root: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        vault.put(Broken(), purpose="canary", person="ada")  # type: ignore[arg-type]
    assert (_files(root), list(vault.objects())) == ([], [])


def test_a_full_disk_is_named_and_nothing_is_kept(vault: Vault, keep: Keep, root: Path) -> None:
    keep()
    before = _files(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(StorageFull) as raised:
            vault.put(io.BytesIO(DATA * 4), purpose="canary", person="ada", key="secret name")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "secret" not in str(raised.value)
    assert _files(root) == before
    assert len(list(vault.objects())) == 1


def test_a_full_database_is_named_and_nothing_is_kept(
    vault: Vault, root: Path, monkeypatch: pytest.MonkeyPatch, store: Store, make: Make, tmp_path: Path
) -> None:
    class Full(Ledger):
        def record_all(self, connection: Connection, events: Any) -> None:
            raise StorageFull("the database has no space left to grow")

    full = make(ledger=Full(store, KeyFile(tmp_path / "keys")))
    with pytest.raises(StorageFull, match="no space left to grow"):
        full.put(io.BytesIO(DATA), purpose="canary", person="ada")
    assert (_files(root), list(vault.objects())) == ([], [])


def test_the_same_key_twice_is_one_object_and_the_second_stream_is_not_read(vault: Vault, keep: Keep) -> None:
    first = keep(DATA, key="job/1")
    again = vault.put(Unread(), purpose="canary", person="eve", key="job/1")  # type: ignore[arg-type]
    assert again == first
    assert len(list(vault.objects())) == 1
    with pytest.raises(KeyReused, match=first.id):
        keep(DATA, key="job/1", purpose="evidence")
    with pytest.raises(KeyReused, match=first.id):
        keep(b"other", key="job/1", sha256=hashlib.sha256(b"other").digest())


def test_under_the_key_of_a_destroyed_object_nothing_is_kept_again(vault: Vault, keep: Keep, root: Path) -> None:
    item = keep(key="job/1")
    certificate = vault.destroy(item.id, person="ada", reason="test")
    assert keep(key="job/1").destroyed == certificate
    assert _files(root) == []


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
    assert len(found) == len(_files(root)) == len(list(vault.objects())) == 1


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
    assert [path.name for path in _files(root)] == [item.id]
    assert _content(vault, item) == DATA


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
    assert _content(vault, held) == DATA
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
        _content(vault, other)
    (root / one.id[:2] / one.id).unlink()
    with pytest.raises(ObjectDamaged, match=f"{one.id} is missing"):
        _content(vault, one)


def test_readers_and_writers_and_destroyers_at_once_see_whole_objects_or_none(vault: Vault, keep: Keep) -> None:
    items = [keep(DATA[: 100_000 + number]) for number in range(6)]
    errors: list[BaseException] = []
    start = threading.Barrier(3)

    def read() -> None:
        for item in items:
            try:
                assert len(_content(vault, item)) == item.size
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
