"""Whom a guard asks and tells, as an installation has them; the guard itself knows protocols alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from seawall.clock import Clock
from seawall.decisions import Hook, Recorder, decision_secret
from seawall.deploy.guard.contract import AccountBook, Messenger, Rollouts
from seawall.policy.guard import CheckKind
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.deploy.guard.checking import Scope
    from seawall.deploy.guard.parts import EvidenceVault
    from seawall.ledger import Ledger
    from seawall.store import Store


def book_of(settings: Settings, store: Store, ledger: Ledger, workers: int) -> AccountBook:
    """Return enforcement; if no ladder is active yet, the one that ships becomes it."""
    from seawall.deploy.enforcement import EnforcementBook, load_endpoint

    endpoint = load_endpoint(settings)
    drills = endpoint is not None and endpoint.drills
    return EnforcementBook.open(store, ledger, decision_secret(settings), workers=workers, drill_effects=drills)


def rollouts_of(settings: Settings, store: Store, ledger: Ledger, stack: ExitStack) -> Rollouts:
    """Return phased release, which looks at the database from now on."""
    from seawall.deploy.rollout import RolloutBook, RolloutStore

    book = RolloutBook.open(settings.home, RolloutStore(store, ledger), clock=store.clock)
    book.start()
    stack.callback(book.close)
    return book


def messenger_of(settings: Settings, clock: Clock) -> Messenger:
    """Return prevention."""
    from seawall.deploy.prevention import PreventionMessenger

    return PreventionMessenger.open(settings, clock=clock)


def recorder_of(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    book: AccountBook,
    rollouts: Rollouts,
    messenger: Messenger,
    others: Sequence[Hook] = (),
) -> Recorder:
    """Return what keeps decisions, and tells the others of them in its transaction."""
    hooks: list[Hook] = [book.settle, rollouts.observe, *others]
    from seawall.deploy.prevention import PreventionMessenger, PreventionMeter, prevention_secret

    if isinstance(messenger, PreventionMessenger):
        hooks.append(PreventionMeter(prevention_secret(settings)).settle)
    return Recorder(store, ledger, decision_secret(settings), hooks)


def vault_of(settings: Settings, store: Store, ledger: Ledger, clock: Clock) -> Callable[[], EvidenceVault]:
    """Return what opens the vault: a key that is lost must not keep the guard from opening."""
    from seawall.vault import Vault, key_provider

    def vault() -> Vault:
        return Vault(store, ledger, key_provider(settings), settings.home / "vault", clock)

    return vault


def scope_of(settings: Settings) -> Scope:
    """Return what says whether a check may look, by the profiles of jurisdictions and the operator's decisions."""
    from seawall.policy.jurisdictions import Jurisdictions

    profiles = Jurisdictions.load(settings.home)

    def scope(kind: CheckKind, surface: str | None, jurisdiction: str | None) -> str | None:
        found = profiles.profile_of(jurisdiction).examines(kind, surface)
        return None if found.examined else found.reason or "jurisdiction"

    return scope
