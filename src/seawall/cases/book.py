"""The cases of a store: opening, claiming, judging and steering them. All of a step is written, or none of it."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.cases import (
    deciding,
    judging_anew,
    leases,
    looking_again,
    opening,
    printing,
    reading,
    related,
    states,
    steering,
    tasks,
)
from seawall.cases._office import Judged, Office
from seawall.cases.model import Case, CaseDecision, CaseState, Item, Opening, Outcome, Task, TaskKind, Verdict
from seawall.cases.policy import Method, ReviewPolicy
from seawall.cases.printing import PicturePrint
from seawall.cases.reading_policy import load_review_policy
from seawall.cases.submission import CaseEvent, Claim, Effect, QueueStatus, Related, Submission, Submitted
from seawall.errors import UsageError
from seawall.store.outbox import Outbox

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store


class Cases:
    """The book of cases. Safe to use from several threads and processes.

    Args:
        store: The database.
        ledger: In the same store.
        policy: How cases are reviewed; by default the policy that ships.
        hooks: Told in the transaction of what they are told of; each has some of `opened(connection, case, items)`,
            `decided(connection, case, decision, items, verdicts)`, `carried(...)` with the same, and
            `overturned(connection, decision)`, and `doubted(...)` with the same when an appeal against it is right.
            What they raise undoes all of it.
        judged: Knows what was judged before; None: everything is looked at.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        policy: ReviewPolicy | None = None,
        hooks: Sequence[Any] = (),
        judged: Judged | None = None,
    ) -> None:
        self._office = Office(store, ledger, policy or load_review_policy(), tuple(hooks), judged)

    @property
    def policy(self) -> ReviewPolicy:
        """How cases are reviewed."""
        return self._office.policy

    @property
    def office(self) -> Office:
        """What workers of this package need."""
        return self._office

    def open(self, connection: Connection, opening_: Opening) -> str:
        """Let items join the open case of their subject, or open one, in the caller's transaction; return its id.

        An item whose key is in the open case adds nothing. One of a closed case adds nothing if it is told of the
        same decision and notice; found once more, it opens a new case.
        """
        return opening.open_case(self._office, connection, opening_)

    def open_case(self, opening_: Opening) -> str:
        """Do the same as `open`, in a transaction of its own."""
        with self._office.store.begin() as connection:
            return self.open(connection, opening_)

    def get(self, case_id: str) -> Case:
        """Return a case; NotFound if there is none."""
        return reading.get(self._office, case_id)

    def items(self, case_id: str) -> builtins.list[Item]:
        """Return a case's items, in the order of their coming."""
        return reading.items(self._office, case_id)

    def events(self, case_id: str) -> builtins.list[CaseEvent]:
        """Return what happened to a case, the first first."""
        return reading.events(self._office, case_id)

    def verdicts(self, case_id: str) -> builtins.list[Verdict]:
        """Return what was said of a case's items: carried over, or in rounds that are decided."""
        return reading.verdicts(self._office, case_id)

    def said(self, case_id: str) -> builtins.list[Verdict]:
        """Return for each item what was said of it last, in a round that is not decided too.

        For whoever drafts a report, which does not wait for a second person; nobody who judges is shown this.
        """
        return reading.said(self._office, case_id)

    def visible(self, task_id: str, user_id: str) -> builtins.list[Verdict]:
        """Return the verdicts that whoever holds a task may see before submitting."""
        return reading.visible(self._office, task_id, user_id)

    def method(self, task_id: str) -> Method | None:
        """Return how what was said first is verified; None if nobody has said anything yet."""
        return reading.method(self._office, task_id)

    def related(self, case_id: str) -> builtins.list[Related]:
        """Return other cases that may matter, with the reasons in words."""
        return related.related(self._office, case_id)

    def list(
        self,
        queue: str | None = None,
        state: CaseState | None = None,
        drill: bool | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> builtins.list[Case]:
        """Return a page of cases, the most urgent first.

        Args:
            queue: Only those of this queue.
            state: Only those in this state; by default the open ones.
            drill: Only drills, or only what is none.
            after: The last case of the page before.
            limit: How many at most.
        """
        return reading.cases(self._office, queue=queue, state=state, drill=drill, after=after, limit=limit)

    def queues(self) -> builtins.list[QueueStatus]:
        """Return how the queues stand, in the order of the policy."""
        return reading.queues(self._office)

    def claim(
        self,
        user_id: str,
        *,
        queues: Collection[str] | None = None,
        kinds: Collection[TaskKind] | None = None,
        exclude_severe: bool = False,
        exclude: Collection[str] = (),
        sticky: bool = True,
    ) -> Claim | None:
        """Take the next task; None if there is none for this person.

        Args:
            user_id: Who.
            queues: From which queues; None for any.
            kinds: Of which kinds; None for any.
            exclude_severe: Nothing of severity high or critical.
            exclude: Nothing of these categories; `csem` stands for `csem.grooming` and the like as well.
            sticky: Go on with what the person holds already, if that fits.
        """
        return leases.claim(
            self._office,
            user_id,
            queues=queues,
            kinds=kinds,
            exclude_severe=exclude_severe,
            exclude=exclude,
            sticky=sticky,
        )

    def held(self, user_id: str) -> builtins.list[Task]:
        """Return the tasks that somebody holds, with their drafts."""
        return leases.held(self._office, user_id)

    def heartbeat(self, task_id: str, user_id: str, token: int, draft: Mapping[str, Any] | None = None) -> Task:
        """Keep a lease, and what has been filled in so far; LeaseLost if it is somebody else's now."""
        return leases.heartbeat(self._office, task_id, user_id, token, draft)

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> Task:
        """Give a task back; it never comes back to the same person first."""
        return leases.release(self._office, task_id, user_id, token, reason=reason, draft=draft)

    def task(self, task_id: str) -> Task:
        """Return a task; NotFound if there is none."""
        return tasks.get(self._office, task_id)

    def asked(self, task_id: str) -> frozenset[str]:
        """Return the ids of the items that may be judged in a task."""
        return deciding.asked(self._office, task_id)

    def submit(self, task_id: str, user_id: str, token: int, submission: Submission) -> Submitted:
        """Say what a case is; the same again changes nothing.

        Raises:
            LeaseLost: If the task is somebody else's now.
            SubmissionInvalid: If it is not whole or does not fit together.
        """
        return deciding.submit(self._office, task_id, user_id, token, submission)

    def hold(self, case_id: str, person: str, reason: str) -> Case:
        """Let a case rest, for a law or an answer that is awaited."""
        return steering.hold(self._office, case_id, person, reason)

    def resume(self, case_id: str, person: str, reason: str = "the hold is over") -> Case:
        """Go on with a case that rested."""
        return steering.resume(self._office, case_id, person, reason)

    def assign(self, case_id: str, person: str, to: str | None) -> Case:
        """Keep a case for somebody until it is overdue; None: for nobody any more."""
        return steering.assign(self._office, case_id, person, to)

    def escalate(self, case_id: str, person: str, reason: str) -> Case:
        """Ask a lead to decide."""
        return steering.escalate(self._office, case_id, person, reason)

    def reopen(self, case_id: str, person: str, reason: str) -> Case:
        """Judge a case anew; what was decided stands until something else is."""
        return judging_anew.reopen(self._office, case_id, person, reason)

    @staticmethod
    def legal(case_state: CaseState) -> tuple[str, ...]:
        """Return what may be offered to people in a state, as words."""
        return states.legal(case_state)

    def verify(self, case_id: str) -> bool:
        """Tell whether a case's state is what its events come to."""
        return reading.verify(self._office, case_id)

    def decision(self, decision_id: str) -> CaseDecision:
        """Return a decision; NotFound if there is none."""
        return reading.decision(self._office, decision_id)

    def decisions(self, case_id: str) -> builtins.list[CaseDecision]:
        """Return the decisions of a case, the first first."""
        return reading.decisions(self._office, case_id)

    def effects(self, case_id: str) -> builtins.list[Effect]:
        """Return what follows from the decisions of a case, and how far that has come."""
        return reading.effects(self._office, case_id)

    def appealed(self, connection: Connection, decision_id: str, *, appeal_id: str, ask: bool = False) -> Case:
        """Note that a decision is appealed against; `ask` writes a task that nobody gets who had a part in it."""
        return steering.appealed(self._office, connection, decision_id, appeal_id=appeal_id, ask=ask)

    def upheld(self, connection: Connection, decision_id: str, *, person: str, reason: str, appeal_id: str) -> Case:
        """Note that an appeal was refused: the decision stands."""
        return steering.upheld(self._office, connection, decision_id, person=person, reason=reason, appeal_id=appeal_id)

    def overturn(
        self,
        connection: Connection,
        decision_id: str,
        *,
        person: str,
        reason: str,
        appeal_id: str | None = None,
        outcome: Outcome = Outcome.NO_VIOLATION,
    ) -> CaseDecision:
        """Replace a decision, and take back what followed from it, in the caller's transaction."""
        if outcome is Outcome.REPORTABLE:
            raise UsageError("an appeal makes no case reportable", hint="open the case again")
        return steering.overturn(
            self._office,
            connection,
            decision_id,
            person=person,
            reason=reason,
            appeal_id=appeal_id,
            outcome=outcome,
        )

    def judge_anew(self, connection: Connection, decision_id: str, *, person: str, reason: str, appeal_id: str) -> Case:
        """Say that an appeal was right, and let people judge the case anew who had no part in the decision."""
        return judging_anew.judge_anew(
            self._office, connection, decision_id, person=person, reason=reason, appeal_id=appeal_id
        )

    def had_part(self, connection: Connection, decision_id: str) -> builtins.set[str]:
        """Return who had a part in a decision: those it names, all who judged with them, and those it repeats."""
        return judging_anew.had_part(connection, decision_id)

    def finish(self, connection: Connection, task_id: str, user_id: str, token: int) -> Task:
        """End a task that leads to no decision by itself, such as that of an appeal."""
        return steering.finish(self._office, connection, task_id, user_id, token)

    def look_again(self, limit: int = 100) -> int:
        """Ask people about items that were decided unseen by what is withdrawn; return how many were due."""
        return looking_again.look_again(self._office, Outbox(self._office.store), limit)

    def unprinted(self, limit: int = 100, ids: Collection[str] | None = None) -> builtins.list[Item]:
        """Return pictures whose bytes are here and that have no print yet, of some items or of all."""
        return printing.unprinted(self._office, limit, ids)

    def printed(self, item_id: str, found: PicturePrint | None) -> bool:
        """Keep what a picture looks like; what was judged before by its looks is decided by that."""
        return printing.printed(self._office, item_id, found)

    def close_settled(self, most: int = 200) -> int:
        """Close decided cases of which everything that follows has happened; return how many."""
        return steering.close_settled(self._office, most)
