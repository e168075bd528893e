"""PostgreSQL as the store, through psycopg 3, which is an extra."""

import hashlib

from sqlalchemy import URL, Connection, Engine, create_engine, text

from seawall.errors import StoreError

_CONNECT_SECONDS = 10
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '60s'"


def postgres_place(url: URL) -> str:
    """Return what may be shown of the address: host, port and database."""
    host = url.host or url.query.get("host") or "local socket"
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL database {url.database!r} at {host}{port}"


def postgres_engine(url: URL) -> Engine:
    """Return an engine.

    Raises:
        StoreError: If psycopg is not installed.
    """
    connect = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"), connect_args=connect, pool_pre_ping=True, hide_parameters=True
        )
    except ImportError:
        raise StoreError("the PostgreSQL driver is not installed", hint="pip install 'seawall[postgres]'") from None


def hold(connection: Connection, name: str) -> None:
    """Wait until this transaction alone holds the named lock; it is released with the transaction."""
    number = int.from_bytes(hashlib.sha256(f"seawall/{name}".encode()).digest()[:8], "big", signed=True)
    connection.execute(text(_LOCK_TIMEOUT))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
