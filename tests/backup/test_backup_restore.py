"""A backup brings everything back, into either kind of database; what was destroyed stays destroyed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from seawall.backup import BackupDamaged, BackupInUse, BackupMismatch, Manifest, back_up, restore, verify_backup
from seawall.deploy.guard import open_guard
from seawall.deploy.guard.requests import InputCheck
from seawall.errors import UsageError
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import GuardAction
from seawall.store import Store, migrate
from seawall.store.tables import metadata
from seawall.vault import ObjectDestroyed, open_vault
from tests.backup.backup_place import Place

HERON = b"blue glass heron " * 9_000


def test_everything_comes_back(place: Place, other: Callable[..., Place]) -> None:
    item = place.put(HERON)
    made = place.back_up()
    two = other(place)
    done = restore(two.settings, place.folder, place.keyring)
    assert (done.rows, done.objects, done.destroyed) == (made.rows, 1, 0)
    before, after = place.rows(), two.rows()
    for name, rows in before.items():
        if name.startswith("ledger"):
            continue  # The making and the restoring are each told to the ledger of their own place.
        assert after[name] == rows, name
    with open_vault(two.settings) as vault:
        with vault.open(item.id, person="bob", purpose="test") as stream:
            assert stream.read() == HERON
        assert vault.verify().ok
    assert (two.settings.home / "lists" / "one" / "segment").read_bytes() == b"entries"
    assert (two.settings.home / "notes.yaml").exists()
    _expect_whole_ledger(two)


def test_a_restored_database_goes_on(place: Place, other: Callable[..., Place]) -> None:
    place.back_up()
    two = other(place)
    restore(two.settings, place.folder, place.keyring)
    with open_guard(two.settings) as guard:
        assert guard.check_input(InputCheck(account="b", prompt="a boat")).action is GuardAction.ALLOW
    assert two.put(b"more").size == 4
    with pytest.raises(BackupInUse):
        restore(two.settings, place.folder, place.keyring)
    _expect_whole_ledger(two)


@pytest.mark.parametrize("kinds", ["sqlite to postgres", "postgres to sqlite"])
def test_one_kind_of_database_restores_into_the_other(
    kinds: str, tmp_path: Path, postgres_url: str, other: Callable[..., Place]
) -> None:
    here, there = (None, postgres_url) if kinds == "sqlite to postgres" else (postgres_url, None)
    one = Place(tmp_path / "one", here)
    one.settings.directory()
    item = one.put(HERON)
    with open_guard(one.settings) as guard:
        guard.check_input(InputCheck(account="a", prompt="a boat"))
    one.back_up()
    two = other(one, there)
    restore(two.settings, one.folder, one.keyring)
    assert {name: rows for name, rows in two.rows().items() if not name.startswith("ledger")} == {
        name: rows for name, rows in one.rows().items() if not name.startswith("ledger")
    }
    with open_vault(two.settings) as vault:
        assert vault.verify().ok
        with vault.open(item.id, person="bob", purpose="test") as stream:
            assert stream.read() == HERON
    assert two.put(b"counted on").size == 10
    _expect_whole_ledger(two)


def test_a_backup_has_a_file_of_rows_for_every_table(place: Place) -> None:
    place.back_up()
    assert Manifest.load(place.folder).tables.keys() == metadata.tables.keys()


def test_what_was_destroyed_after_a_backup_stays_destroyed(
    place: Place, other: Callable[..., Place], tmp_path: Path
) -> None:
    kept, gone = place.put(HERON), place.put(b"grey stone owl")
    place.back_up()
    old = tmp_path / "old"
    shutil.copytree(place.folder, old)
    place.destroy(gone)
    made = place.back_up()
    assert (made.copied, made.dropped) == (0, 1), "the file of what was destroyed leaves the backup"
    # Somebody kept the older folder. The newest keyring says what may come back of it.
    two = other(place)
    done = restore(two.settings, old, place.keyring)
    assert (done.objects, done.destroyed) == (1, 1)
    assert not list((two.settings.home / "vault").rglob(gone.id))
    with open_vault(two.settings) as vault:
        with pytest.raises(ObjectDestroyed), vault.open(gone.id, person="bob", purpose="test"):
            pass
        certificate = vault.get(gone.id).destroyed
        assert certificate is not None
        assert certificate.person == "restore"
        with vault.open(kept.id, person="bob", purpose="test") as stream:
            assert stream.read() == HERON
        assert vault.verify().ok
    _expect_whole_ledger(two)


def test_a_backup_holds_no_key(place: Place) -> None:
    item = place.put(HERON)
    place.back_up()
    with Store.open(place.settings.database_url) as store, store.read() as connection:
        table = MetaData()
        table.reflect(connection, only=["vault_object"])
        wrapped = bytes(connection.execute(select(table.tables["vault_object"].c.wrapped_key)).scalar_one())
    secrets = [path.read_bytes() for path in (place.settings.home / "keys").rglob("*") if path.is_file()]
    assert len(secrets) > 1
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data += gzip.decompress(data)
        for secret in (wrapped, *secrets):
            assert secret not in data
            assert base64.b64encode(secret) not in data
        assert HERON[:64] not in data
        assert path.stat().st_mode & 0o077 == 0, path
    assert any(path.name == item.id for path in files)


def test_a_second_backup_copies_only_what_is_new(place: Place) -> None:
    place.put(HERON)
    first = place.back_up()
    second = place.back_up()
    assert (second.copied, second.kept) == (0, first.copied + first.kept)
    place.put(b"more")
    assert place.back_up().copied == 1
    assert verify_backup(place.folder, place.keyring).number == 3


def test_a_keyring_of_another_folder_or_of_an_older_backup_is_refused(
    place: Place, other: Callable[..., Place], tmp_path: Path
) -> None:
    place.put(HERON)
    place.back_up()
    older = tmp_path / "older"
    shutil.copyfile(place.keyring, older)
    place.back_up()
    two = other(place)
    with pytest.raises(BackupMismatch):
        restore(two.settings, place.folder, older)
    back_up(place.settings, tmp_path / "elsewhere", tmp_path / "foreign")
    with pytest.raises(BackupMismatch):
        restore(two.settings, place.folder, tmp_path / "foreign")
    assert not (two.settings.home / "seawall.db").exists()


def test_whatever_is_changed_or_missing_is_named_and_nothing_is_restored(
    place: Place, other: Callable[..., Place]
) -> None:
    place.put(HERON)
    place.back_up()
    two = other(place)
    for number, name in enumerate(sorted(Manifest.load(place.folder).parts)):
        path = place.folder / name
        data = path.read_bytes()
        if number % 2:
            path.unlink()
        else:
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if data else b"x")
        with pytest.raises(BackupDamaged, match=name.rpartition("/")[2][:20]):
            restore(two.settings, place.folder, place.keyring)
        path.write_bytes(data)
    assert not (two.settings.home / "seawall.db").exists()
    verify_backup(place.folder, place.keyring)


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "rows/../../outside", ""])
def test_a_manifest_that_names_what_lies_outside_is_refused(place: Place, path: str) -> None:
    place.back_up()
    manifest = json.loads((place.folder / "manifest.json").read_bytes())
    part = {"sha256": hashlib.sha256(b"").hexdigest(), "size": 0}
    for changed in ({"parts": manifest["parts"] | {path: part}}, {"home": {path: next(iter(manifest["parts"]))}}):
        (place.folder / "manifest.json").write_text(json.dumps(manifest | changed), "utf-8")
        with pytest.raises(BackupDamaged):
            verify_backup(place.folder)


def test_what_interrupts_a_backup_leaves_the_one_before(place: Place, other: Callable[..., Place]) -> None:
    place.put(HERON)
    place.back_up()
    rows = place.rows()
    (place.settings.home / "notes.yaml").write_text("themes: [law]\n", "utf-8")
    place.put(b"more")
    every = _steps(place)
    for stop in range(0, every, max(1, every // 6)):
        seen = iter(range(10_000))

        def interrupt(_what: str, _done: int, _all: int, stop: int = stop, seen: Iterator[int] = seen) -> None:
            if next(seen) == stop:
                raise KeyboardInterrupt

        number = Manifest.load(place.folder).number
        with pytest.raises(KeyboardInterrupt):
            place.back_up(progress=interrupt)
        assert verify_backup(place.folder, place.keyring).number == number
    two = other(place)
    restore(two.settings, place.folder, place.keyring)
    assert two.rows()["decision"] == rows["decision"]
    assert (two.settings.home / "notes.yaml").read_text("utf-8") == "themes: []\n"
    place.back_up()
    left = {path.relative_to(place.folder).as_posix() for path in place.folder.rglob("*") if path.is_file()}
    assert left == {*Manifest.load(place.folder).parts, "manifest.json"}, "what was interrupted is removed"


def test_places_that_would_mix_are_refused(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keyring"):
        back_up(place.settings, place.folder, place.folder / "keyring")
    with pytest.raises(UsageError, match="home"):
        back_up(place.settings, place.settings.home / "backup", tmp_path / "keyring")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="something else"):
        back_up(place.settings, tmp_path / "full", tmp_path / "keyring")
    assert (tmp_path / "full" / "letters.txt").read_text("utf-8") == "mine"


def test_an_older_schema_is_restored_and_then_upgraded(
    place: Place, other: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = Place(tmp_path / "old", None)
    old.settings.directory()
    with Store.open(old.settings.database_url, schema="0004") as store, store.read() as connection:
        assert migrate.revision(connection) == "0004"
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "HEAD", "0004")
        patched.setattr(Store.open.__func__, "__kwdefaults__", Store.open.__kwdefaults__ | {"schema": "0004"})
        item = old.put(HERON)
        old.back_up()
    assert Manifest.load(old.folder).schema == "0004"
    two = other(old, name="new")
    restore(two.settings, old.folder, old.keyring)
    with Store.open(two.settings.database_url) as store, store.read() as connection:
        assert migrate.revision(connection) == migrate.HEAD
    with open_vault(two.settings) as vault, vault.open(item.id, person="bob", purpose="test") as stream:
        assert stream.read() == HERON


def test_the_commands_do_the_same(seawall: Callable[..., Any], seawall_home: Path, tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(HERON)
    assert seawall("vault", "put", tmp_path / "photo", "--purpose", "canary", "--person", "ada").code == 0
    folder, ring, two = tmp_path / "b", tmp_path / "k", tmp_path / "two"
    made = seawall("backup", folder, "--keyring", ring, "--json")
    assert (made.code, made.json()["objects"]) == (0, 1), made.err
    assert seawall("backup", folder, "--keyring", ring, "--check").code == 0
    shutil.copytree(seawall_home / "keys", two / "keys")
    done = seawall("restore", folder, "--keyring", ring, "--json", env={"SEAWALL_HOME": str(two)})
    assert (done.code, done.json()["objects"]) == (0, 1), done.err
    assert seawall("vault", "verify", env={"SEAWALL_HOME": str(two)}).code == 0
    assert seawall("ledger", "verify", env={"SEAWALL_HOME": str(two)}).code == 0
    again = seawall("restore", folder, "--keyring", ring, env={"SEAWALL_HOME": str(two)})
    assert again.code == 2
    assert "backup_in_use" in again.err
    assert "schema" in seawall("db", "upgrade").out


def _steps(place: Place) -> int:
    seen = []
    back_up(
        place.settings,
        place.folder.with_name("trial"),
        place.keyring.with_name("trial-keyring"),
        progress=lambda *each: seen.append(each),
    )
    return len(seen)


def _expect_whole_ledger(place: Place) -> None:
    with Store.open(place.settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(place.settings.home / "keys"))
        assert ledger.verify(None).ok
