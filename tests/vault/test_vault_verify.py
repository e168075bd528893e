"""Verifying names every damage and removes nothing; sweeping removes what crashes left, and only that."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from seawall.ledger import Event
from seawall.store import Store
from seawall.store.tables import vault_object
from seawall.vault import Fault, Problem, Vault, VaultObject

Keep = Callable[..., VaultObject]
Events = Callable[[str], list[Event]]
DATA = b"grey stone owl " * 50_000
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


def _path(root: Path, item: VaultObject) -> Path:
    return root / item.id[:2] / item.id


def _age(path: Path, seconds: float) -> None:
    os.utime(path, (NOON - seconds, NOON - seconds))


def test_an_empty_vault_verifies(vault: Vault, root: Path) -> None:
    result = vault.verify()
    assert (result.ok, result.objects, result.destroyed) == (True, 0, 0)
    assert not root.exists()


def test_each_damage_is_named_with_its_object(
    vault: Vault, keep: Keep, root: Path, store: Store, events: Events
) -> None:
    good, missing, cut, changed, row, exposed, key = (keep(DATA) for _ in range(7))
    _path(root, missing).unlink()
    os.truncate(_path(root, cut), 49 + 2 * (2**18 + 16))
    data = bytearray(_path(root, changed).read_bytes())
    data[-1] ^= 1
    _path(root, changed).write_bytes(data)
    _path(root, exposed).chmod(0o644)
    with store.begin() as connection:
        connection.execute(update(vault_object).where(vault_object.c.id == row.id).values(size=1))
        connection.execute(update(vault_object).where(vault_object.c.id == key.id).values(wrapped_key=bytes(60)))
    result = vault.verify()
    assert not result.ok
    assert set(result.problems) == {
        Problem(Fault.MISSING, missing.id),
        Problem(Fault.CUT, cut.id),
        Problem(Fault.CHANGED, changed.id),
        Problem(Fault.ROW, row.id),
        Problem(Fault.EXPOSED, exposed.id),
        Problem(Fault.KEY, key.id),
    }
    assert _path(root, good).exists()
    (event,) = events("vault.verified")
    faults = {"missing": 1, "cut": 1, "changed": 1, "row": 1, "exposed": 1, "key": 1}
    assert event.body == {"objects": 7, "destroyed": 0, "faults": faults}


def test_what_a_crash_left_is_reported_after_an_hour_and_swept(
    vault: Vault, keep: Keep, root: Path, events: Events
) -> None:
    item = keep(DATA)
    folder = root / "ab"
    folder.mkdir(exist_ok=True)
    part, orphan = folder / f".ab{'0' * 30}.part", folder / f"ab{'1' * 30}"
    for path in (part, orphan):
        path.write_bytes(b"x")
        _age(path, 3500)
    assert vault.verify().ok, "a put may be under way"
    assert vault.sweep().total == 0
    for path in (part, orphan):
        _age(path, 3700)
    assert {problem.fault for problem in vault.verify().problems} == {Fault.ORPHAN}
    swept = vault.sweep()
    assert (swept.parts, swept.orphans, swept.leftovers) == (1, 1, 0)
    assert [path for path in root.rglob("*") if path.is_file()] == [_path(root, item)]
    assert vault.verify().ok
    assert [event.body for event in events("vault.swept")] == [{"parts": 1, "orphans": 1, "leftovers": 0}]


def test_an_old_object_is_no_orphan(vault: Vault, keep: Keep, root: Path) -> None:
    item = keep(DATA)
    _age(_path(root, item), 10**8)
    assert vault.sweep().total == 0
    assert vault.verify().ok


def test_the_file_of_a_destroyed_object_is_reported_and_swept_at_once(vault: Vault, keep: Keep, root: Path) -> None:
    item = keep(DATA)
    copy = _path(root, item).read_bytes()
    vault.destroy(item.id, person="ada", reason="test")
    _path(root, item).write_bytes(copy)
    assert vault.verify().problems == (Problem(Fault.LEFTOVER, f"{item.id[:2]}/{item.id}"),)
    assert vault.sweep().leftovers == 1
    assert vault.verify().ok


@pytest.mark.parametrize("name", ["notes.txt", "ab/notes.txt", f"cd/ab{'0' * 30}", f"ab{'0' * 30}", "ab/cd/x"])
def test_a_file_that_is_none_of_the_vaults_is_reported_and_left_alone(vault: Vault, root: Path, name: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    _age(path, 10**8)
    assert vault.sweep().total == 0
    assert vault.verify().problems == (Problem(Fault.FOREIGN, name),)
    assert path.exists()


def test_a_link_in_the_place_of_an_object_is_foreign(vault: Vault, keep: Keep, root: Path, tmp_path: Path) -> None:
    item = keep(DATA)
    elsewhere = tmp_path / "elsewhere"
    _path(root, item).rename(elsewhere)
    _path(root, item).symlink_to(elsewhere)
    assert Problem(Fault.FOREIGN, f"{item.id[:2]}/{item.id}") in vault.verify().problems
