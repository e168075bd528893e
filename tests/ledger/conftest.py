"""A ledger with a clock of its own, in each kind of database, and a copy of the stand-alone verifier."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

import seawall.ledger.standalone
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url, clock=lambda: NOON) as store:
        yield store


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    """A key file that does not exist yet."""
    return KeyFile(tmp_path / "keys")


@pytest.fixture
def ledger(store: Store, keys: KeyFile) -> Ledger:
    """An empty ledger."""
    return Ledger.open(store, keys)


@pytest.fixture
def fill(store: Store, ledger: Ledger) -> Callable[..., None]:
    """Record and append events numbered from `start` to before `stop`."""

    def record(stop: int, start: int = 0) -> None:
        facts = [
            ("test.fact", f"fact-{number}", {"number": number, "ü": [1.5, None, True]}) for number in range(start, stop)
        ]
        with store.begin() as connection:
            ledger.record_all(connection, facts)
        ledger.append_pending()

    return record


@pytest.fixture
def standalone(tmp_path: Path) -> ModuleType:
    """The stand-alone verifier, loaded from a copy as an auditor would keep it."""
    copy = tmp_path / "verifier.py"
    shutil.copy(str(seawall.ledger.standalone.__file__), copy)
    spec = importlib.util.spec_from_file_location("verifier", copy)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
