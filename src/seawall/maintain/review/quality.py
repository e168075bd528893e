"""Judging again what people and rules judged, and the numbers that come of it.

What is kept of a rating is its role, never its person: who agrees with whom is no measure of anybody. A task of judging
again goes to nobody who judged before, and does not say what was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from seawall.cases.model import Case, CaseDecision, Door, Item, Label, Verdict
from seawall.clock import to_iso
from seawall.maintain.review.agreement import cohen_kappa, krippendorff_alpha
from seawall.maintain.review.sampling import QualityPolicy, unforeseen
from seawall.maintain.review.seen import SeenOnce
from seawall.maintain.review.side import SideKind, SideTask, SideTasks
from seawall.policy.separation.bounds import binomial_upper
from seawall.store import insert_or_replace
from seawall.store.tables import rating

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store


class Role(StrEnum):
    """Who said it."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    QA = "qa"
    """Whoever judged it again."""
    RULE = "rule"
    """Nobody: it was repeated unseen, or the guard decided."""
    ANSWER = "answer"
    """The known answer of a golden task."""
    GOLDEN = "golden"
    """Whoever did the golden task."""


GUARD_QUEUE = "guard"
"""What agreement with the guard is told under."""

DELIVERED = "delivered"
"""The stage of what was not stopped."""

_PEOPLE = (Role.FIRST, Role.SECOND, Role.THIRD)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well ratings agree, of one queue under one policy.

    Attributes:
        queue, policy: Of what; the policy by hash, empty for golden tasks and the guard.
        units: Items that were rated.
        alpha: Krippendorff's, of all people who judged an item, QA too; None if it cannot be told.
        kappa_second: Cohen's, of first and second; None if it cannot be told.
        kappa_again: Cohen's, of first and QA.
        again, again_right: Items judged again, and those of which the same was said.
        rules, rules_right: The same of what rules decided.
        rules_wrong_at_most: With 95 percent confidence, the share of rules' decisions that people see otherwise.
        golden, golden_right: Golden tasks, and those that were answered rightly.
    """

    queue: str
    policy: str
    units: int
    alpha: float | None
    kappa_second: float | None
    kappa_again: float | None
    again: int
    again_right: int
    rules: int
    rules_right: int
    rules_wrong_at_most: float
    golden: int
    golden_right: int


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What judging again came to.

    Attributes:
        case_id: The case.
        differing: Ids of items of which something else was said: the case should be looked at.
    """

    case_id: str
    differing: tuple[str, ...]


class Quality:
    """Ratings, and what is drawn to be judged again. A hook of `Cases`.

    Args:
        store: The database.
        ledger: In the same store.
        side: Where its tasks are.
        policy: How much is drawn.
        seen: What repeats verdicts: one that is seen otherwise is repeated no more.
        chance: Returns a number in [0, 1); by default one that nobody can foresee.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        side: SideTasks,
        policy: QualityPolicy,
        seen: SeenOnce | None = None,
        chance: Callable[[], float] = unforeseen,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._side = side
        self._policy = policy
        self._seen = seen
        self._chance = chance

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Keep what was said, and draw some of it to be judged again; drills are left out."""
        if case.drill:
            return
        said = _by_item(verdicts)
        rows = []
        for item_id, each in said.items():
            people = [verdict for verdict in each if verdict.reviewer is not None]
            rules = [verdict for verdict in each if verdict.reviewer is None]
            pairs = [*zip(_PEOPLE, people, strict=False), *((Role.RULE, verdict) for verdict in rules[-1:])]
            rows += [self._rating(item_id, role, verdict.label, case.queue, decision.policy) for role, verdict in pairs]
        rows += self._of_the_guard(case, items, said)
        if rows:
            insert_or_replace(connection, rating, rows)
        self._draw(connection, case, decision, items, said)

    def submit(
        self, task_id: str, user_id: str, token: int, given: Mapping[str, Label]
    ) -> tuple[SideTask, Rejudged | None]:
        """Take what somebody says in a task beside the cases.

        Args:
            task_id: The task.
            user_id: Who.
            token: Of their lease.
            given: Label by item id.

        Returns:
            The task, and what it came to if it was judging again.

        Raises:
            LeaseLost: If it is not theirs any more.
        """
        with self._store.begin() as connection:
            task = self._side.done(connection, task_id, user_id, token)
            golden = task.kind is SideKind.GOLDEN
            role = Role.GOLDEN if golden else Role.QA
            kept = {key: label for key, label in given.items() if key in task.expected}
            rows = [self._rating(key, role, label, task.case.queue, task.policy) for key, label in kept.items()]
            if golden:
                answers = task.expected.items()
                rows += [self._rating(key, Role.ANSWER, label, task.case.queue, "") for key, label in answers]
            if rows:
                insert_or_replace(connection, rating, rows)
            if golden:
                return task, None
            return task, self._compared(connection, task, kept)

    def agreement(
        self, *, queue: str | None = None, policy: str | None = None, since: str | None = None
    ) -> list[Agreement]:
        """Return how well ratings agree, by queue and policy.

        Args:
            queue: Only this one.
            policy: Only under this policy, by hash.
            since: Only what was said from this moment on, RFC 3339 in UTC.
        """
        query = rating.select().order_by(rating.c.queue, rating.c.policy, rating.c.unit)
        for column, wanted in ((rating.c.queue, queue), (rating.c.policy, policy)):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(rating.c.at >= since)
        groups: dict[tuple[str, str], dict[str, dict[Role, str]]] = defaultdict(lambda: defaultdict(dict))
        with self._store.read() as connection:
            for row in connection.execute(query).mappings():
                groups[row["queue"], row["policy"]][row["unit"]][Role(row["role"])] = row["label"]
        return [_agreement(*group, list(units.values())) for group, units in groups.items()]

    def _compared(self, connection: Connection, task: SideTask, given: Mapping[str, Label]) -> Rejudged:
        # Who cannot tell says nothing against what was said.
        sure = {key: label for key, label in given.items() if label is not Label.UNSURE}
        differing = tuple(sorted(key for key, label in sure.items() if label is not task.expected[key]))
        if differing and self._seen is not None:
            self._seen.withdraw(connection, items=differing, why="judged_again")
        body = {"case": task.case.id, "judged": len(sure), "differing": list(differing)}
        self._ledger.record(connection, "review.judged_again", f"review.judged_again/{task.task.id}", body)
        return Rejudged(task.case.id, differing)

    def _draw(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        said: Mapping[str, Sequence[Verdict]],
    ) -> None:
        """Draw a case to be judged again: by chance, less often what is severe, and not if too many wait."""
        severe = case.severity >= self._policy.severe_from
        rate = self._policy.severe_rate if severe else self._policy.again_rate
        people = {key: each[-1] for key, each in said.items() if each[-1].reviewer is not None}
        rules = {key: each[-1] for key, each in said.items() if each[-1].reviewer is None}
        drawn = dict(people) if people and self._chance() < rate else {}
        drawn |= {key: verdict for key, verdict in rules.items() if self._chance() < self._policy.repeated_rate}
        if not drawn or self._side.waiting(connection, SideKind.QA) >= self._policy.most_waiting:
            return
        chosen = [item for item in items if item.id in drawn]
        expected = {item.id: drawn[item.id].label for item in chosen}
        barred = sorted({person for person in (decision.first, decision.second) if person})
        if chosen:
            self._side.add(connection, SideKind.QA, case, chosen, expected, policy=decision.policy, barred=barred)

    def _of_the_guard(
        self, case: Case, items: Sequence[Item], said: Mapping[str, Sequence[Verdict]]
    ) -> list[dict[str, str]]:
        """Return what the guard said by stopping items, and whether people see a violation in them too."""
        rows = []
        for item in items:
            last = next((each for each in reversed(said.get(item.id, ())) if each.reviewer is not None), None)
            stopped = case.door is Door.GUARD and item.decision_id is not None and item.stage not in (None, DELIVERED)
            if not stopped or last is None:
                continue
            seen = last.label if last.label in (Label.BENIGN, Label.UNSURE) else Label.OTHER_VIOLATION
            pairs = ((Role.RULE, Label.OTHER_VIOLATION), (Role.QA, seen))
            rows += [self._rating(str(item.decision_id), role, label, GUARD_QUEUE, "") for role, label in pairs]
        return rows

    def _rating(self, unit: str, role: Role, label: Label, queue: str, policy: str) -> dict[str, str]:
        at = to_iso(self._store.clock())
        return {"unit": unit, "role": role.value, "label": label.value, "queue": queue, "policy": policy, "at": at}


def _by_item(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    said: dict[str, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda each: (each.at, each.id)):
        said.setdefault(verdict.item_id, []).append(verdict)
    return said


def _agreement(queue: str, policy: str, units: Sequence[Mapping[Role, str]]) -> Agreement:
    people = [[unit.get(role) for role in (*_PEOPLE, Role.QA)] for unit in units]
    again = _pairs(units, Role.FIRST, Role.QA)
    rules = [pair for pair in _pairs(units, Role.RULE, Role.QA) if pair[1] != Label.UNSURE]
    golden = _pairs(units, Role.ANSWER, Role.GOLDEN)
    wrong = sum(one != other for one, other in rules)
    return Agreement(
        queue=queue,
        policy=policy,
        units=len(units),
        alpha=krippendorff_alpha(people),
        kappa_second=cohen_kappa(_pairs(units, Role.FIRST, Role.SECOND)),
        kappa_again=cohen_kappa(again),
        again=len(again),
        again_right=sum(one == other for one, other in again),
        rules=len(rules),
        rules_right=len(rules) - wrong,
        rules_wrong_at_most=binomial_upper(wrong, len(rules)) if rules else 1.0,
        golden=len(golden),
        golden_right=sum(one == other for one, other in golden),
    )


def _pairs(units: Sequence[Mapping[Role, str]], one: Role, other: Role) -> list[tuple[str, str]]:
    return [(unit[one], unit[other]) for unit in units if one in unit and other in unit]
