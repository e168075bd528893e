"""Real cases over both databases, decided by reviewers, with statements, notices and appeals as an installation has."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.cases import Cases, Claim, Submission
from seawall.cases.model import (
    CaseDecision,
    Door,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
    NewVerdict,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
    TaskKind,
)
from seawall.clock import to_iso
from seawall.deploy.notices import Category, NewNotice, NoticeHook, NoticeObject, Notices, ObjectType, Sender
from seawall.ledger import KeyFile, Ledger
from seawall.maintain.appeals import AppealHook, AppealOptions, Appeals
from seawall.maintain.statements import Statements, parse_options
from seawall.store import Store
from seawall.store.tables import case_effect, ledger_event, outbox
from seawall.vault import FileKeyProvider, Vault

ADA, BEN, CEM, DEB = (f"{number:032x}" for number in (0xADA, 0xBE4, 0xCE3, 0xDEB))
NAMES = {ADA: ("Ada Lovelace", "heron 7"), BEN: ("Ben Example", "owl 3"), CEM: ("Cem Beispiel",), DEB: ("Deb Muster",)}
_numbers = itertools.count(1)


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Office:
    """Everything of one installation."""

    store: Store
    ledger: Ledger
    vault: Vault
    cases: Cases
    statements: Statements
    appeals: Appeals
    notices: Notices
    clock: Hands
    home: Path
    secret: bytes = b"s" * 32
    _accounts: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def open(self, **changes: Any) -> str:
        number = next(_numbers)
        values: dict[str, Any] = {
            "subject_kind": SubjectKind.ACCOUNT,
            "subject": f"acct-{number}-x9",
            "door": Door.GUARD,
            "severity": Severity.MEDIUM,
            "category": "adult",
            "items": (
                NewItem(key=f"item-{number}", kind=ItemKind.IMAGE, sha256=f"{number:064x}", ref=f"gen-{number}"),
            ),
        }
        return self.cases.open_case(Opening(**(values | changes)))

    def take(self, person: str, kind: TaskKind | None = None) -> Claim:
        claim = self.cases.claim(person, kinds=None if kind is None else [kind])
        assert claim is not None, f"no task for {person}"
        return claim

    def decide(
        self,
        case_id: str,
        person: str = ADA,
        label: Label = Label.ADULT,
        outcome: Outcome = Outcome.NOT_REPORTABLE,
        effects: Sequence[EffectKind] = (EffectKind.REMOVE, EffectKind.STRIKE, EffectKind.NOTIFY),
        reasons: Sequence[str] = ("terms-4",),
    ) -> CaseDecision:
        claim = self.take(person)
        assert claim.case.id == case_id
        verdicts = tuple(
            NewVerdict(item_id, label, rationale="because") for item_id in sorted(self.cases.asked(claim.task.id))
        )
        done = self.cases.submit(
            claim.task.id, person, claim.task.token, Submission(verdicts, outcome, tuple(effects), tuple(reasons))
        )
        assert done.decision is not None, done.result
        return done.decision

    def decided(self, **changes: Any) -> CaseDecision:
        """Return the decision of a case in which something was restricted."""
        return self.decide(self.open(), **changes)

    def refused_notice(self) -> tuple[str, CaseDecision]:
        """Return a notice's receipt, and the decision that nothing is wrong."""
        where = NoticeObject(ObjectType.IMAGE, f"pic-{next(_numbers)}")
        notice = NewNotice(Category.CHILD_IMAGE_MISUSED, (where,), text="Please look.")
        receipt = self.notices.receive(notice, Sender(address="192.0.2.7"))
        claim = self.take(ADA)
        verdicts = tuple(NewVerdict(each, Label.BENIGN) for each in self.cases.asked(claim.task.id))
        done = self.cases.submit(
            claim.task.id, ADA, claim.task.token, Submission(verdicts, Outcome.NO_VIOLATION, (), ())
        )
        if done.decision is None:
            claim = self.take(BEN)
            verdicts = tuple(NewVerdict(each, Label.BENIGN) for each in self.cases.asked(claim.task.id))
            done = self.cases.submit(
                claim.task.id, BEN, claim.task.token, Submission(verdicts, Outcome.NO_VIOLATION, (), ())
            )
        assert done.decision is not None
        return receipt.token, done.decision

    def receipt(self, decision: CaseDecision) -> str:
        told = self.statements.payload(decision.id)
        assert told is not None
        return str(told["receipt"])

    def tell(self, decision: CaseDecision, at: datetime | None = None) -> None:
        """Let the account be told of a decision."""
        moment = to_iso(at or self.clock.now)
        with self.store.begin() as connection:
            ours = (case_effect.c.decision_id == decision.id) & (case_effect.c.kind == "notify")
            connection.execute(case_effect.update().where(ours).values(done_at=moment))

    def effects(self, case_id: str) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            wanted = case_effect.select().where(case_effect.c.case_id == case_id).order_by(case_effect.c.queued_at)
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def messages(self, topic: str) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            wanted = outbox.select().where(outbox.c.topic == topic).order_by(outbox.c.seq)
            return [json.loads(row["payload"]) for row in connection.execute(wanted).mappings()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        self.ledger.append_pending()
        with self.store.read() as connection:
            rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).mappings().all()
        return [each["body"] for each in (json.loads(row["data"]) for row in rows) if each["kind"] == kind]


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def make_office(hands: Hands, tmp_path: Path) -> Callable[[Store], Office]:
    def make(store: Store) -> Office:
        def names(person: str) -> Sequence[str]:
            return NAMES.get(person, ())

        ledger = Ledger.open(store, KeyFile(tmp_path / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(tmp_path / "keys" / "vault.key"), tmp_path / "vault")
        statements = Statements(store, ledger, b"s" * 32, parse_options({"platform": "Example."}), names)
        hooks = (NoticeHook(ledger), statements, AppealHook(ledger))
        cases = Cases(store, ledger, hooks=hooks)
        notices = Notices(store, ledger, vault, cases, secret=b"n" * 32)
        appeals = Appeals(store, ledger, vault, cases, statements, notices, AppealOptions(), names)
        return Office(store, ledger, vault, cases, statements, appeals, notices, hands, tmp_path)

    return make


@pytest.fixture
def office(migrated_url: str, hands: Hands, make_office: Callable[[Store], Office]) -> Iterator[Office]:
    with Store.open(migrated_url, clock=hands) as store:
        yield make_office(store)
