"""The appeals of an installation."""

from __future__ import annotations

from seawall.cases import Cases
from seawall.ledger import Ledger
from seawall.maintain.appeals.book import Appeals, NoticeBook
from seawall.maintain.appeals.options import load_options
from seawall.maintain.statements import Names, Statements
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import Vault


def make_appeals(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    vault: Vault,
    cases: Cases,
    statements: Statements,
    notices: NoticeBook | None = None,
    names: Names | None = None,
) -> Appeals:
    """Return the appeals of an installation.

    Args:
        settings: Where state is.
        store: The database.
        ledger: In the same store.
        vault: Keeps what parties write.
        cases: What is appealed against; its hooks should have an `AppealHook`, and the statements.
        statements: By whose receipts accounts appeal.
        notices: By whose receipts notifiers appeal.
        names: The names of people who decide.

    Raises:
        AppealOptionsInvalid: If `HOME/appeals.yaml` cannot be used.
    """
    return Appeals(store, ledger, vault, cases, statements, notices, load_options(settings.home), names)
