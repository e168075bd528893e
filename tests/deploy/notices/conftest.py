"""A book of notices over both databases, whose cases are a stand-in that remembers what it was given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import Case, CaseDecision, CaseState, EffectKind, Item, Label, Opening, Outcome, Verdict
from seawall.clock import to_iso
from seawall.deploy.notices import NoticeHook, NoticeOptions, Notices
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import ledger_event
from seawall.vault import FileKeyProvider, Vault


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class StandInCases:
    """One open case for each subject."""

    openings: list[tuple[str, Opening]] = field(default_factory=list)
    escalated: list[tuple[str, str]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    fails: Exception | None = None

    def open(self, _connection: Any, opening: Opening) -> str:
        if self.fails is not None:
            raise self.fails
        subject = (opening.subject_kind, opening.subject)
        for case_id, earlier in self.openings:
            if (earlier.subject_kind, earlier.subject) == subject and case_id not in self.closed:
                break
        else:
            case_id = f"{len({case for case, _ in self.openings}) + 1:032x}"
        self.openings.append((case_id, opening))
        return case_id

    def escalate(self, case_id: str, person: str, reason: str) -> None:
        self.escalated.append((case_id, reason))


@dataclass
class Bench:
    """Everything of one installation."""

    store: Store
    ledger: Ledger
    vault: Vault
    cases: StandInCases
    clock: Hands
    notices: Notices
    home: Path
    _decisions: int = 0

    def with_options(self, **changes: Any) -> Notices:
        options = NoticeOptions.model_validate(changes)
        self.notices = Notices(
            self.store, self.ledger, self.vault, self.cases, secret=b"s" * 32, options=options,
            resolvable=self.notices._resolvable,
        )  # fmt: skip
        return self.notices

    def decide(
        self,
        case_id: str,
        outcome: Outcome,
        *effects: EffectKind,
        hook: NoticeHook | None = None,
        items: Sequence[Item] = (),
        labels: Sequence[Label] = (),
    ) -> str:
        self._decisions += 1
        decision_id = f"{self._decisions:032x}"
        opening = next(each for case, each in self.cases.openings if case == case_id)
        now = to_iso(self.clock())
        case = Case(
            case_id, opening.subject_kind, opening.subject, opening.door, "q", opening.severity, opening.category,
            CaseState.DECIDED, opening.drill, now, None, None, 1.0, (), 1,
        )  # fmt: skip
        decision = CaseDecision(decision_id, case_id, outcome, effects, "0" * 64, "ada", now)
        with self.store.begin() as connection:
            (hook or NoticeHook(self.ledger)).decided(
                connection, case, decision, items, [Verdict("v", case_id, "i", label, now) for label in labels]
            )
        self.cases.closed.add(case_id)
        self.ledger.append_pending()
        return decision_id

    def events(self, kind: str) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).mappings().all()
        return [each for each in (json.loads(row["data"]) for row in rows) if each["kind"] == kind]

    def everything_on_the_record(self) -> str:
        with self.store.read() as connection:
            return repr(connection.execute(ledger_event.select()).mappings().all())


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def bench(migrated_url: str, hands: Hands, tmp_path: Path) -> Iterator[Bench]:
    with Store.open(migrated_url, clock=hands) as store:
        ledger = Ledger.open(store, KeyFile(tmp_path / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(tmp_path / "keys" / "vault.key"), tmp_path / "vault")
        cases = StandInCases()
        notices = Notices(store, ledger, vault, cases, secret=b"s" * 32)
        yield Bench(store, ledger, vault, cases, hands, notices, tmp_path)


@pytest.fixture
def changed() -> Callable[..., Any]:
    return replace
