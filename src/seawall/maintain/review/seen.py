"""See it once: what a person judged is not shown again, neither the same bytes nor nearly the same picture.

A verdict is repeated only where nothing speaks against it: other verdicts within reach agree, it is not withdrawn, not
too old, and a drill's never meets a real item. `unsure` is never repeated. What is repeated never becomes a reason to
repeat further, so that distances do not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from seawall.cases.looking_again import queue_looks
from seawall.cases.model import Case, CaseDecision, Item, Label, Severity, Verdict
from seawall.clock import to_iso
from seawall.maintain.review import _judged
from seawall.maintain.review._judged import Known, Print, Repeated
from seawall.maintain.review._near import NearIndex
from seawall.maintain.review.repeats import RepeatPolicy, load_repeats
from seawall.store import insert_new
from seawall.store.ids import new_id
from seawall.store.tables import judged, judged_head, judged_repeat

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping

    from seawall.ledger import Ledger
    from seawall.store import Store


@dataclass(frozen=True, slots=True)
class _Asked:
    """Why an item is to be decided."""

    category: str | None
    severity: int
    drill: bool


class SeenOnce:
    """What was judged, as a hook of `Cases` and as a question to the database. Threads may share one.

    Args:
        store: The database.
        ledger: In the same store.
        policy: When a verdict is repeated; by default the policy that ships.
    """

    def __init__(self, store: Store, ledger: Ledger, policy: RepeatPolicy | None = None) -> None:
        self.policy = policy or load_repeats()
        self._store = store
        self._ledger = ledger
        self._near = NearIndex(store)

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Take in what a case came to, in the transaction that decides it."""
        self.note(connection, verdicts, items, case=case, decision=decision.id)

    def note(
        self,
        connection: Connection,
        verdicts: Sequence[Verdict],
        items: Sequence[Item],
        *,
        case: Case,
        decision: str | None = None,
    ) -> int:
        """Take in what people said of items; return of how many it will be repeated.

        Verdicts of an item that do not agree, unsure ones, and those that are repetitions themselves are left out.

        Args:
            connection: Of the transaction that decides.
            verdicts: All verdicts of these items.
            items: The items.
            case: Theirs.
            decision: Id of the decision.
        """
        said: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            if verdict.of is None and verdict.reviewer is not None:
                said.setdefault(verdict.item_id, []).append(verdict)
        known = {item.id: item for item in items}
        settled = [(known[key], _judged.settled(each)) for key, each in said.items() if key in known]
        rows = [
            self._row(case, decision, item, verdict)
            for item, verdict in settled
            if verdict is not None and _judged.repeatable(verdict.label, drill=case.drill)
        ]
        rows = [row for row in rows if row["sha256"] or row["pdq"]]
        rows = [row for row in rows if not _judged.is_known(connection, str(row["verdict"]))]
        if rows:
            last = self._advance(connection, len(rows))
            for number, row in enumerate(rows, last - len(rows) + 1):
                row |= {"id": number, "revision": number}
            connection.execute(judged.insert(), rows)
        return len(rows)

    def lookup(
        self,
        connection: Connection,
        sha256: str | None,
        pdq: str | None = None,
        *,
        category: str | None = None,
        severity: Severity = Severity.CRITICAL,
        drill: bool = False,
    ) -> Verdict | None:
        """Return the verdict that holds for an item, if there is one.

        Args:
            connection: The caller's; its own changes count.
            sha256: Digest of the item's bytes.
            pdq: PDQ of its picture in hex, of sufficient quality.
            category: Why the item is to be decided; without it only the gravest verdicts are repeated nearly.
            severity: How grave its case is.
            drill: Whether it is part of a drill.
        """
        asked = _Asked(category, severity, drill)
        found = self._find(connection, Print(_judged.hex_of(sha256), _judged.hex_of(pdq)), asked)
        return found.verdict if found else None

    def known(self, connection: Connection, case: Case, items: Iterable[Item]) -> dict[str, Known]:
        """Return the verdicts that hold for items of a case, by item id; nothing is written."""
        found = {}
        for item in items:
            known = self._find(connection, self.print_of(item), _Asked(case.category, case.severity, case.drill))
            # A case that is judged anew does not answer itself.
            if known is not None and known.verdict.case_id != case.id:
                found[item.id] = known
        return found

    def likely(self, connection: Connection, case: Case, items: Iterable[Item]) -> dict[str, Known]:
        """Return, by item id, verdicts on pictures that may be the same: for whoever compares them, unseen."""
        asked = _Asked(case.category, case.severity, case.drill)
        found = {}
        for item in items:
            near = self._within(connection, self.print_of(item), self.policy.compared, self._holds(asked))
            known = self._reaching(near, asked, lambda _: self.policy.compared)
            if known is not None:
                found[item.id] = known
        return found

    def apply(self, connection: Connection, case: Case, item: Item) -> Verdict | None:
        """Decide an item unseen by what was judged before, and return the verdict to be kept; None if it must be seen.

        Args:
            connection: Of the transaction in which the item arrives.
            case: Its case.
            item: The item.
        """
        known = self._find(connection, self.print_of(item), _Asked(case.category, case.severity, case.drill))
        if known is None or known.verdict.item_id == item.id:
            return None
        table = judged_repeat
        query = table.select().where(table.c.item_id == item.id, table.c.judged == known.number)
        before = connection.execute(query).mappings().first()
        at = to_iso(self._store.clock())
        verdict = _judged.repetition(known, item, before["verdict"] if before else new_id(), at)
        if before is None:
            row = {
                "verdict": verdict.id,
                "judged": known.number,
                "of": known.verdict.id,
                "case_id": case.id,
                "item_id": item.id,
                "distance": known.distance,
                "at": at,
            }
            connection.execute(table.insert(), row)
            body = {key: row[key] for key in ("verdict", "of", "case_id", "item_id", "distance")}
            body |= {"policy": self.policy.hash, "drill": case.drill}
            self._ledger.record(connection, "review.repeated", f"review.repeated/{verdict.id}", body)
        return verdict

    def withdraw(
        self,
        connection: Connection,
        *,
        decision: str | None = None,
        items: Collection[str] = (),
        why: str = "overturned",
    ) -> list[Repeated]:
        """Repeat the verdicts of a decision, or of items, no more; return what was decided by them.

        Of an item that was decided unseen, it is the verdict behind that. People are asked to look at what was decided
        by them, unless the same is said of the item that was judged.

        Args:
            connection: Of the transaction that overturns.
            decision: Id of the decision that is overturned.
            items: Ids of items.
            why: A word.
        """
        rows: list[RowMapping] = []
        holds = judged.c.withdrawn_at.is_(None)
        if items:
            mine = judged.c.item_id.in_(list(items))
            rows += connection.execute(judged.select().where(mine, holds)).mappings()
            rows += [row for row, _ in _judged.behind(connection, judged_repeat.c.item_id.in_(list(items)))]
        if decision is not None:
            rows += connection.execute(judged.select().where(judged.c.decision == decision, holds)).mappings()
        return self._withdraw(connection, rows, decision, why)

    def doubted(self, connection: Connection, decision: CaseDecision) -> None:
        """Withdraw what a decision said or repeated, as an appeal against it is right.

        Where the same bytes were judged, and not just something like them, people are asked to judge that case anew.
        """
        said = judged.select().where(judged.c.decision == decision.id, judged.c.withdrawn_at.is_(None))
        repeated = _judged.behind(connection, judged_repeat.c.case_id == decision.case_id)
        rows = [*connection.execute(said).mappings(), *(row for row, _ in repeated)]
        self._withdraw(connection, rows, decision.id, "appeal", but=decision.case_id)
        equal = [(row["case_id"], row["verdict"]) for row, distance in repeated if distance is None]
        queue_looks(connection, equal, at=to_iso(self._store.clock()))

    def _withdraw(
        self,
        connection: Connection,
        rows: Sequence[RowMapping],
        decision: str | None,
        why: str,
        *,
        but: str | None = None,
    ) -> list[Repeated]:
        """Withdraw what was judged, and queue looks at what was decided by it in every case but one."""
        numbers = sorted({row["id"] for row in rows})
        at = to_iso(self._store.clock())
        last = self._advance(connection, len(numbers)) if numbers else 0
        for revision, number in enumerate(numbers, last - len(numbers) + 1):
            change = {"withdrawn_at": at, "withdrawn_why": why, "revision": revision}
            connection.execute(judged.update().where(judged.c.id == number).values(**change))
            body = {"judged": number, "why": why, "decision": decision}
            self._ledger.record(connection, "review.withdrawn", f"review.withdrawn/{number}", body)
        found = _judged.repeated_from(connection, numbers)
        # Where somebody says the same of it again, what was decided by it stands.
        doubtful = set(numbers) - _judged.said_again(connection, rows)
        again = [each for each in _judged.repeated_from(connection, sorted(doubtful)) if each.case_id != but]
        queue_looks(connection, [(each.case_id, each.verdict) for each in again], at=at)
        return found

    def overturned(self, connection: Connection, decision: CaseDecision) -> list[Repeated]:
        """Withdraw what a decision said that another one supersedes; see `withdraw`."""
        return self.withdraw(connection, decision=decision.id)

    def counts(self) -> dict[str, int]:
        """Return how much was judged by people and holds, and how many items were decided unseen by it."""
        from_people = judged.select().where(judged.c.withdrawn_at.is_(None), judged.c.drill.is_(False))
        with self._store.read() as connection:
            numbers = {row["id"] for row in connection.execute(from_people).mappings()}
            rows = connection.execute(judged_repeat.select()).mappings()
            repeats = [row["distance"] is None for row in rows if row["judged"] in numbers]
        return {"judged": len(numbers), "unseen_equal": sum(repeats), "unseen_near": len(repeats) - sum(repeats)}

    def print_of(self, item: Item) -> Print:
        """Return what an item is found again by."""
        pdq, quality = _judged.pdq_of(item)
        good = pdq is not None and quality is not None and quality >= self.policy.least_quality
        return Print(_judged.hex_of(item.sha256), pdq if good else None)

    def _row(self, case: Case, decision: str | None, item: Item, verdict: Verdict) -> dict[str, object]:
        found = self.print_of(item)
        return {
            "verdict": verdict.id,
            "case_id": case.id,
            "item_id": item.id,
            "decision": decision,
            "sha256": found.sha256,
            "pdq": found.pdq,
            "vault": item.vault,
            "category": case.category,
            "label": verdict.label.value,
            "industry": verdict.industry.value if verdict.industry else None,
            "generative_ai": verdict.generative_ai.value,
            "drill": case.drill,
            "at": verdict.at,
        }

    def _advance(self, connection: Connection, by: int) -> int:
        """Return the number of the last of so many new changes; others wait until this transaction ends."""
        insert_new(connection, judged_head, [{"one": 1, "revision": 0}])
        connection.execute(judged_head.update().values(revision=judged_head.c.revision + by))
        return int(connection.execute(judged_head.select()).mappings().one()["revision"])

    def _find(self, connection: Connection, wanted: Print, asked: _Asked) -> Known | None:
        holds = self._holds(asked)
        if wanted.sha256 is not None:
            query = judged.select().where(judged.c.sha256 == wanted.sha256, *holds).order_by(judged.c.id)
            rows = connection.execute(query).mappings().all()
            if rows:
                # Equal bytes say all that there is to say, also if people did not agree on them.
                agreed = len({row["label"] for row in rows}) == 1
                last = rows[-1]
                return Known(_judged.verdict_of(last), None, last["id"], last["vault"]) if agreed else None
        near = self._within(connection, wanted, self.policy.widest, holds)
        return self._reaching(near, asked, self.policy.radius_of)

    def _within(
        self, connection: Connection, wanted: Print, radius: int, holds: Sequence[ColumnElement[bool]]
    ) -> list[tuple[int, RowMapping]]:
        """Return what is near and holds; nothing if people did not agree on it."""
        if wanted.pdq is None or not radius:
            return []
        numbers = self._near.near(connection, bytes.fromhex(wanted.pdq), radius)
        near = []
        for start in range(0, len(numbers), _judged.CHUNK):
            query = judged.select().where(judged.c.id.in_(numbers[start : start + _judged.CHUNK]), *holds)
            for row in connection.execute(query).mappings():
                distance = _judged.distance_of(wanted.pdq, row["pdq"]) if row["pdq"] else radius + 1
                if distance <= radius:
                    near.append((distance, row))
        return near if len({row["label"] for _, row in near}) == 1 else []

    def _reaching(
        self, near: Sequence[tuple[int, RowMapping]], asked: _Asked, radius_of: Callable[[Label], int]
    ) -> Known | None:
        for distance, row in sorted(near, key=lambda pair: (pair[0], -pair[1]["id"])):
            label = Label(row["label"])
            light = asked.drill or asked.severity < self.policy.below
            fits = label in self.policy.gravest or (light and row["category"] == asked.category)
            if fits and distance <= radius_of(label):
                return Known(_judged.verdict_of(row), distance, row["id"], row["vault"])
        return None

    def _holds(self, asked: _Asked) -> tuple[ColumnElement[bool], ...]:
        since = to_iso(self._store.clock() - timedelta(days=self.policy.days))
        return (judged.c.withdrawn_at.is_(None), judged.c.drill.is_(asked.drill), judged.c.at >= since)
