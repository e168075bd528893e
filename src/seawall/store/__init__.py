"""The database: SQLite by default, PostgreSQL by address. Tables, migrations and transactions."""

from seawall.store.database import Store
from seawall.store.errors import StoreConflict, StoreLocked, StoreTooNew
from seawall.store.rows import insert_many, insert_new, insert_or_add, insert_or_replace

__all__ = [
    "Store",
    "StoreConflict",
    "StoreLocked",
    "StoreTooNew",
    "insert_many",
    "insert_new",
    "insert_or_add",
    "insert_or_replace",
]
