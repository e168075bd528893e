"""The store: one database, opened, upgraded, and given out one transaction at a time.

Whatever a driver raises leaves here as a `StoreError` that names the place and never a password, a statement or
its values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from seawall.clock import Clock, system_clock
from seawall.errors import StoreError
from seawall.store import migrate
from seawall.store._postgres import hold, postgres_engine, postgres_place
from seawall.store._sqlite import WRITES, sqlite_engine, sqlite_path
from seawall.store.errors import explain

BUSY_TIMEOUT = 5000


class Store:
    """An open database.

    A process opens its own; a `Store` may be shared between threads, and never crosses a fork.

    Attributes:
        place: The database as it may be shown: a path, or host and name.
        clock: Tells the time of what is recorded.
    """

    def __init__(self, engine: Engine, place: str, clock: Clock, hasty: Engine | None = None) -> None:
        self.place = place
        self.clock = clock
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        # A second way into a local file, for writers who do not wait: how long one waits belongs to the connection.
        self._hasty = hasty.execution_options(**{WRITES: True}) if hasty is not None else None
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**snapshot) if engine.dialect.name == "postgresql" else engine

    @classmethod
    def open(
        cls, url: str, *, clock: Clock = system_clock, busy_timeout: int = BUSY_TIMEOUT, schema: str = migrate.HEAD
    ) -> Self:
        """Open a database, create what is missing, and bring its schema up to date.

        Args:
            url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.
            clock: Tells the time.
            busy_timeout: Milliseconds that a SQLite writer waits for its turn.
            schema: Version to bring it to; an older one only for what a backup of that version is restored into.

        Raises:
            StoreError: If the address is wrong, the driver is missing, or the database cannot be reached,
                written or upgraded; a subclass says which where a caller may act on it.
        """
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):
            raise StoreError("the database address cannot be parsed", hint="see SEAWALL_DATABASE_URL") from None
        kind = address.drivername.split("+")[0]
        if kind == "sqlite":
            path = sqlite_path(address)
            store = cls(sqlite_engine(path, busy_timeout), str(path), clock, sqlite_engine(path, 0))
        elif kind in ("postgresql", "postgres"):
            store = cls(postgres_engine(address), postgres_place(address), clock)
        else:
            raise StoreError(f"no support for {kind!r} databases", hint="use sqlite:/// or postgresql://")
        try:
            store._upgrade(schema)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def local(self) -> bool:
        """Whether it is a file of this machine."""
        return self._hasty is not None

    @contextmanager
    def begin(self, *, alone: str | None = None, wait: bool = True) -> Iterator[Connection]:
        """Hold a write transaction: committed at the end of the block, rolled back if it raises.

        Args:
            alone: Name of a lock; of the transactions that ask for it, one runs at a time. SQLite has a single
                writer in any case. Never nest a second writer inside the block.
            wait: Whether to wait for another writer of a local file.

        Raises:
            StoreLocked: If another writes, and nobody waits.
            StoreError: Instead of whatever the database's driver raised.
        """
        engine = self._writer if wait or self._hasty is None else self._hasty
        with self._explained(), engine.begin() as connection:
            if alone is not None and connection.dialect.name == "postgresql":
                hold(connection, alone)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Hold a read transaction, whose statements all see the database as it was at the first.

        Raises:
            StoreError: Instead of whatever the database's driver raised.
        """
        with self._explained(), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._hasty is not None:
            self._hasty.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _upgrade(self, schema: str) -> None:
        with self.read() as connection:
            if migrate.revision(connection) == schema:
                return
        with self.begin(alone="schema") as connection:
            migrate.upgrade(connection, self.place, schema)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise explain(error, self.place) from None
