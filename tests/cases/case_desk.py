"""Everything of one installation, and somebody who decides: for tests of what follows from decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seawall.accounts import Accounts
from seawall.cases import Cases, Submission
from seawall.cases.effects import CaseEffects, OwnBanks
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
)
from seawall.deploy.enforcement import acknowledge_effect, shipped_ladder
from seawall.ledger import KeyFile, Ledger
from seawall.matching import ListStore
from seawall.store import Store
from seawall.store.outbox import MessageState, Outbox

SHA = "ab" * 32


PDQ = hashlib.sha256(b"a picture").hexdigest()


OTHER = "0f" * 32


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Written:
    """Statements that remember what was asked for."""

    asked: list[str] = field(default_factory=list)
    said: Mapping[str, Any] | None = field(default_factory=lambda: {"ground": "rule-1"})

    def payload(self, decision_id: str) -> Mapping[str, Any] | None:
        self.asked.append(decision_id)
        return self.said


@dataclass
class Desk:
    """Everything of one installation, and somebody who decides."""

    store: Store
    ledger: Ledger
    cases: Cases
    accounts: Accounts
    lists: ListStore
    outbox: Outbox
    statements: Written
    clock: Hands
    effects: CaseEffects

    def decided(
        self,
        subject: str = "a-1",
        *,
        label: Label = Label.OTHER_VIOLATION,
        outcome: Outcome = Outcome.NOT_REPORTABLE,
        effects: Sequence[EffectKind] = tuple(EffectKind),
        items: Sequence[NewItem] = (),
        people: Sequence[str] = ("ada", "ben"),
        kind: SubjectKind = SubjectKind.ACCOUNT,
        drill: bool = False,
        severity: Severity = Severity.MEDIUM,
    ) -> CaseDecision:
        new = tuple(items) or (NewItem("i-1", ItemKind.IMAGE, sha256=SHA, ref="upload-1", evidence={"pdq": PDQ}),)
        category = "canary" if drill else "adult"
        case = self.cases.open_case(Opening(kind, subject, Door.GUARD, severity, category, new, drill=drill))
        return self.decide(case, label=label, outcome=outcome, effects=effects, people=people)

    def decide(
        self,
        case: str,
        *,
        label: Label = Label.OTHER_VIOLATION,
        outcome: Outcome = Outcome.NOT_REPORTABLE,
        effects: Sequence[EffectKind] = (),
        people: Sequence[str] = ("ada", "ben"),
        labels: Mapping[str, Label] | None = None,
    ) -> CaseDecision:
        wanted = tuple(each for each in effects if each is not EffectKind.REPORT_DRAFT or outcome is Outcome.REPORTABLE)
        for person in people:
            claim = self.cases.claim(person)
            assert claim is not None
            assert claim.case.id == case
            verdicts = tuple(
                NewVerdict(each.id, (labels or {}).get(each.key, label), rationale="because it is so")
                for each in self.cases.items(case)
                if each.id in self.cases.asked(claim.task.id)
            )
            reasons = () if outcome is Outcome.NO_VIOLATION else ("rule-1",)
            said = self.cases.submit(
                claim.task.id, person, claim.task.token, Submission(verdicts, outcome, wanted, reasons)
            )
            if said.decision is not None:
                return said.decision
        raise AssertionError("nobody else is asked, and nothing is decided")

    def run(self) -> dict[str, str | None]:
        return {each.kind: each.failure for each in self.effects.once()}

    def told(self, kind: str | None = None) -> list[dict[str, Any]]:
        messages = [dict(each.payload) for each in self.outbox.messages("account.effect")]
        return [each for each in messages if kind is None or each["type"] == kind]

    def results(self, case: str) -> dict[str, Mapping[str, Any]]:
        return {("undo " if each.of else "") + each.kind.value: each.result for each in self.cases.effects(case)}

    def overturn(self, decision: CaseDecision, person: str = "zoe") -> CaseDecision:
        with self.store.begin() as connection:
            return self.cases.overturn(connection, decision.id, person=person, reason="it was not so")

    def matches(self, type_name: str = "sha256", value: str = SHA) -> list[str]:
        found = []
        for name in self.lists.names():
            _, entries, _ = self.lists.open(name).search(type_name, [bytes.fromhex(value)])
            found += [name] * len(entries)
        return found


def desk_of(store: Store, folder: Path, hooks: Sequence[Any] = (), clock: Hands | None = None) -> Desk:
    ledger = Ledger.open(store, KeyFile(folder / "keys"))
    accounts = Accounts(store, ledger, b"s" * 32)
    accounts.ladders.ensure(shipped_ladder())
    cases = Cases(store, ledger, hooks=hooks)
    lists = ListStore(folder / "home" / "lists")
    outbox = Outbox(store, draw=lambda: 0.0)
    statements = Written()
    effects = CaseEffects(cases, accounts, OwnBanks(lists), statements=statements, outbox=outbox)
    return Desk(store, ledger, cases, accounts, lists, outbox, statements, clock or Hands(), effects)


def open_again(desk: Desk, case: str) -> None:
    desk.cases.reopen(case, "zoe", "something new is known")


def acknowledge(desk: Desk, kind: str) -> str:
    """Let the host take a message, and say that it was done; return its id."""
    message = next(each for each in desk.told(kind) if desk.outbox.get(each["id"]).state is MessageState.QUEUED)  # type: ignore[union-attr]
    acknowledge_effect(desk.outbox, message["id"])
    return str(message["id"])


def guarded(desk: Desk, name: str, number: int = 1) -> NewItem:
    """Let the guard strike for something; return it as an item."""
    from seawall.accounts import Deserved

    check = f"{number:032x}"
    with desk.store.begin() as connection:
        desk.accounts.settle(connection, [Deserved(check, "a-1", name, "2026-03-02T09:00:00.000000Z")])
    return NewItem(f"decision/{check}", ItemKind.PROMPT, decision_id=check)
