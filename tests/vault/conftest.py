"""A vault with a clock of its own, in each kind of database."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from seawall.ledger import Event, KeyFile, Ledger
from seawall.ledger.events import decode
from seawall.store import Store
from seawall.store.tables import ledger_event
from seawall.vault import FileKeyProvider, Vault, VaultObject

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url, clock=lambda: NOON) as store:
        yield store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the vault's files go; it does not exist yet."""
    return tmp_path / "state" / "vault"


@pytest.fixture
def make(store: Store, root: Path, tmp_path: Path) -> Callable[..., Vault]:
    """Build a vault; parts that a test does not give are those that all share."""

    def build(**parts: Any) -> Vault:
        ledger = parts.pop("ledger", None) or Ledger.open(store, KeyFile(tmp_path / "keys"))
        keys = parts.pop("keys", None) or FileKeyProvider(tmp_path / "keys" / "vault.key")
        return Vault(store, ledger, keys, root, **parts)

    return build


@pytest.fixture
def vault(make: Callable[..., Vault]) -> Vault:
    """An empty vault."""
    return make()


@pytest.fixture
def keep(vault: Vault) -> Callable[..., VaultObject]:
    """Put bytes into the vault."""

    def put(data: bytes = b"blue glass heron", **rest: Any) -> VaultObject:
        return vault.put(io.BytesIO(data), **({"purpose": "canary", "person": "ada"} | rest))

    return put


@pytest.fixture
def events(store: Store) -> Callable[[str], list[Event]]:
    """Return the events of a kind that are in the tree."""

    def of_kind(kind: str) -> list[Event]:
        query = select(ledger_event.c.data).where(ledger_event.c.leaf.is_not(None)).order_by(ledger_event.c.leaf)
        with store.read() as connection:
            found = [decode(data.encode()) for data in connection.execute(query).scalars()]
        return [event for event in found if event.kind == kind]

    return of_kind
