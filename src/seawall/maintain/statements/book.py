"""Statements of reasons: written with the decision that they are about, or the decision is not saved.

What is written is never changed; a decision that takes the place of another brings a statement that says so.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.cases.model import Case, CaseDecision, EffectKind, Item, Outcome, SubjectKind, Verdict
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.maintain.statements import _rows, personal
from seawall.maintain.statements.deriving import Derived, derive
from seawall.maintain.statements.errors import Fault, PersonalData, StatementInvalid
from seawall.maintain.statements.model import Statement, StatementKind
from seawall.maintain.statements.options import StatementOptions, default_options
from seawall.maintain.statements.receipts import digest_of, read_receipt, receipt_of
from seawall.maintain.statements.validation import faults
from seawall.maintain.statements.wording import statement_texts
from seawall.store import Store
from seawall.store.ids import new_id
from seawall.store.tables import statement as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

Names = Callable[[str], Iterable[str]]
"""Returns the names of a person that must not be in a statement."""
_PAGE = 200


class Statements:
    """The statements of a store, and a hook of cases that writes them.

    Args:
        store: The database.
        ledger: In the same store.
        secret: Keys receipts.
        options: What is said in which words.
        names: The names of people who decide; their ids are known anyway.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        secret: bytes,
        options: StatementOptions | None = None,
        names: Names | None = None,
    ) -> None:
        self.options = options or default_options()
        self._store = store
        self._ledger = ledger
        self._secret = secret
        self._names = names or (lambda _person: ())
        self._own = [each.casefold() for each in self.options.texts()]

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Write the statement of a decision, in its transaction.

        Raises:
            StatementInvalid: If it would not be accepted; the decision is not saved.
            PersonalData: If it names somebody; the decision is not saved.
        """
        self._write(connection, case, decision, items, verdicts, carried=False)

    def carried(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Write the statement of a decision that repeats an earlier one unseen.

        Raises:
            StatementInvalid: As `decided`.
        """
        self._write(connection, case, decision, items, verdicts, carried=True)

    def payload(self, decision_id: str) -> Mapping[str, Any] | None:
        """Return what the account is sent because of a decision: texts in all languages, and its receipt.

        None if there is no statement about it: it was made before statements were written.
        """
        with self._store.read() as connection:
            found = _rows.find(connection, table.c.decision_id == decision_id)
        if found is None:
            return None
        receipt = receipt_of(self._secret, decision_id) if found.account else None
        return {
            "v": 1,
            "statement": found.id,
            "decision": found.decision_id,
            "kind": found.kind.value,
            "replaces": found.replaces,
            "at": found.at,
            "drill": found.drill,
            "receipt": receipt,
            "texts": statement_texts(found, self.options, receipt),
        }

    def of_decision(self, decision_id: str) -> Statement:
        """Return the statement about a decision.

        Raises:
            NotFound: If there is none.
        """
        return self._one(table.c.decision_id == decision_id)

    def get(self, statement_id: str) -> Statement:
        """Return a statement.

        Raises:
            NotFound: If there is none.
        """
        return self._one(table.c.id == statement_id)

    def by_receipt(self, receipt: str) -> Statement | None:
        """Return the statement that an account got with a receipt; None if there is none."""
        token = read_receipt(receipt)
        if token is None:
            return None
        with self._store.read() as connection:
            return _rows.find(connection, table.c.token == digest_of(token))

    def list(
        self,
        *,
        kind: StatementKind | None = None,
        drill: bool | None = None,
        case_id: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> builtins.list[Statement]:
        """Return statements in the order of their making.

        Args:
            kind: Only these.
            drill: Only drills, or only what is none.
            case_id: Only those of a case.
            after: Only those after this id.
            limit: So many at most.
        """
        conditions: list[Any] = []
        if kind is not None:
            conditions.append(table.c.kind == kind.value)
        if drill is not None:
            conditions.append(table.c.drill.is_(drill))
        if case_id is not None:
            conditions.append(table.c.case_id == case_id)
        with self._store.read() as connection:
            return _rows.page(connection, *conditions, after=after, limit=limit)

    def all(self, *, kind: StatementKind, drill: bool) -> Iterator[Statement]:
        """Yield statements of a kind, a page at a time."""
        last: str | None = None
        while True:
            found = self.list(kind=kind, drill=drill, after=last, limit=_PAGE)
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1].id

    def _one(self, *conditions: Any) -> Statement:
        with self._store.read() as connection:
            found = _rows.find(connection, *conditions)
        if found is None:
            raise NotFound("there is no such statement of reasons", hint="see 'seawall dsa ls'")
        return found

    def _write(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
        *,
        carried: bool,
    ) -> None:
        before = None
        if decision.supersedes is not None:
            before = _rows.find(connection, table.c.decision_id == decision.supersedes)
        derived = derive(
            case, decision, items, verdicts, _rows.records(connection, case, items), self.options, carried=carried
        )
        kind = _kind(derived, decision, before)
        if kind is None:
            return
        self._expect_right(case, decision, items, derived)
        statement_id = new_id()
        account = case.subject_kind is SubjectKind.ACCOUNT
        _rows.add(
            connection,
            statement_id,
            decision,
            kind,
            derived,
            replaces=before.id if before is not None else None,
            token=digest_of(receipt_of(self._secret, decision.id)) if account else None,
            puid=derived.payload["puid"] if derived.payload is not None else None,
            options=self.options.digest,
        )
        body = {
            "statement": statement_id,
            "decision": decision.id,
            "kind": kind.value,
            "replaces": before.id if before is not None else None,
            "options": self.options.digest,
            "drill": decision.drill,
        }
        self._ledger.record(connection, "statement.written", f"statement/{decision.id}", body)

    def _expect_right(self, case: Case, decision: CaseDecision, items: Sequence[Item], derived: Derived) -> None:
        accounts = [case.subject, *(ref for each in items for ref in (each.ref, each.key) if ref)]
        people = [
            name
            for person in (decision.first, decision.second)
            if person is not None
            for name in (person, *self._names(person))
        ]
        if derived.payload is not None:
            wrong = faults(derived.payload)
            if wrong:
                raise StatementInvalid(wrong)
        # A reference that is a word of the operator's own texts says nothing where it stands in those.
        foreign = self._foreign(accounts), self._foreign(people)
        found = personal.faults(derived.payload or {}, accounts=foreign[0], people=foreign[1])
        typed = "\n".join(decision.reasons)
        found += [
            Fault("reasons", each, personal.WORDS[each])
            for each in personal.kinds(typed, accounts=accounts, people=people)
        ]
        if found:
            raise PersonalData(found)

    def _foreign(self, names: Iterable[str]) -> builtins.list[str]:
        return [each for each in names if not any(each.casefold() in own for own in self._own)]


def _kind(derived: Derived, decision: CaseDecision, before: Statement | None) -> StatementKind | None:
    """Return what kind of statement a decision needs; None if nobody is told anything."""
    if derived.payload is not None:
        return StatementKind.RESTRICTION
    if before is not None and before.kind is StatementKind.RESTRICTION and decision.outcome is not Outcome.REPORTABLE:
        return StatementKind.OVERTURN
    if EffectKind.NOTIFY in decision.effects or before is not None:
        return StatementKind.INFORMATION
    return None
