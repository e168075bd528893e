"""Appeals: whoever a decision went against has it looked at again, by somebody who had no part in it.

A machine never decides one. What was wrong is taken back in the transaction that says so, with all that followed.
"""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from seawall.cases import Cases
from seawall.cases.model import Outcome
from seawall.clock import to_iso
from seawall.errors import NotFound, SeawallError, UsageError
from seawall.ledger import Ledger
from seawall.maintain.appeals import _rows, filing
from seawall.maintain.appeals.deciding import decide
from seawall.maintain.appeals.errors import AppealError, AppealInvalid, NothingToAppeal, UnknownReceipt
from seawall.maintain.appeals.figures import Figures, figures
from seawall.maintain.appeals.model import Appeal, AppealState, Ground, Party, Result, Standing
from seawall.maintain.appeals.options import AppealOptions, default_options
from seawall.maintain.appeals.window import window_end
from seawall.maintain.appeals.words import Words
from seawall.maintain.statements import Names, Statement, StatementKind, Statements
from seawall.store import Store, StoreConflict
from seawall.store.ids import new_id
from seawall.store.tables import appeal as table
from seawall.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LONGEST_NAME = 128
_LONGEST_LOCALE = 16


class Noticed(Protocol):
    """A notice: `seawall.deploy.notices.StoredNotice`."""

    @property
    def id(self) -> str:
        """Its id."""


class NoticeBook(Protocol):
    """Finds notices by their receipts: `seawall.deploy.notices.Notices`."""

    def by_receipt(self, receipt: str) -> Noticed:
        """Return a notice; any SeawallError if there is none."""
        ...


class Appeals:
    """The appeals of a store. May be shared between threads.

    Args:
        store: The database.
        ledger: In the same store.
        vault: Keeps what parties write.
        cases: What is appealed against. Its hooks should have an `AppealHook`.
        statements: By whose receipts accounts appeal.
        notices: By whose receipts notifiers appeal; None if there are none.
        options: How long, and how soon.
        names: The names of people who decide, which must not be in what parties are told.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        cases: Cases,
        statements: Statements,
        notices: NoticeBook | None = None,
        options: AppealOptions | None = None,
        names: Names | None = None,
    ) -> None:
        self.options = options or default_options()
        self._store = store
        self._ledger = ledger
        self._words = Words(vault)
        self._cases = cases
        self._statements = statements
        self._notices = notices
        self._names = names or (lambda _person: ())

    def standing(self, receipt: str) -> builtins.list[Standing]:
        """Return what the holder of a receipt may know: of each decision that went against them.

        Raises:
            UnknownReceipt: If there is no statement and no notice with it.
        """
        return [self._standing(each) for each in self._grounds(receipt)]

    def file(self, receipt: str, text: str = "", locale: str = "en") -> builtins.list[Appeal]:
        """Appeal against everything that was decided against the holder of a receipt.

        Args:
            receipt: Of a statement of reasons, or of a notice.
            text: What the party has to say.
            locale: In which language they want answers.

        Raises:
            UnknownReceipt: If there is no statement and no notice with it.
            NothingToAppeal: If nothing was decided against them.
            AppealError: If it is too late, or the party has appealed already.
        """
        grounds = self._grounds(receipt)
        if not grounds:
            raise NothingToAppeal
        possible = grounds
        if len(grounds) > 1:
            possible = [each for each in grounds if self._standing(each).open] or grounds[:1]
        return [self._file(each, text, locale, None) for each in possible]

    def file_for(
        self, decision_id: str, *, person: str, text: str = "", locale: str = "en", notice_id: str | None = None
    ) -> Appeal:
        """Appeal for somebody who asked for it in another way, such as by letter.

        Args:
            decision_id: What it is against.
            person: Who of the operator's people files it.
            text: What the party has to say.
            locale: In which language they want answers.
            notice_id: The notice of the notifier who appeals; None if the account does.

        Raises:
            NotFound: If there is no such decision.
            AppealError: As `file`.
        """
        if not 0 < len(person.strip()) <= _LONGEST_NAME:
            raise UsageError(f"who files an appeal is named, in at most {_LONGEST_NAME} characters")
        if notice_id is None:
            grounds = self._of_statement(self._statements.of_decision(decision_id))
        else:
            with self._store.read() as connection:
                grounds = [each for each in self._of_notice(connection, notice_id) if each.decision_id == decision_id]
        if not grounds:
            raise NothingToAppeal
        return self._file(grounds[0], text, locale, person)

    def get(self, appeal_id: str) -> Appeal:
        """Return an appeal.

        Raises:
            NotFound: If there is none.
        """
        with self._store.read() as connection:
            found = _rows.one(connection, table.c.id == appeal_id)
        if found is None:
            raise NotFound("there is no appeal with this id", hint="see 'seawall appeals ls'")
        return found

    def list(
        self,
        *,
        state: AppealState | None = None,
        late_only: bool = False,
        after: str | None = None,
        limit: int = 100,
    ) -> builtins.list[Appeal]:
        """Return appeals in the order in which they came.

        Args:
            state: Only those in this state.
            late_only: Only those that should have been decided by now, and are not.
            after: Only those after this id.
            limit: So many at most.
        """
        conditions: list[Any] = []
        if state is not None:
            conditions.append(table.c.state == state.value)
        if late_only:
            conditions += [table.c.decided_at.is_(None), table.c.due_at < to_iso(self._store.clock())]
        with self._store.read() as connection:
            return _rows.many(connection, *conditions, after=after, limit=limit)

    def of_task(self, task_id: str) -> builtins.list[Appeal]:
        """Return the appeals that one task is about."""
        with self._store.read() as connection:
            return _rows.many(connection, table.c.task_id == task_id)

    def words(self, appeal_id: str, *, person: str, purpose: str) -> str:
        """Return what a party wrote; that somebody read it is recorded first.

        Raises:
            NotFound: If there is no such appeal.
        """
        return self._words.read(self.get(appeal_id).words, person=person, purpose=purpose)

    def decide(self, task_id: str, user_id: str, token: int, result: Result, reason: str) -> builtins.list[Appeal]:
        """Decide the appeals of a task. What was wrong is taken back at once, with all that followed from it.

        Args:
            task_id: The task.
            user_id: Who holds it; nobody who had a part in the decision.
            token: Of the lease.
            result: Whether the decision stands.
            reason: Why, as the party is told: no names, no accounts, no addresses.

        Raises:
            LeaseLost: If the task is somebody else's now.
            SamePerson: If the person had a part in the decision.
            PersonalData: If the reason names somebody.
        """
        return decide(
            self._store,
            self._ledger,
            self._cases,
            task_id,
            user_id,
            token,
            result=result,
            reason=reason,
            names=self._names,
        )

    def figures(self, *, party: Party | None = None, since: str | None = None, until: str | None = None) -> Figures:
        """Return how many appeals were filed within a time, how soon they were decided, how often they were right."""
        return figures(self._store, now=to_iso(self._store.clock()), party=party, since=since, until=until)

    def _grounds(self, receipt: str) -> builtins.list[Ground]:
        statement = self._statements.by_receipt(receipt)
        if statement is not None:
            return self._of_statement(statement)
        if self._notices is None:
            raise UnknownReceipt
        try:
            notice = self._notices.by_receipt(receipt)
        except SeawallError:
            raise UnknownReceipt from None
        with self._store.read() as connection:
            return self._of_notice(connection, notice.id)

    def _of_statement(self, statement: Statement) -> builtins.list[Ground]:
        """Return against what the account of a statement may appeal: nothing, if it was found in the right."""
        if statement.kind is StatementKind.OVERTURN or statement.facts["outcome"] == Outcome.NO_VIOLATION.value:
            return []
        with self._store.read() as connection:
            begins = _rows.told_at(connection, statement.decision_id)
        until = self._until(begins)
        return [Ground(statement.decision_id, statement.case_id, Party.ACCOUNT, "account", None, begins, until)]

    def _of_notice(self, connection: Connection, notice_id: str) -> builtins.list[Ground]:
        return [
            Ground(
                row["decision_id"],
                row["case_id"],
                Party.NOTIFIER,
                f"notice/{notice_id}",
                notice_id,
                row["decided_at"],
                self._until(row["decided_at"]),
            )
            for row in _rows.refused_notices(connection, notice_id)
        ]

    def _until(self, begins: str | None) -> str | None:
        if begins is None:
            return None
        return to_iso(window_end(datetime.fromisoformat(begins), self.options.months))

    def _standing(self, ground: Ground) -> Standing:
        now = self._store.clock()
        with self._store.read() as connection:
            mine = (table.c.decision_id == ground.decision_id, table.c.key == ground.key)
            found = _rows.one(connection, *mine)
            superseded = _rows.superseded(connection, ground.decision_id)
            decision = _rows.decision(connection, ground.decision_id)
            try:
                filing.expect_possible(connection, ground, now)
                possible = True
            except AppealError:
                possible = False
        return Standing(ground, decision["at"] if decision is not None else "", found, superseded, possible)

    def _file(self, ground: Ground, text: str, locale: str, person: str | None) -> Appeal:
        if not 0 < len(locale) <= _LONGEST_LOCALE or not locale.replace("-", "").isalnum():
            raise AppealInvalid("the language is not a code such as de or pt-BR")
        now = self._store.clock()
        with self._store.read() as connection:
            # Before anything is put into the vault; it is asked once more where it counts.
            filing.expect_possible(connection, ground, now)
        appeal_id = new_id()
        words = self._words.keep(appeal_id, text, ground.case_id)
        try:
            with self._store.begin() as connection:
                filing.write(
                    connection,
                    self._cases,
                    self._ledger,
                    self.options,
                    ground,
                    appeal_id=appeal_id,
                    now=now,
                    words=words,
                    locale=locale,
                    person=person,
                )
        except Exception as error:
            self._words.forget(words)
            if isinstance(error, StoreConflict):
                with self._store.read() as connection:
                    filing.expect_possible(connection, ground, now)
            raise
        return self.get(appeal_id)
