"""SQLite as the store: a private file, a write-ahead log, and one writer at a time.

Python's own transaction handling is switched off: a writer's transaction begins IMMEDIATE, so that it waits for
its turn at the start and never fails half way.
"""

import os
import time
from pathlib import Path
from sqlite3 import Connection as Driver
from sqlite3 import OperationalError

from sqlalchemy import URL, Connection, Engine, create_engine, event

from seawall.errors import StoreError
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE

WRITES = "seawall_writes"
_RETRY_SECONDS = 0.02


def sqlite_path(url: URL) -> Path:
    """Return the file that a SQLite address names.

    Raises:
        StoreError: If it names no file, or carries parameters.
    """
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("a SQLite address must name a file", hint="for example sqlite:////var/lib/seawall/seawall.db")
    if url.query:
        raise StoreError("a SQLite address takes no parameters")
    return Path(url.database).expanduser().absolute()


def sqlite_engine(path: Path, busy_timeout: int) -> Engine:
    """Create the file if it is missing (0600, in a 0700 directory if that is missing too) and return an engine.

    Args:
        path: The database file.
        busy_timeout: Milliseconds to wait for another writer.

    Raises:
        StoreError: If the file cannot be created or written.
    """
    _make_private(path)
    engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)

    def connected(driver: Driver, _record: object) -> None:
        driver.isolation_level = None
        driver.execute(f"PRAGMA busy_timeout = {busy_timeout:d}")
        _enter_wal(driver, path, busy_timeout / 1000)
        driver.execute("PRAGMA synchronous = FULL")
        driver.execute("PRAGMA foreign_keys = ON")

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _enter_wal(driver: Driver, path: Path, seconds: float) -> None:
    # SQLite does not wait its busy timeout when two processes switch a new file to WAL at once.
    deadline = time.monotonic() + seconds
    while True:
        try:
            (mode,) = driver.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)
    if mode != "wal":
        raise StoreError(f"{path}: this file system cannot hold a write-ahead log", hint="use a local disk")


def _make_private(path: Path) -> None:
    try:
        missing = [parent for parent in path.parents if not parent.exists()]
        for parent in reversed(missing):
            parent.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        if path.is_dir():
            raise StoreError(f"{path} is a directory, not a database")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE_FILE)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}", hint="check the path, its owner and its mode"
        ) from None
