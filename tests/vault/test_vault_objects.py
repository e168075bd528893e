"""Objects of the vault: what is put is what is opened, both are on record, and what fails leaves nothing."""

import hashlib
import io
import resource
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from seawall.errors import LedgerError, NotFound, StorageFull, UsageError
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import (
    Destroyed,
    DigestMismatch,
    KeyReused,
    Purpose,
    Vault,
)
from tests.vault.vault_content import DATA, Events, Keep, Make, content, files


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
    assert content(vault, item) == data
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
    assert len(files(root)) == 2


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
    assert (files(root), list(vault.objects())) == ([], [])
    assert keep(DATA, sha256=hashlib.sha256(DATA).digest()).size == len(DATA)


def test_a_stream_that_fails_leaves_nothing(vault: Vault, root: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        vault.put(Broken(), purpose="canary", person="ada")  # type: ignore[arg-type]
    assert (files(root), list(vault.objects())) == ([], [])


def test_a_full_disk_is_named_and_nothing_is_kept(vault: Vault, keep: Keep, root: Path) -> None:
    keep()
    before = files(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(StorageFull) as raised:
            vault.put(io.BytesIO(DATA * 4), purpose="canary", person="ada", key="secret name")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "secret" not in str(raised.value)
    assert files(root) == before
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
    assert (files(root), list(vault.objects())) == ([], [])


def test_the_same_key_twice_is_one_object_and_the_second_stream_is_not_read(vault: Vault, keep: Keep) -> None:
    first = keep(DATA, key="job/1")
    again = vault.put(Unread(), purpose="canary", person="eve", key="job/1")  # type: ignore[arg-type]
    assert again == first
    assert len(list(vault.objects())) == 1
    with pytest.raises(KeyReused, match=first.id):
        keep(DATA, key="job/1", purpose="evidence")
    with pytest.raises(KeyReused, match=first.id):
        keep(b"other", key="job/1", sha256=hashlib.sha256(b"other").digest())
