"""What somebody holds: their task, its case, and the items that they are asked about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from seawall.cases.model import Case, Item, NewVerdict, Task, TaskKind
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours


@dataclass(frozen=True, slots=True)
class Held:
    """A task that somebody holds.

    Attributes:
        task: The task, with their lease.
        case: Its case.
        items: What it is about.
        asked: Ids of those that are to be judged.
        known: What holds for some of them without a look, by id: they are not shown.
        beside: Whether it is a task beside the cases.
        alike: Items without bytes, by id, with the item that holds their bytes: one verdict is for both.
    """

    task: Task
    case: Case
    items: tuple[Item, ...]
    asked: frozenset[str]
    known: Mapping[str, NewVerdict]
    beside: bool
    alike: Mapping[str, str] = field(default_factory=dict)


def held(console: Console, user_id: str, task_id: str) -> Held:
    """Return a task that somebody holds.

    Raises:
        NotYours: If they do not hold it.
    """
    task = next((each for each in console.desk.held(user_id) if each.id == task_id), None)
    if task is None:
        raise NotYours
    case = console.desk.case(task.case_id)
    if console.desk.beside(task.id):
        items = tuple(console.desk.items(task.case_id))
        return Held(task, case, items, frozenset(each.id for each in items), {}, beside=True)
    task = console.cases.task(task.id)
    turn = console.desk.claimed(task, case)
    asked = console.cases.asked(task.id)
    # Whoever decides an appeal looks anew: what was judged before is what the appeal is against.
    judged = turn.known if task.kind is not TaskKind.APPEAL else {}
    known = {key: each.verdict_on(key) for key, each in judged.items()}
    return Held(task, case, turn.items, asked, known, beside=False, alike=alike(turn.items, asked))


def alike(items: Sequence[Item], asked: Collection[str]) -> dict[str, str]:
    """Return the items whose bytes another item holds, with that item: a notice names a place, evidence brings it."""
    found = {}
    for item in items:
        bytes_of = [each for each in items if each.parent == item.key and each.vault and each.kind is item.kind]
        if item.vault is None and len(bytes_of) == 1 and {item.id, bytes_of[0].id} <= set(asked):
            found[item.id] = bytes_of[0].id
    return found
