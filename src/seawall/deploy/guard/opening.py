"""Opening a guard: detectors, lists, policies, records and neighbours, wired; every part can be given instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seawall.clock import Clock, system_clock
from seawall.deploy.guard.checking import Examiners, Neighbours, Scope
from seawall.deploy.guard.contract import AccountBook, Messenger, Rollouts
from seawall.deploy.guard.deciding import Decider, Policies
from seawall.deploy.guard.health import Problem
from seawall.deploy.guard.options import GuardOptions
from seawall.deploy.guard.parts import EvidenceVault, FinetuneExaminer, MediaExaminer, Records, Scorer
from seawall.deploy.guard.service import Guard
from seawall.deploy.guard.text.reading import Texts
from seawall.deploy.guard.text.scorers import Scorers
from seawall.deploy.guard.text.terms import CANARY, TERM_PACKS, Terms
from seawall.detectors.contract import Modality
from seawall.errors import SeawallError
from seawall.policy.separation import SeparationPolicy, load_separation_policy
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.decisions import Hook
    from seawall.deploy.guard.lists import LiveLists
    from seawall.deploy.guard.media.pool import DecodePool
    from seawall.ledger import Ledger
    from seawall.store import Store
    from seawall.text import Pack

_IN_PROCESS = frozenset({TERM_PACKS, CANARY})
_POLL = 0.25


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts to use in place of those that the settings name; None for those.

    Attributes:
        store: The database; it stays open when the guard is closed.
        ledger: In the same store.
        records: Keeps decisions.
        policies: Those in force.
        separation: Puts signs on a side.
        book: Enforcement.
        messenger: Prevention.
        rollouts: Phased release.
        scope: What may be looked at where.
        vault: Opens the vault.
        packs: Packs of terms beside those of the home.
        scorers: Opens slow detectors of text.
        lists: The hash lists; they stay open when the guard is closed.
        media: Looks at media.
        finetune: Looks at fine-tuning data.
        decoders: Decode processes to share; they stay open when the guard is closed.
        hooks: Told of new decisions in the transaction that records them, beside the guard's own.
        clock: Tells the time.
    """

    store: Store | None = None
    ledger: Ledger | None = None
    records: Records | None = None
    policies: Policies | None = None
    separation: SeparationPolicy | None = None
    book: AccountBook | None = None
    messenger: Messenger | None = None
    rollouts: Rollouts | None = None
    scope: Scope | None = None
    vault: Callable[[], EvidenceVault] | None = None
    packs: Sequence[Pack] = ()
    scorers: Callable[[], Scorer] | None = None
    lists: LiveLists | None = None
    media: MediaExaminer | None = None
    finetune: FinetuneExaminer | None = None
    decoders: DecodePool | None = None
    hooks: Sequence[Hook] = ()
    clock: Clock = system_clock


@contextmanager
def open_guard(settings: Settings, options: GuardOptions | None = None, parts: Parts | None = None) -> Iterator[Guard]:
    """Open a guard for the length of a block.

    Args:
        settings: Where state lives.
        options: How it is set up.
        parts: What is used in place of what the settings name.

    Raises:
        SeawallError: If something that is configured cannot be used.
    """
    options = options or GuardOptions()
    parts = parts or Parts()
    with ExitStack() as stack:
        opening = _Opening(settings, options, parts, stack)
        examiners = opening.examiners()
        neighbours, decider = opening.neighbours()
        guard = Guard(examiners, neighbours, decider, options, opening.probes)
        stack.callback(guard.close)
        yield guard


class _Opening:
    """The order in which parts are opened, and closed again."""

    def __init__(self, settings: Settings, options: GuardOptions, parts: Parts, stack: ExitStack) -> None:
        self._settings = settings
        self._options = options
        self._parts = parts
        self._stack = stack
        self._separation = parts.separation or load_separation_policy()
        self._opened: tuple[Store, Ledger] | None = None
        self.probes: list[Callable[[], Iterable[Problem]]] = []

    def examiners(self) -> Examiners:
        """Open who looks."""
        texts = self._texts()
        media, finetune = self._parts.media, self._parts.finetune
        if media is None or finetune is None:
            from seawall.deploy.guard.finetune import FinetuneExaminer as Data
            from seawall.deploy.guard.finetune import FinetuneLimits
            from seawall.deploy.guard.lists import LiveLists
            from seawall.deploy.guard.media import MediaExaminer as Pictures
            from seawall.deploy.guard.media import MediaLimits, picture_detectors

            lists = self._parts.lists or self._stack.enter_context(LiveLists(self._settings, poll=_POLL))
            self.probes.append(lambda: [Problem("lists", "error")] if lists.status().failed else [])
            if media is None:
                detectors = picture_detectors(self._settings, self._options.detectors)
                # Less than a check may take, so that it is the medium that is late, and not the whole check.
                limits = MediaLimits(seconds=0.9 * self._options.deadline)
                shared = self._parts.decoders
                media = pictures = self._stack.enter_context(
                    Pictures(lists, detectors, texts=texts, limits=limits, policy=self._separation, pool=shared)
                )
                if self._options.warm:
                    pictures.warm()
            if finetune is None:
                job = FinetuneLimits(seconds=0.9 * self._options.slow_deadline)
                finetune = self._stack.enter_context(
                    Data(media, texts, lists, self._settings, limits=job, policy=self._separation)
                )
        return Examiners(texts, media, finetune)

    def neighbours(self) -> tuple[Neighbours, Decider]:
        """Open whom the guard asks and tells."""
        from seawall.deploy.guard.neighbours import book_of, messenger_of, recorder_of, rollouts_of, scope_of, vault_of

        parts, settings = self._parts, self._settings
        rollouts = parts.rollouts or rollouts_of(settings, *self._database(), self._stack)
        book = parts.book or book_of(settings, *self._database(), self._options.workers)
        messenger = parts.messenger or messenger_of(settings, parts.clock)
        records = parts.records or recorder_of(settings, *self._database(), book, rollouts, messenger, parts.hooks)
        vault = parts.vault or vault_of(settings, *self._database(), parts.clock)
        scope = parts.scope or scope_of(settings)
        policies = parts.policies or self._policies()
        decider = Decider(policies, self._separation, messenger, records)
        return Neighbours(book, rollouts, scope, records, vault), decider

    def _texts(self) -> Texts:
        names = self._options.detectors
        packs = not names or TERM_PACKS in names or names == (CANARY,)
        terms = Terms(self._settings.home, packs=packs, others=self._parts.packs, clock=self._parts.clock)
        make = self._parts.scorers or self._slow()
        if make is None:
            return Texts(terms)
        scorers = Scorers(make, self._options.scorers)
        self._stack.callback(scorers.close)
        return Texts(terms, scorers)

    def _slow(self) -> Callable[[], Scorer] | None:
        """Return what opens the detectors of text that are not read in this process; None if there are none."""
        from seawall.detectors.host import open_detectors
        from seawall.detectors.selection import DetectorSet, HostLimits

        home = str(self._settings.home)
        registry = DetectorSet((), home).registry()
        names = self._options.detectors or tuple(each.info.id for each in registry.configuration.detectors)
        found = [registry[name] for name in dict.fromkeys(names) if name not in _IN_PROCESS]
        slow = tuple(each.info.id for each in found if Modality.TEXT in each.info.modalities)
        if not slow:
            return None
        registry.chosen(slow)
        limits = HostLimits(seconds_per_call=0.9 * self._options.deadline, cool_down=10.0)
        return lambda: open_detectors(DetectorSet(slow, home, limits=limits))

    def _database(self) -> tuple[Store, Ledger]:
        if self._opened is None:
            from seawall.ledger import KeyFile, Ledger, open_store
            from seawall.store import Store

            store = self._parts.store
            if store is None and self._parts.clock is system_clock:
                store = self._stack.enter_context(open_store(self._settings))
            elif store is None:
                self._settings.directory()
                store = self._stack.enter_context(Store.open(self._settings.database_url, clock=self._parts.clock))
            ledger = self._parts.ledger or Ledger.open(store, KeyFile(self._settings.home / "keys"))
            if self._parts.store is None:
                self._stack.callback(_settled, ledger)
            self._opened = store, ledger
        return self._opened

    def _policies(self) -> Policies:
        from seawall.policy.guard import load_guard_policy
        from seawall.policy.guard.lifecycle import LivePolicies

        if self._options.policy is not None:
            return LivePolicies.fixed(load_guard_policy(self._options.policy))
        from seawall.decisions import decision_secret

        policies = LivePolicies(self._database()[0], secret=decision_secret(self._settings))
        self.probes.append(lambda: [Problem("policies", "stale")] if policies.stale else [])
        return policies


def _settled(ledger: Ledger) -> None:
    """Bring what was recorded into the tree; what a failure leaves out is brought in at the next start."""
    with suppress(SeawallError):
        ledger.append_pending()


__all__ = ["Parts", "open_guard"]
