"""Opening a database: what is created, what is refused, and what an error may say."""

import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from seawall.errors import StoreError
from seawall.store import Store, StoreConflict, StoreLocked, StoreTooNew
from seawall.store.tables import hash_list, hash_list_version


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _list(name: str) -> dict[str, object]:
    return {"name": name, "purpose": "canary", "created_at": "2026-01-01T00:00:00.000000Z"}


def test_a_new_sqlite_file_and_its_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "seawall.db"
    with Store.open(f"sqlite:///{path}") as store, store.begin() as connection:
        connection.execute(hash_list.insert(), _list("birds"))
        assert {_mode(file) for file in path.parent.iterdir()} == {0o600}
    assert _mode(path.parent) == _mode(path.parent.parent) == 0o700


def test_a_readable_database_file_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "seawall.db"
    path.touch(mode=0o644)
    Store.open(f"sqlite:///{path}").close()
    assert _mode(path) == 0o600


def test_sqlite_runs_with_the_settings_that_keep_a_commit(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'x.db'}") as store, store.read() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        values = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
    assert values == ["wal", 2, 1, 5000]


def test_what_is_committed_is_there_after_reopening_and_what_raised_is_not(database_url: str) -> None:
    with Store.open(database_url) as store:
        with store.begin() as connection:
            connection.execute(hash_list.insert(), _list("kept"))
        with pytest.raises(ZeroDivisionError), store.begin() as connection:
            connection.execute(hash_list.insert(), _list("lost"))
            raise ZeroDivisionError
    with Store.open(database_url) as store, store.read() as connection:
        assert connection.execute(hash_list.select()).scalars().all() == ["kept"]


def test_a_read_block_sees_one_state_of_the_database(database_url: str) -> None:
    with Store.open(database_url) as store, store.read() as reader:
        assert reader.execute(hash_list.select()).all() == []
        with store.begin() as connection:
            connection.execute(hash_list.insert(), _list("later"))
        assert reader.execute(hash_list.select()).all() == []


def test_a_second_row_of_one_key_and_a_dangling_reference_are_conflicts(database_url: str) -> None:
    version = {"list": "none", "version": 1, "at": "", "source_digest": "", "entries": 0, "added": 0, "removed": 0}
    with Store.open(database_url) as store:
        with store.begin() as connection:
            connection.execute(hash_list.insert(), _list("birds"))
        with pytest.raises(StoreConflict), store.begin() as connection:
            connection.execute(hash_list.insert(), _list("birds"))
        with pytest.raises(StoreConflict), store.begin() as connection:
            connection.execute(hash_list_version.insert(), version)


def test_many_openers_at_once_upgrade_a_database_once(database_url: str) -> None:
    errors: list[BaseException] = []
    start = threading.Barrier(6)

    def open_it() -> None:
        start.wait()
        try:
            Store.open(database_url).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    with Store.open(database_url) as store, store.begin() as connection:
        connection.exec_driver_sql("UPDATE seawall_schema SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999") as raised:
        Store.open(database_url)
    assert "upgrade seawall" in raised.value.hint


def test_a_locked_database_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    locked = pytest.raises(StoreLocked, match=r"x\.db is locked by another process")
    with Store.open(url) as one, Store.open(url, busy_timeout=10) as other, one.begin(), locked, other.begin():
        pass


def test_a_read_only_database_says_so(database_url: str) -> None:
    refused = pytest.raises(StoreError, match="read-only")
    with Store.open(database_url) as store, refused, store.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql("PRAGMA query_only = 1" if sqlite else "SET TRANSACTION READ ONLY")
        connection.execute(hash_list.insert(), _list("birds"))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"not a database" * 100), "is not a SQLite database"),
        (lambda path: path.symlink_to(path.parent / "file" / "x"), "cannot be written: Not a directory"),
    ],
)
def test_a_path_that_holds_no_database_is_named(tmp_path: Path, make: object, says: str) -> None:
    path = tmp_path / "x.db"
    (tmp_path / "file").touch()
    make(path)  # type: ignore[operator]
    with pytest.raises(StoreError, match=says) as raised:
        Store.open(f"sqlite:///{path}")
    assert str(path) in raised.value.message


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "sqlite:///x?a=b"])
def test_a_sqlite_address_must_name_a_plain_file(url: str) -> None:
    with pytest.raises(StoreError, match="SQLite address"):
        Store.open(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cr3t@127.0.0.1:1/seawall",
        "postgresql://ada@127.0.0.1:1/seawall?password=s3cr3t",
        "mysql://ada:s3cr3t@127.0.0.1/seawall",
        "ada:s3cr3t@nonsense",
        "postgresql://ada:s3cr3t@host:notaport/x",
    ],
)
def test_an_error_never_shows_a_password(url: str) -> None:
    with pytest.raises(StoreError) as raised:
        Store.open(url)
    shown = f"{raised.value!s} {raised.value!r} {raised.value.__cause__!r}"
    assert "s3cr3t" not in shown
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_postgres_that_does_not_answer_is_named_by_host_and_database() -> None:
    with pytest.raises(StoreError, match=r"'seawall' at 127\.0\.0\.1:1 does not let us in"):
        Store.open("postgresql://ada:s3cr3t@127.0.0.1:1/seawall")


def test_a_missing_postgres_database_is_named(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="_missing'"):
        Store.open(postgres_url.replace("?", "_missing?"))


def test_a_missing_postgres_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as raised:
        Store.open("postgresql://ada@localhost/seawall")
    assert "seawall[postgres]" in raised.value.hint


def test_a_damaged_file_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with Store.open(f"sqlite:///{path}") as store, store.begin() as connection:
        connection.execute(hash_list.insert(), [_list(f"list-{number}") for number in range(2000)])
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    refused = pytest.raises(StoreError, match="is damaged")
    with refused, Store.open(f"sqlite:///{path}") as store, store.read() as connection:
        connection.execute(hash_list.select()).all()
