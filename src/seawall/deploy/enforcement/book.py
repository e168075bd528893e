"""Enforcement as the guard sees it: how an account stands before a check, and what follows from decisions.

What follows is written in the transaction that records the decision: strikes, restrictions, their ledger events, and
the effects that tell the host. Drills lead to no strike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from seawall.accounts import Accounts, Deserved, Links
from seawall.accounts.effects import TOPIC, queue_drill
from seawall.accounts.links import TokenKeys
from seawall.accounts.refusals import Refusal, add_refusals, forget_refusals
from seawall.clock import to_iso
from seawall.decisions import decision_secret
from seawall.deploy.enforcement.ladder import shipped_ladder
from seawall.deploy.enforcement.standing import Standings
from seawall.deploy.guard.contract import Standing
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.policy.guard import CheckKind, GuardAction
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.outbox import Outbox

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.decisions import DecisionRecord

KEEP_REFUSALS = timedelta(days=2)
KEEP_ACKNOWLEDGED = timedelta(days=30)


class EnforcementBook:
    """Implements `seawall.deploy.guard.contract.AccountBook`. Safe to use from several threads.

    Args:
        store: The database.
        accounts: Its accounts.
        workers: How many processes share the traffic; each allows its part of the rates.
        drill_effects: Whether a blocked drill queues an effect that restricts nobody, to prove the path to the host.
    """

    def __init__(self, store: Store, accounts: Accounts, *, workers: int = 1, drill_effects: bool = False) -> None:
        self.accounts = accounts
        self._store = store
        self._drill_effects = drill_effects
        self._standings = Standings(store, accounts, workers=workers)

    @classmethod
    def open(
        cls, store: Store, ledger: Ledger, secret: bytes, *, workers: int = 1, drill_effects: bool = False
    ) -> Self:
        """Return the book of a store, its copy read; if no ladder is active yet, the one that ships becomes it."""
        accounts = Accounts(store, ledger, secret)
        accounts.ladders.ensure(shipped_ladder())
        book = cls(store, accounts, workers=workers, drill_effects=drill_effects)
        book._standings.refresh()
        return book

    def standing(self, account: str, kind: CheckKind, surface: str | None) -> Standing:
        """Return an account's standing, and count this check for its rate.

        Raises:
            StandingUnknown: If it cannot be told.
        """
        held, pace, repeated = self._standings.look(account)
        return Standing(held, pace, repeated)

    def settle(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Write what follows from decisions, within the transaction that records them; each decision once."""
        real = [record for record in records if not record.drill and record.judgement is not None]
        refused = [record for record in real if self._counts(record)]
        if refused:
            self._standings.expect({record.account: record.id for record in refused})
            add_refusals(connection, [_refusal(record) for record in refused])
            deserved = [found for record in refused if (found := _deserved(record)) is not None]
            if deserved:
                self.accounts.settle(connection, deserved)
        if self._drill_effects:
            now = to_iso(self._store.clock())
            for record in records:
                if record.drill and record.action is GuardAction.BLOCK:
                    queue_drill(connection, record.account, record.id, now)

    def sweep(self) -> int:
        """Delete what is no longer of use: old refusals, and effects that were acknowledged long ago."""
        return sweep(self._store)

    def _counts(self, record: DecisionRecord) -> bool:
        judgement = record.judgement
        if judgement is None:
            return False
        if judgement.strike is not None:
            return True
        return record.action is GuardAction.BLOCK and self._standings.counts(judgement.rules)


def sweep(store: Store) -> int:
    """Delete old refusals, and effects that were acknowledged long ago; return how many."""
    now = store.clock()
    gone = forget_refusals(store, to_iso(now - KEEP_REFUSALS))
    return gone + Outbox(store).forget(TOPIC, now - KEEP_ACKNOWLEDGED)


@contextmanager
def open_accounts(settings: Settings) -> Iterator[Accounts]:
    """Open the accounts that the settings name, for the length of a block; a ladder is active then."""
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield accounts_of(settings, store, ledger)
        ledger.append_pending()


@contextmanager
def open_links(settings: Settings) -> Iterator[Links]:
    """Open the tokens and links that the settings name, for the length of a block."""
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield Links(store, ledger, accounts_of(settings, store, ledger), TokenKeys.of(settings))
        ledger.append_pending()


def accounts_of(settings: Settings, store: Store, ledger: Ledger) -> Accounts:
    """Return the accounts of an installation; a ladder is active then."""
    accounts = Accounts(store, ledger, decision_secret(settings))
    accounts.ladders.ensure(shipped_ladder())
    return accounts


def _refusal(record: DecisionRecord) -> Refusal:
    return Refusal(record.id, record.account, record.kind.value, record.at, record.digest)


def _deserved(record: DecisionRecord) -> Deserved | None:
    name = record.judgement.strike if record.judgement is not None else None
    return Deserved(record.id, record.account, name, record.at) if name is not None else None
