"""How a case moves: one table of what may happen in which state. What is not in it cannot happen.

The state of a case is what its events come to, one after another; `replay` tells it from them alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from seawall.cases.errors import IllegalTransition
from seawall.cases.model import CaseState


class EventKind(StrEnum):
    """What happens to a case."""

    OPENED = "opened"
    JOINED = "joined"
    """More was found of the subject."""
    SPLIT = "split"
    """What joined after a reviewer had begun went on to a case of its own."""
    CLAIMED = "claimed"
    RELEASED = "released"
    LAPSED = "lapsed"
    """A lease ran out, and somebody else took the task."""
    SUBMITTED = "submitted"
    """A reviewer said what they think, and another one is needed."""
    ESCALATED = "escalated"
    HELD = "held"
    RESUMED = "resumed"
    ASSIGNED = "assigned"
    DECIDED = "decided"
    CARRIED = "carried"
    """Decided unseen, by what was judged before."""
    DONE = "done"
    """An effect is known to have happened."""
    APPEALED = "appealed"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    REOPENED = "reopened"
    CLOSED = "closed"


_S, _E = CaseState, EventKind
Transitions = Mapping[tuple[CaseState | None, EventKind], CaseState]

OPEN = (_S.NEW, _S.IN_REVIEW, _S.AWAITING_SECOND, _S.ESCALATED, _S.ON_HOLD)
"""The states in which a case waits for a decision."""

_ENDED = (_S.DECIDED, _S.APPEALED, _S.CLOSED)


def _table() -> Transitions:
    table: dict[tuple[CaseState | None, EventKind], CaseState] = {(None, _E.OPENED): _S.NEW}
    for state in OPEN:
        table[state, _E.JOINED] = state
        table[state, _E.ASSIGNED] = state
    for state in (_S.IN_REVIEW, _S.AWAITING_SECOND, _S.ESCALATED):
        table[state, _E.CLAIMED] = state
        table[state, _E.RELEASED] = state
        table[state, _E.LAPSED] = state
        table[state, _E.DECIDED] = _S.DECIDED
        table[state, _E.SUBMITTED] = _S.AWAITING_SECOND
    table[_S.ESCALATED, _E.SUBMITTED] = _S.ESCALATED
    table[_S.NEW, _E.CLAIMED] = _S.IN_REVIEW
    table[_S.IN_REVIEW, _E.RELEASED] = _S.NEW
    table[_S.IN_REVIEW, _E.LAPSED] = _S.NEW
    table[_S.NEW, _E.CARRIED] = _S.DECIDED
    for state in (_S.NEW, _S.IN_REVIEW, _S.AWAITING_SECOND):
        table[state, _E.ESCALATED] = _S.ESCALATED
    for state in (_S.NEW, _S.IN_REVIEW, _S.AWAITING_SECOND, _S.ESCALATED):
        table[state, _E.HELD] = _S.ON_HOLD
    for state in _ENDED:
        table[state, _E.SPLIT] = state
        table[state, _E.DONE] = state
        table[state, _E.OVERTURNED] = _S.DECIDED
    for state in (_S.DECIDED, _S.CLOSED):
        table[state, _E.APPEALED] = _S.APPEALED
        table[state, _E.REOPENED] = _S.NEW
    # Effects go on while a case that was opened again is looked at anew.
    for state in OPEN:
        table[state, _E.DONE] = state
    for kind in (_E.CLAIMED, _E.RELEASED, _E.LAPSED):
        table[_S.APPEALED, kind] = _S.APPEALED
    table[_S.APPEALED, _E.UPHELD] = _S.DECIDED
    table[_S.DECIDED, _E.CLOSED] = _S.CLOSED
    return MappingProxyType(table)


TRANSITIONS: Transitions = _table()
"""What follows from what. `RESUMED` alone is not here: it leads back to where the hold came from."""

BACK: Mapping[CaseState, CaseState] = MappingProxyType(
    {
        _S.NEW: _S.NEW,
        _S.IN_REVIEW: _S.NEW,
        _S.AWAITING_SECOND: _S.AWAITING_SECOND,
        _S.ESCALATED: _S.ESCALATED,
    }
)
"""Where a case goes after a hold, by the state in which it was held; who held the lease has lost it."""

_OFFERED = {
    _E.CLAIMED: "claim",
    _E.ESCALATED: "escalate",
    _E.HELD: "hold",
    _E.RESUMED: "resume",
    _E.ASSIGNED: "assign",
    _E.APPEALED: "appeal",
    _E.UPHELD: "uphold",
    _E.OVERTURNED: "overturn",
    _E.REOPENED: "reopen",
}


def follow(state: CaseState | None, kind: EventKind, held_from: CaseState | None = None) -> CaseState:
    """Return the state after an event.

    Args:
        state: The state before; None before there is a case.
        kind: What happens.
        held_from: In which state the case was held, if it is on hold.

    Raises:
        IllegalTransition: If that cannot happen in this state.
    """
    if kind is EventKind.RESUMED and state is CaseState.ON_HOLD and held_from is not None and held_from in BACK:
        return BACK[held_from]
    found = TRANSITIONS.get((state, kind))
    if found is None:
        where = f"a case that is {state.value}" if state is not None else "no case"
        raise IllegalTransition(f"{where} cannot be {kind.value}")
    return found


def replay(events: Iterable[EventKind]) -> CaseState:
    """Return the state to which events lead.

    Raises:
        IllegalTransition: If they cannot follow on each other.
    """
    state: CaseState | None = None
    held: CaseState | None = None
    for kind in events:
        before, state = state, follow(state, kind, held)
        held = before if kind is EventKind.HELD else None if kind is EventKind.RESUMED else held
    if state is None:
        raise IllegalTransition("a case begins with its opening")
    return state


def legal(state: CaseState) -> tuple[str, ...]:
    """Return what people may do with a case in this state, as words."""
    offered = [word for kind, word in _OFFERED.items() if (state, kind) in TRANSITIONS]
    return (*offered, "resume") if state is CaseState.ON_HOLD else tuple(offered)
