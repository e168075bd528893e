"""The tables, in one metadata for SQLite and PostgreSQL; a module for each room.

Moments are RFC 3339 texts in UTC (`seawall.clock.to_iso`), so that both databases sort and return them alike.
A change here needs a migration; a test compares this metadata with what the migrations build.
"""

from seawall.store.tables.base import metadata
from seawall.store.tables.decisions import decision, decision_count, decision_hour
from seawall.store.tables.ledger import ledger_checkpoint, ledger_event, ledger_head, ledger_tile
from seawall.store.tables.lists import hash_list, hash_list_version, source_register
from seawall.store.tables.vault import vault_object

__all__ = [
    "decision",
    "decision_count",
    "decision_hour",
    "hash_list",
    "hash_list_version",
    "ledger_checkpoint",
    "ledger_event",
    "ledger_head",
    "ledger_tile",
    "metadata",
    "source_register",
    "vault_object",
]
