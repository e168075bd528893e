"""The statements of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seawall.files import installation_secret
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.maintain.statements.book import Names, Statements
from seawall.maintain.statements.options import load_options
from seawall.settings import Settings
from seawall.store import Store

SECRET_FILE = "statements.key"  # noqa: S105 (the name of a file)


def statement_secret(settings: Settings) -> bytes:
    """Return the secret that keys receipts of statements; the first call creates it.

    Raises:
        SecretUnusable: If it cannot be read or made.
    """
    return installation_secret(settings.home / "keys" / SECRET_FILE)


def make_statements(settings: Settings, store: Store, ledger: Ledger, names: Names | None = None) -> Statements:
    """Return the statements of an installation.

    Args:
        settings: Where state is.
        store: The database.
        ledger: In the same store.
        names: The names of people who decide, which must be in no statement.

    Raises:
        StatementOptionsInvalid: If `HOME/statements.yaml` cannot be used.
    """
    return Statements(store, ledger, statement_secret(settings), load_options(settings.home), names)


@contextmanager
def open_statements(settings: Settings) -> Iterator[Statements]:
    """Open the store and its statements, for the length of a block."""
    with open_store(settings) as store:
        yield make_statements(settings, store, Ledger.open(store, KeyFile(settings.home / "keys")))
