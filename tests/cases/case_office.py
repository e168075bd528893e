"""Cases over a database of their own, with a clock that tests turn; digests are random, and nothing has content."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from seawall.cases import Cases, Claim, Submission, Submitted, load_review_policy
from seawall.cases.model import (
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
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store

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
class CaseOffice:
    """Cases, and the hands of those who work on them."""

    store: Store
    ledger: Ledger
    cases: Cases
    clock: Hands
    opened: list[str] = field(default_factory=list)

    def open(self, *items: NewItem, **changes: Any) -> str:
        """Open a case; by default of one picture of an account that nothing is known of."""
        number = next(_numbers)
        values: dict[str, Any] = {
            "subject_kind": SubjectKind.ACCOUNT,
            "subject": f"account-{number}",
            "door": Door.GUARD,
            "severity": Severity.MEDIUM,
            "category": "adult",
            "items": items or (item(),),
        }
        case = self.cases.open_case(Opening(**(values | changes)))
        self.opened.append(case)
        return case

    def take(self, person: str, **wish: Any) -> Claim:
        """Claim the next task; there is one."""
        claim = self.cases.claim(person, **wish)
        assert claim is not None, f"nothing for {person}"
        return claim

    def say(
        self,
        claim: Claim,
        person: str,
        label: Label = Label.BENIGN,
        outcome: Outcome | None = None,
        effects: Sequence[EffectKind] = (),
    ) -> Submitted:
        """Submit the same label for every item of a task."""
        harmless = label in (Label.BENIGN, Label.CANARY, Label.UNSURE)
        asked = sorted(self.cases.asked(claim.task.id))
        said = Submission(
            tuple(NewVerdict(each, label, rationale="" if harmless else "because") for each in asked),
            outcome or (Outcome.NO_VIOLATION if harmless else Outcome.NOT_REPORTABLE),
            tuple(effects),
            () if harmless and outcome in (None, Outcome.NO_VIOLATION) else ("terms-4",),
        )
        return self.cases.submit(claim.task.id, person, claim.task.token, said)


def item(**changes: Any) -> NewItem:
    """Return a picture whose bytes nobody has."""
    number = next(_numbers)
    values: dict[str, Any] = {"key": f"item-{number}", "kind": ItemKind.IMAGE, "sha256": f"{number:064x}"}
    return NewItem(**(values | changes))


def case_office(
    store: Store, clock: Hands, home: Path, hooks: Sequence[Any] = (), policy: Path | None = None
) -> CaseOffice:
    """Return an office over a database."""
    ledger = Ledger.open(store, KeyFile(home / "keys"))
    return CaseOffice(store, ledger, Cases(store, ledger, load_review_policy(policy), hooks), clock)
