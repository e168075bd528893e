"""The desk: gives a reviewer the next task, or a rest; and takes what they submit, whichever kind of task it was.

Golden tasks and judging again come through here beside the tasks of cases, in one form. What wellness forbids is never
given out, and what was judged meanwhile is handed over as decided, so that it need not be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seawall.cases.model import Case, CaseState, Item, Label, Task, TaskKind
from seawall.errors import NotFound
from seawall.maintain.review._judged import Known
from seawall.maintain.review.golden import Golden, GoldenResult
from seawall.maintain.review.looks import Compared
from seawall.maintain.review.quality import Quality, Rejudged
from seawall.maintain.review.seen import SeenOnce
from seawall.maintain.review.side import SideKind, SideTask, SideTasks
from seawall.maintain.review.wellness.keeper import RELEASED, Wellness
from seawall.maintain.review.wellness.model import Answer, Next, Stopped

if TYPE_CHECKING:
    from seawall.store import Store

_TRIES = 5
"""Tasks that are handed back, because somebody opted out of their category, before nothing is offered."""


class Claimed(Protocol):
    """A task that somebody holds, with its case; `seawall.cases.Claim` is one."""

    @property
    def task(self) -> Task:
        """The task."""
        ...

    @property
    def case(self) -> Case:
        """The case."""
        ...


class CaseTasks(Protocol):
    """The tasks of cases; `seawall.cases.Cases` has them."""

    def claim(
        self,
        user_id: str,
        *,
        queues: Sequence[str],
        kinds: Collection[TaskKind] | None = None,
        exclude_severe: bool = False,
        exclude: Collection[str] = (),
    ) -> Claimed | None:
        """Lease the next task."""
        ...

    def heartbeat(self, task_id: str, user_id: str, token: int, draft: Mapping[str, Any] | None = None) -> Task:
        """Lengthen a lease."""
        ...

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> object:
        """Give a task back."""
        ...

    def held(self, user_id: str) -> Sequence[Task]:
        """Return the tasks that somebody holds."""
        ...

    def task(self, task_id: str) -> Task:
        """Return a task; raises `NotFound` if there is none."""
        ...

    def get(self, case_id: str) -> Case:
        """Return a case."""
        ...

    def items(self, case_id: str) -> Sequence[Item]:
        """Return its items."""
        ...

    def list(self, queue: str | None = None, state: CaseState | None = None, *, limit: int = 50) -> Sequence[Case]:
        """Return cases, the most urgent first."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What a reviewer is given.

    Attributes:
        task: The task.
        case: Its case.
        items: What is to be judged.
        known: Verdicts that hold for some of them by now, by item id: they need not be shown.
    """

    task: Task
    case: Case
    items: tuple[Item, ...]
    known: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is given now.

    Attributes:
        answer: Why, and until when; without a reason there is just nothing to do.
    """

    answer: Answer


class Desk:
    """Where reviewers get their tasks.

    Args:
        store: The database.
        cases: The tasks of cases.
        wellness: What may be given out.
        side: Tasks beside the cases.
        golden: Golden tasks.
        quality: Takes what is said in tasks beside the cases.
        seen: What was judged before.
        compared: Compares pictures with those that were judged, unseen.
        printer: Finds the prints of pictures that lack them, and says whether there were any.
    """

    def __init__(
        self,
        store: Store,
        cases: CaseTasks,
        wellness: Wellness,
        side: SideTasks,
        golden: Golden,
        quality: Quality,
        seen: SeenOnce,
        compared: Compared | None = None,
        printer: Callable[[Sequence[Item]], bool] | None = None,
    ) -> None:
        self._store = store
        self._cases = cases
        self._wellness = wellness
        self._side = side
        self._golden = golden
        self._quality = quality
        self._seen = seen
        self._compared = compared
        self._printer = printer

    def claim(self, user_id: str, *, queues: Sequence[str], kinds: Collection[TaskKind] | None = None) -> Turn | Rest:
        """Give somebody the next task.

        Args:
            user_id: Who.
            queues: Of which queues.
            kinds: Of which kinds, among the tasks of cases; None for any.
        """
        allowed = self._wellness.next_kind(user_id)
        if not allowed.anything:
            return Rest(Answer(allowed.reasons, allowed.until))
        given = (
            self._going_on(user_id)
            or self._again(user_id, queues, allowed)
            or self._golden_task(user_id, queues, allowed)
            or self._of_cases(user_id, queues, kinds, allowed)
        )
        if given is None:
            return Rest(Answer(allowed.reasons, allowed.until))
        self._wellness.took(user_id, given.task, given.case)
        return given

    def claimed(self, task: Task, case: Case) -> Turn:
        """Return what belongs to a task that somebody took otherwise, for example because it was kept for them."""
        return self._turn(task, case, tuple(self._cases.items(case.id)))

    def heartbeat(self, task_id: str, user_id: str, token: int, draft: Mapping[str, Any] | None = None) -> Task:
        """Lengthen the lease of a task of any kind, and keep what was filled in."""
        if self._side.get(task_id) is not None:
            return self._side.heartbeat(task_id, user_id, token, draft)
        return self._cases.heartbeat(task_id, user_id, token, draft)

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> None:
        """Give a task of any kind back."""
        tasks: SideTasks | CaseTasks = self._side if self._side.get(task_id) is not None else self._cases
        tasks.release(task_id, user_id, token, reason=reason, draft=draft)

    def held(self, user_id: str) -> list[Task]:
        """Return the tasks of any kind that somebody holds."""
        return [*self._cases.held(user_id), *self._side.held(user_id)]

    def stop(self, user_id: str) -> Stopped:
        """Stop at once: every task is given back with its draft, and a break begins. Nobody is told."""
        return self._wellness.stop(user_id, self)

    def done_by(self, task_id: str) -> str | None:
        """Return who did a task; None if nobody has done it, or there is none."""
        beside = self._side.get(task_id)
        try:
            return beside.task.done_by if beside is not None else self._cases.task(task_id).done_by
        except NotFound:
            return None

    def beside(self, task_id: str) -> bool:
        """Whether a task is beside the cases, so that `submit` takes it; not for the page to know before."""
        return self._side.get(task_id) is not None

    def case(self, case_id: str) -> Case:
        """Return a case, or what looks like one."""
        found = self._side.of_case(case_id)
        return found.case if found is not None else self._cases.get(case_id)

    def items(self, case_id: str) -> tuple[Item, ...]:
        """Return the items of a case, or of what looks like one."""
        found = self._side.of_case(case_id)
        return found.items if found is not None else tuple(self._cases.items(case_id))

    def submit(self, task_id: str, user_id: str, token: int, given: Mapping[str, Label]) -> GoldenResult | Rejudged:
        """Take what somebody says in a task beside the cases.

        Args:
            task_id: The task.
            user_id: Who.
            token: Of their lease.
            given: Label by item id.

        Returns:
            How the golden task went; or what judging again came to.

        Raises:
            LeaseLost: If it is not theirs any more.
            NotFound: If it is no task beside the cases.
        """
        task, rejudged = self._quality.submit(task_id, user_id, token, given)
        return rejudged if rejudged is not None else self._golden.result(task, dict(given))

    def _going_on(self, user_id: str) -> Turn | None:
        """Return the task beside the cases that somebody holds already."""
        held = next(iter(self._side.held(user_id)), None)
        found = self._side.get(held.id) if held is not None else None
        return _beside(found) if found is not None else None

    def _again(self, user_id: str, queues: Sequence[str], allowed: Next) -> Turn | None:
        """Return a task of judging again: whatever waits for it has been drawn, and is rare."""
        severe_from = self._wellness.floor.cost.severe_from if allowed.exclude_severe else None
        mine = self._side.claim(user_id, kind=SideKind.GOLDEN, queues=queues, exclude_severe_from=severe_from)
        found = mine or self._side.claim(user_id, kind=SideKind.QA, queues=queues, exclude_severe_from=severe_from)
        if found is None:
            return None
        if not self._wellness.may_take(user_id, found.case):
            self._side.release(found.task.id, user_id, found.task.token, reason=RELEASED)
            return None
        return _beside(found)

    def _of_cases(
        self, user_id: str, queues: Sequence[str], kinds: Collection[TaskKind] | None, allowed: Next
    ) -> Turn | None:
        for _ in range(_TRIES):
            claim = self._cases.claim(
                user_id, queues=queues, kinds=kinds, exclude_severe=allowed.exclude_severe, exclude=allowed.exclude
            )
            if claim is None:
                return None
            if self._wellness.may_take(user_id, claim.case):
                return self._turn(claim.task, claim.case, tuple(self._cases.items(claim.case.id)))
            self._cases.release(claim.task.id, user_id, claim.task.token, reason=RELEASED)
        return None

    def _golden_task(self, user_id: str, queues: Sequence[str], allowed: Next) -> Turn | None:
        """Return a golden task, if one is due, that looks like a case which waits."""
        if self._cases.held(user_id) or not self._golden.due(user_id):
            return None
        for queue in queues:
            for like in self._cases.list(queue=queue, state=CaseState.NEW, limit=_TRIES):
                severe = allowed.exclude_severe and self._wellness.severe(like)
                if like.drill or severe or not self._wellness.may_take(user_id, like):
                    continue
                found = next(iter(self._cases.items(like.id)), None)
                made = self._golden.offer(user_id, like, found)
                return _beside(made) if made is not None else None
        return None

    def _turn(self, task: Task, case: Case, items: tuple[Item, ...]) -> Turn:
        # Before anybody looks or decides: afterwards it is too late to be known again by its looks.
        if self._printer is not None and self._printer(items):
            items = tuple(self._cases.items(case.id))
        if task.round > 1:
            # Somebody wants people to look once more: then nothing is handed over unseen.
            return Turn(task, case, items, {})
        with self._store.read() as connection:
            known = self._seen.known(connection, case, items)
        left = [item for item in items if item.id not in known]
        alike = self._compared.known(case, left) if self._compared is not None and left else {}
        return Turn(task, case, items, {**known, **alike})


def _beside(found: SideTask) -> Turn:
    return Turn(found.task, found.case, found.items, {})
