"""Trying a ladder on decisions that were made, before anybody feels it. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from seawall.accounts import Ladder, Restriction, Strike, replay
from seawall.deploy.enforcement.pace import Attempts
from seawall.policy.guard import GuardAction

if TYPE_CHECKING:
    from seawall.decisions import DecisionRecord


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a ladder would have done.

    Attributes:
        ladder: Its digest.
        name: Its name.
        decisions: How many decisions were looked at, drills left out.
        strikes: Strikes by class.
        unknown: Strikes of classes that the ladder does not name; they are counted as its `otherwise` class.
        restrictions: What would have been ordered, in the order of accounts and moments.
        probing: Accounts that would have been taken for probing at least once.
    """

    ladder: str
    name: str
    decisions: int
    strikes: Mapping[str, int]
    unknown: int
    restrictions: tuple[Restriction, ...]
    probing: tuple[str, ...]

    def accounts(self) -> dict[str, int]:
        """Return how many accounts would get each kind of restriction."""
        kinds = {(each.kind.value, each.account) for each in self.restrictions}
        return dict(sorted(Counter(kind for kind, _ in kinds).items()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "ladder": self.ladder,
            "name": self.name,
            "decisions": self.decisions,
            "strikes": dict(self.strikes),
            "unknown_classes": self.unknown,
            "accounts": self.accounts(),
            "probing": list(self.probing),
            "restrictions": [
                {
                    "account": each.account,
                    "kind": each.kind.value,
                    "feature": each.feature,
                    "at": each.starts_at,
                    "ends_at": each.ends_at,
                    "decision_id": each.strike,
                }
                for each in self.restrictions
            ],
        }


def simulate(ladder: Ladder, records: Iterable[DecisionRecord]) -> Simulation:
    """Return what a ladder would have done with decisions, as if no account had a record before them.

    Args:
        ladder: The ladder.
        records: Decisions in the order of time. Drills are left out.
    """
    attempts = Attempts(ladder.pace)
    strikes: dict[str, list[Strike]] = {}
    probing: set[str] = set()
    decisions = 0
    for record in records:
        judgement = record.judgement
        if record.drill or judgement is None:
            continue
        decisions += 1
        name, account = judgement.strike, record.account
        if name is not None:
            given = ladder.strike(record.id, account, name, record.at, decision_id=record.id)
            strikes.setdefault(account, []).append(given)
        elif record.action is not GuardAction.BLOCK or not attempts.counts(judgement.rules):
            continue
        now = datetime.fromisoformat(record.at).timestamp()
        attempts.add(account, now, record.digest)
        if account not in probing and attempts.look(account, now)[0]:
            probing.add(account)
    found = [
        each
        for account, facts in sorted(strikes.items())
        for each in replay(account, facts, {ladder.digest: ladder}).restrictions.values()
    ]
    names = Counter(each.name for facts in strikes.values() for each in facts)
    unknown = sum(count for name, count in names.items() if name not in ladder.classes)
    return Simulation(
        ladder.digest,
        ladder.name,
        decisions,
        dict(sorted(names.items())),
        unknown,
        tuple(found),
        tuple(sorted(probing)),
    )
