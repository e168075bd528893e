"""The book of notices of an installation, opened with its store for the length of a block."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seawall.decisions import Recorder, decision_secret
from seawall.deploy.gateway.fetch import BlockingFetcher
from seawall.deploy.notices.book import Notices, Resolvable
from seawall.deploy.notices.fetching import Resolver
from seawall.deploy.notices.fetching import resolvable as on_hosts
from seawall.deploy.notices.openings import CaseBook
from seawall.deploy.notices.options import NoticeOptions, load_options
from seawall.deploy.prevention import Directory
from seawall.errors import UsageError
from seawall.files import installation_secret
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import Vault, key_provider

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.cases.model import Opening

_DECISION = re.compile(r"[0-9a-f]{32}")
SECRET_FILE = "notices.key"  # noqa: S105 (the name of a file)


def notice_secret(settings: Settings) -> bytes:
    """Return the secret that keys receipts and senders; the first call creates it.

    Raises:
        SecretUnusable: If it cannot be read or made.
    """
    return installation_secret(settings.home / "keys" / SECRET_FILE)


def make_notices(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    vault: Vault,
    cases: CaseBook,
    *,
    options: NoticeOptions | None = None,
    resolvable: Resolvable | None = None,
) -> Notices:
    """Return the book of notices of an installation.

    Raises:
        OptionsInvalid: If `HOME/notices.yaml` cannot be used.
        DirectoryInvalid: If `HOME/helplines.yaml` cannot be used.
    """
    chosen = options or load_options(settings.home)
    recorder = Recorder(store, ledger, decision_secret(settings))
    return Notices(
        store,
        ledger,
        vault,
        cases,
        secret=notice_secret(settings),
        options=chosen,
        resolvable=resolvable or on_hosts(chosen.evidence_hosts),
        locate=lambda name: account_of(recorder, name),
        helpers=Directory.open(settings.home),
    )


def make_resolver(notices: Notices, store: Store) -> Resolver | None:
    """Return what fetches the bytes of noticed items; None if the operator names no hosts to fetch from."""
    hosts = notices.options.evidence_hosts
    if not hosts:
        return None
    fetcher = BlockingFetcher(hosts)
    return Resolver(store, notices.evidence, fetcher.fetch, notices.options.evidence_bytes)


def account_of(recorder: Recorder, name: str) -> str | None:
    """Return the account of a decision of the guard, if an id is that of one."""
    found = recorder.get(name) if _DECISION.fullmatch(name) else None
    return found.account if found is not None else None


class NoCases:
    """Stands for cases where notices are only looked at."""

    def open(self, connection: Connection, opening: Opening) -> str:
        """Open nothing.

        Raises:
            UsageError: Always.
        """
        raise UsageError("this command takes no notices")

    def escalate(self, case_id: str, person: str, reason: str) -> object:
        """Escalate nothing.

        Raises:
            UsageError: Always.
        """
        raise UsageError("this command takes no notices")


@contextmanager
def open_notices(
    settings: Settings, make_cases: Callable[[Store, Ledger], CaseBook] | None = None
) -> Iterator[Notices]:
    """Open the store, the vault and the book of notices of an installation, for the length of a block.

    Args:
        settings: Of the installation.
        make_cases: Makes what opens cases; without it, notices can be looked at and not be taken.

    Raises:
        OptionsInvalid: If `HOME/notices.yaml` cannot be used.
    """
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        vault = Vault(store, ledger, key_provider(settings), settings.home / "vault")
        cases = make_cases(store, ledger) if make_cases is not None else NoCases()
        yield make_notices(settings, store, ledger, vault, cases)
        ledger.append_pending()
