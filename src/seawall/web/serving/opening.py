"""From settings to the parts of a server, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from seawall.decisions import Recorder, decision_secret
from seawall.deploy.background import Chores, open_background
from seawall.deploy.enforcement import acknowledge_effect
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaLimits
from seawall.deploy.guard.media.pool import DecodePool
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.deploy.guard.options import GuardOptions
from seawall.deploy.prevention.door import PreventionDoor
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.policy.guard import judge, load_guard_policy
from seawall.policy.guard.lifecycle import LivePolicies
from seawall.settings import Settings
from seawall.store.outbox import Outbox
from seawall.web.body import Limits
from seawall.web.hma.hashing import MediaHashes
from seawall.web.hma.remote import open_remote
from seawall.web.instruments import Instruments
from seawall.web.keys import KeyBook, LiveKeys
from seawall.web.keys.book import key_secret
from seawall.web.parts import Parts, Probe
from seawall.web.serving.options import API, CONSOLE, ServeOptions

if TYPE_CHECKING:
    from seawall.casework import Casework
    from seawall.deploy.guard import Guard
    from seawall.deploy.guard.opening import Parts as GuardParts
    from seawall.store import Store
    from seawall.web.review.console import Console
    from seawall.web.sessions import Sessions

UPLOAD_BYTES = 1 << 30
"""Most bytes of uploads that one worker holds at once."""

_BROKEN = ("error", "failed", "down")


@contextmanager
def open_parts(settings: Settings, options: ServeOptions) -> Iterator[Parts]:
    """Open everything that a server needs, for the length of a block.

    Raises:
        SeawallError: If something of it cannot be opened.
    """
    from seawall.casework import open_casework
    from seawall.deploy.guard.opening import Parts as GuardParts

    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings))
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        # Made here, so that a server never finds out at its first checkpoint that it has no key.
        ledger.public_key()
        keys = stack.enter_context(LiveKeys(KeyBook(store, ledger, key_secret(settings))))
        lists = stack.enter_context(LiveLists(settings))
        policies = _policies(settings, options, store)
        # One for all that decode: a picture is decoded by the same processes whichever way it comes in.
        decoders = DecodePool(MediaLimits().processes)
        stack.callback(decoders.close)
        casework = stack.enter_context(open_casework(settings, store, ledger))
        guard_options = GuardOptions(
            detectors=options.detectors, policy=options.policy, workers=options.workers, warm=True
        )
        guard_parts = GuardParts(
            store=store,
            ledger=ledger,
            policies=policies,
            lists=lists,
            decoders=decoders,
            hooks=(casework.opener.settle,),
        )
        guard = _guard(settings, options, guard_options, guard_parts, stack)
        stack.enter_context(open_background(settings, store, ledger, casework.chores))
        stack.enter_context(Chores(casework.filing))
        sessions = _sessions(options, casework, stack)
        outbox = Outbox(store)
        budget = MediaBudget(UPLOAD_BYTES)
        instruments = Instruments()
        instruments.watch(lambda: lists.status().age, lambda: budget.used)
        yield Parts(
            checks=guard,
            keys=keys,
            decisions=Recorder(store, ledger, decision_secret(settings)),
            lists=lists,
            judge=lambda account, facts: judge(policies.choose(account).live, facts),
            acknowledge=lambda effect: acknowledge_effect(outbox, effect),
            types=lists.types,
            hashes=MediaHashes(lists.types, decoders),
            instruments=instruments,
            budget=budget,
            limits=Limits(),
            probes=_probes(guard, ledger, lists, policies),
            remote=open_remote(settings, budget),
            prevention=PreventionDoor.open(settings, store),
            surfaces=options.surfaces,
            notices=casework.notices,
            appeals=casework.appeals,
            statements=casework.statements,
            sessions=sessions,
            console=_console(casework) if sessions is not None else None,
            loopback=options.loopback,
            hma_open=options.hma_no_auth,
        )


def _guard(
    settings: Settings, options: ServeOptions, guard_options: GuardOptions, parts: GuardParts, stack: ExitStack
) -> Guard | None:
    """Open the guard, if programs are served: pages need no detectors."""
    from seawall.deploy.guard import open_guard

    if API not in options.surfaces:
        return None
    return stack.enter_context(open_guard(settings, guard_options, parts))


def _sessions(options: ServeOptions, casework: Casework, stack: ExitStack) -> Sessions | None:
    """Return how people sign in; None where the console is not served.

    Without an address for people, a server that others reach has no console, unless it was asked for by name.
    """
    from seawall.web.sessions import Sessions

    if CONSOLE not in options.surfaces:
        return None
    sessions = Sessions.from_env(casework.users)
    if not (options.loopback or sessions.options.secure or options.named):
        return None
    if sessions.provider is not None:
        stack.callback(sessions.provider.close)
    return sessions


def _policies(settings: Settings, options: ServeOptions, store: Store) -> LivePolicies:
    if options.policy is not None:
        return LivePolicies.fixed(load_guard_policy(options.policy))
    return LivePolicies(store, secret=decision_secret(settings))


def _console(casework: Casework) -> Console:
    """Return what the review console shows."""
    from seawall.errors import SeawallError
    from seawall.web.review.console import Console

    def name_of(person: str) -> str:
        try:
            return casework.users.get(person).pseudonym
        except SeawallError:
            return person

    return Console(
        cases=casework.cases,
        desk=casework.desk,
        wellness=casework.wellness,
        quality=casework.quality,
        vocabularies=casework.vocabularies,
        appeals=casework.appeals,
        reports=casework.reports,
        aggregates=casework.aggregates,
        vault=casework.vault,
        derivatives=casework.derivatives,
        viewing=casework.viewing,
        read=casework.users.audit_read,
        name_of=name_of,
        clock=casework.store.clock,
        support=casework.support,
    )


def _probes(guard: Guard | None, ledger: Ledger, lists: LiveLists, policies: LivePolicies) -> Mapping[str, Probe]:
    def ledger_key() -> None:
        ledger.public_key()

    def lists_state() -> str | None:
        status = lists.status()
        return "stale" if status.stale else status.error

    def checkers() -> str | None:
        found = [
            each for each in (guard.ready() if guard is not None else ()) if each.refuses or each.status in _BROKEN
        ]
        return f"{found[0].name}:{found[0].status}" if found else None

    probes: dict[str, Callable[[], str | None]] = {
        "ledger_key": ledger_key,
        "lists": lists_state,
        "policy": lambda: "stale" if policies.stale else None,
        "guard": checkers,
    }
    return probes
