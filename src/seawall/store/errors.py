"""What went wrong in a database, in our words.

Drivers' messages can hold a password, a statement or its values; none of them passes through here. Only the
error's code, and the place that the operator configured, are told.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from seawall.errors import SeawallError, StorageFull, StoreError


class StoreConflict(StoreError):
    """A row with this key exists already, or a row that it refers to does not."""

    code = "store_conflict"


class StoreLocked(StoreError):
    """The database is locked by another process."""

    code = "store_locked"
    hint = "wait for the other seawall process to finish, then try again"


class StoreTooNew(StoreError):
    """The database was written by a newer seawall."""

    code = "store_newer"
    hint = "upgrade seawall; nothing in the database was changed"


_SQLITE = {
    "SQLITE_READONLY": StoreError("cannot be written: it is read-only", hint="check the owner and mode of the file"),
    "SQLITE_BUSY": StoreLocked("is locked by another process"),
    "SQLITE_LOCKED": StoreLocked("is locked by another transaction of this process"),
    "SQLITE_CANTOPEN": StoreError("cannot be opened", hint="check the path and its permissions"),
    "SQLITE_PERM": StoreError("cannot be opened", hint="check the path and its permissions"),
    "SQLITE_NOTADB": StoreError("is not a SQLite database"),
    "SQLITE_CORRUPT": StoreError("is damaged", hint="restore it from a backup"),
    "SQLITE_IOERR": StoreError("cannot be read or written: the disk reports an error"),
    "SQLITE_FULL": StorageFull("has no space left to grow"),
}
_POSTGRES = {
    "08": StoreError(
        "does not let us in", hint="check that it runs, and the host, port, database, user and password of its address"
    ),
    "28": StoreError("refused this user or password"),
    "3D": StoreError("does not exist on that server", hint="create the database first"),
    "42501": StoreError("does not let this user do that", hint="the role must own seawall's tables"),
    "25006": StoreError("cannot be written: it is read-only"),
    "53100": StorageFull("has no space left to grow"),
    "53300": StoreError("has no connection left"),
    "55P03": StoreLocked("is locked by another process"),
    "40": StoreLocked("was changed by another transaction at the same moment"),
    "57": StoreError("is shutting down or was stopped"),
}


def explain(error: SQLAlchemyError, place: str) -> SeawallError:
    """Return the error to raise instead of a driver's.

    Args:
        error: What SQLAlchemy raised.
        place: The database, as it may be shown: a path, or host and name; never a password.
    """
    if isinstance(error, PoolTimeout):
        return StoreLocked(f"{place}: all connections are in use")
    if isinstance(error, IntegrityError):
        return StoreConflict()
    origin = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(origin, sqlite3.Error):
        code = getattr(origin, "sqlite_errorname", "unknown error")
        known = _SQLITE.get("_".join(code.split("_")[:2]))
    else:
        code = getattr(origin, "sqlstate", None) or "08"
        known = _POSTGRES.get(code) or _POSTGRES.get(code[:2])
    if known is None:
        return StoreError(f"{place}: the database refused ({code})")
    return type(known)(f"{place} {known.message}", hint=known.hint)
