"""What a check of `seawall doctor` is given, and what it says. Nothing here creates a database or upgrades a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.clock import Clock
    from seawall.settings import Settings
    from seawall.store import Store


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says.

    Attributes:
        level: How bad it is.
        detail: What it is.
        hint: What to do.
    """

    level: Level
    detail: str
    hint: str = ""


@dataclass
class Installation:
    """What is examined.

    Attributes:
        settings: Where it is.
        clock: Tells the time.
    """

    settings: Settings
    clock: Clock
    _closing: ExitStack = field(default_factory=ExitStack)
    _store: Store | None = None

    @property
    def home(self) -> Path:
        """The state directory."""
        return self.settings.home

    def has_database(self) -> bool:
        """Say whether there is a database: a file of SQLite's may not have been made yet."""
        path = sqlite_file(self.settings.database_url)
        return path is None or path.exists()

    def store(self) -> Store:
        """Return the database, opened once.

        Raises:
            StoreError: If it cannot be used.
        """
        if self._store is None:
            from seawall.store import Store

            self._store = self._closing.enter_context(Store.open(self.settings.database_url))
        return self._store

    def close(self) -> None:
        """Close what was opened."""
        self._closing.close()


Check = Callable[[Installation], Iterator[Finding]]


def many(number: int, most: int) -> str:
    """Write a number that was counted up to a most."""
    return f"{most} or more" if number >= most else str(number)


def usable(found: Installation) -> bool:
    """Say whether there is a database that can be opened without upgrading it."""
    if not found.has_database():
        return False
    path = sqlite_file(found.settings.database_url)
    if path is None:
        return True
    from seawall.store import migrate

    return sqlite_schema(path) == migrate.HEAD


def sqlite_file(url: str) -> Path | None:
    """Return the file of a database of SQLite's; None for another kind."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def sqlite_schema(path: Path) -> str | None:
    """Return the schema version of a file without changing it; None if it has none."""
    import sqlite3

    from seawall.errors import StoreError
    from seawall.store import migrate

    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from None
    try:
        row = connection.execute(f"SELECT version_num FROM {migrate.VERSION_TABLE}").fetchone()  # noqa: S608 (a constant)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise StoreError(f"{path} cannot be read: {error}") from None
    except sqlite3.Error as error:
        raise StoreError(f"{path} is not a database: {error}") from None
    finally:
        connection.close()
    return str(row[0]) if row else None
