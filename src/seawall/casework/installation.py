"""Everything that people decide with, of one installation: cases, reviewing, notices, the vault's pictures and clocks.

Who is told of a decision is said here, once, for every door: the server, its workers, and the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.cases import Cases, load_review_policy
from seawall.cases.effects import CaseEffects, GuardStrikes, OwnBanks, queue_bank
from seawall.cases.from_decisions import CaseOpener
from seawall.casework.marking import PackMarker
from seawall.casework.prints import Prints
from seawall.deploy.background import Chore
from seawall.deploy.enforcement import accounts_of, load_endpoint
from seawall.deploy.notices import NoticeChores, NoticeHook, Notices, make_notices, make_resolver
from seawall.errors import NotFound
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.maintain.appeals import AppealHook, Appeals, make_appeals
from seawall.maintain.authorities.installation import connector, make_reports
from seawall.maintain.authorities.reports import Filer, Reports
from seawall.maintain.review import (
    Aggregates,
    Desk,
    Golden,
    Quality,
    SeenOnce,
    SideTasks,
    Vocabularies,
    Wellness,
    load_floor,
    load_quality,
    load_repeats,
)
from seawall.maintain.review.looks import Compared
from seawall.maintain.statements import Statements, make_statements
from seawall.matching import ListStore
from seawall.settings import Settings
from seawall.users import Role, Users
from seawall.vault import Vault, key_provider
from seawall.vault.derivatives import Derivatives
from seawall.vault.retention import CaseHolds, Retention
from seawall.vault.viewing import ViewingRecord

if TYPE_CHECKING:
    from seawall.store import Store

REVIEW_POLICY = "review.yaml"
FLOOR = "floor.yaml"
QUALITY = "quality.yaml"
REPEATS = "repeats.yaml"
SUPPORT = "support.txt"
_SUPPORT_LINES = 40
_SECOND, _MINUTE, _HOUR = 1.0, 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Casework:
    """The parts of deciding.

    Attributes:
        store, ledger: The database, and the ledger in it.
        cases: Cases, tasks and decisions.
        opener: Opens cases for what the guard stops; a hook of its records.
        effects: Does what follows from decisions.
        vault: Where the bytes are.
        retention: What must be kept, and until when.
        viewing: Who was shown what.
        derivatives: Makes what is shown.
        desk: Gives out tasks.
        wellness: Limits, breaks, settings and opt-outs.
        golden, quality, seen, vocabularies: As their classes say.
        aggregates: Sums over five people or more.
        notices: What users, trusted flaggers and hotlines tell.
        statements: What accounts are told of decisions, and why.
        appeals: What parties ask to be looked at again.
        reports: What authorities are told.
        filer: Files what is approved.
        users: People who sign in.
        support: Lines of the organisation's own support page.
        chores: What must happen by itself.
        filing: The same, of what may take hours: it has a thread of its own.
    """

    store: Store
    ledger: Ledger
    cases: Cases
    opener: CaseOpener
    effects: CaseEffects
    vault: Vault
    retention: Retention
    viewing: ViewingRecord
    derivatives: Derivatives
    desk: Desk
    wellness: Wellness
    golden: Golden
    quality: Quality
    seen: SeenOnce
    vocabularies: Vocabularies
    aggregates: Aggregates
    notices: Notices
    statements: Statements
    appeals: Appeals
    reports: Reports
    filer: Filer
    users: Users
    support: tuple[str, ...]
    chores: tuple[Chore, ...]
    filing: tuple[Chore, ...]


@contextmanager
def open_casework(settings: Settings, store: Store | None = None, ledger: Ledger | None = None) -> Iterator[Casework]:
    """Open everything that people decide with, for the length of a block.

    Args:
        settings: Where state is.
        store: The database; it stays open afterwards. By default that of the settings.
        ledger: In the same store.

    Raises:
        SeawallError: If something that is configured cannot be used.
    """
    with ExitStack() as stack:
        opened = store if store is not None else stack.enter_context(open_store(settings))
        book = ledger or Ledger.open(opened, KeyFile(settings.home / "keys"))
        if ledger is None:
            stack.callback(book.append_pending)
        yield _assemble(settings, opened, book, stack)


def _assemble(settings: Settings, store: Store, ledger: Ledger, stack: ExitStack) -> Casework:
    home = settings.home
    policy = load_review_policy(_file(home, REVIEW_POLICY))
    floor = load_floor(_file(home, FLOOR))
    quality_policy = load_quality(_file(home, QUALITY))
    vault = Vault(store, ledger, key_provider(settings), home / "vault")
    retention = Retention(store, ledger)
    viewing = ViewingRecord(store, ledger)
    derivatives = stack.enter_context(Derivatives(vault, marker=PackMarker(home, store.clock)))
    seen = SeenOnce(store, ledger, load_repeats(_file(home, REPEATS)))
    side = SideTasks(store, policy.lease_seconds)
    quality = Quality(store, ledger, side, quality_policy, seen)
    golden = Golden(store, ledger, side, quality_policy)
    users = Users(store, ledger, settings)
    names = _names(users)
    statements = make_statements(settings, store, ledger, names)
    holds, told = CaseHolds(retention), NoticeHook(ledger, queue_bank)
    hooks = (holds, seen, quality, told, statements, AppealHook(ledger), GuardStrikes())
    cases = Cases(store, ledger, policy, hooks, seen)
    wellness = Wellness(store, viewing, floor)
    notices = make_notices(settings, store, ledger, vault, cases)
    endpoint = load_endpoint(settings)
    prints = Prints(cases, vault)
    stack.callback(prints.close)
    effects = CaseEffects(
        cases,
        accounts_of(settings, store, ledger),
        OwnBanks(ListStore(home / "lists")),
        statements=statements,
        drills=endpoint is not None and endpoint.drills,
    )
    reports = make_reports(settings, store, ledger, cases, vault, viewing, retention)
    filer = Filer(reports, connector(settings, reports))
    return Casework(
        store=store,
        ledger=ledger,
        cases=cases,
        opener=CaseOpener(cases),
        effects=effects,
        vault=vault,
        retention=retention,
        viewing=viewing,
        derivatives=derivatives,
        desk=Desk(store, cases, wellness, side, golden, quality, seen, Compared(store, seen, derivatives), prints.of),
        wellness=wellness,
        golden=golden,
        quality=quality,
        seen=seen,
        vocabularies=Vocabularies(store, ledger),
        aggregates=Aggregates(viewing, lambda: _reviewers(users), floor, store.clock),
        notices=notices,
        statements=statements,
        appeals=make_appeals(settings, store, ledger, vault, cases, statements, notices, names),
        reports=reports,
        filer=filer,
        users=users,
        support=_support(home),
        chores=(
            *_chores(cases, effects, prints, wellness, notices, store, ledger),
            Chore(_SECOND, reports.draft_due),
        ),
        filing=(Chore(_SECOND, filer.once),),
    )


def _chores(
    cases: Cases,
    effects: CaseEffects,
    prints: Prints,
    wellness: Wellness,
    notices: Notices,
    store: Store,
    ledger: Ledger,
) -> Iterator[Chore]:
    yield Chore(_SECOND, effects.once)
    yield Chore(_SECOND, cases.look_again)
    yield Chore(_SECOND, prints.once)
    yield Chore(_MINUTE, NoticeChores(store, ledger, cases, effects.removed_at).once)
    yield Chore(_MINUTE, cases.close_settled)
    yield Chore(_HOUR, wellness.forget)
    resolver = make_resolver(notices, store)
    if resolver is not None:
        yield Chore(_MINUTE, resolver.once)


def _file(home: Path, name: str) -> Path | None:
    path = home / name
    return path if path.exists() else None


def _support(home: Path) -> tuple[str, ...]:
    path = _file(home, SUPPORT)
    if path is None:
        return ()
    lines = path.read_text("utf-8", "replace").splitlines()
    return tuple(line.strip()[:300] for line in lines if line.strip())[:_SUPPORT_LINES]


def _names(users: Users) -> Callable[[str], tuple[str, ...]]:
    """Return what gives the names of somebody who decided: what parties are told must not hold them."""

    def names(person: str) -> tuple[str, ...]:
        try:
            found = users.get(person)
        except NotFound:
            return ()
        return found.name, found.pseudonym

    return names


def _reviewers(users: Users) -> Sequence[str]:
    return [each.id for each in users.all() if each.role in (Role.REVIEWER, Role.LEAD)]
