"""What follows from facts: pure, so that the same log comes to the same state wherever and whenever it is replayed.

The book that writes the tables calls the same functions, one fact at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from seawall.accounts.ladder import Ladder, Rung
from seawall.accounts.model import (
    AccountState,
    Fact,
    Lift,
    Restriction,
    RestrictionKind,
    Strike,
    Void,
    derived_id,
)

Ladders = Mapping[str, Ladder]
"""Ladders by digest."""


def replay(account: str, facts: Iterable[Fact], ladders: Ladders) -> AccountState:
    """Return what a log comes to.

    Args:
        account: Whose log.
        facts: In the order of the log.
        ladders: Every ladder that the log names.
    """
    state = AccountState(account)
    past: list[Fact] = []
    for fact in facts:
        past.append(fact)
        match fact:
            case Strike():
                holding = automatic(state, fact.issued_at)
                live = [] if tops(holding) else state.live(fact.issued_at)
                state.strikes[fact.id] = fact
                found = after_strike(fact, live, holding, ladders[fact.ladder])
                if found is not None:
                    state.restrictions[found.id] = found
            case Void():
                state.voids[fact.strike] = fact
                lifts, again = after_void(fact, past, state, ladders)
                state.lifts |= {lift.restriction: lift for lift in lifts}
                state.restrictions |= {each.id: each for each in again}
            case Restriction():
                state.restrictions[fact.id] = fact
            case Lift():
                state.lifts[fact.restriction] = fact
    return state


def after_strike(
    strike: Strike, live: Sequence[Strike], holding: Sequence[Restriction], ladder: Ladder
) -> Restriction | None:
    """Return the restriction that follows from a strike, or None.

    The class may act outright. Otherwise the highest rung that the weight reaches counts. Nothing follows if what
    the ladder gave before already does as much for as long.

    Args:
        strike: The new strike.
        live: The other strikes that weigh something at its moment.
        holding: Restrictions that follow from strikes and hold at its moment.
        ladder: By which it was given.
    """
    at = strike.issued_at
    rung = ladder.terms(strike.name).outright
    if rung is None:
        weight = round(strike.points_at(at) + sum(other.points_at(at) for other in live), 6)
        rung = ladder.rung(weight)
    if rung is None or any(_covers(each, rung, at) for each in holding):
        return None
    identity = derived_id("restriction", strike.id, rung.text)
    return Restriction(
        identity, strike.account, rung.do, rung.feature, at, rung.ends(at), strike=strike.id, ladder=ladder.digest
    )


def after_void(
    void: Void, past: Sequence[Fact], state: AccountState, ladders: Ladders
) -> tuple[list[Lift], list[Restriction]]:
    """Return what is lifted, and what takes its place, when a strike is voided.

    What strikes led to is worked out anew without the voided ones. Of what there is, the unjustified is lifted; what
    would have been and has not ended is put in its place, with the moments that it would have had. What persons
    ordered or lifted stays as it is.

    Args:
        void: The void.
        past: The account's facts, the void last.
        state: What they came to before it.
        ladders: Every ladder that they name.
    """
    justified = _justified(past, ladders)
    given = [each for each in state.restrictions.values() if each.strike is not None]
    lifts = [
        Lift(each.id, void.at, void.person, void.reason)
        for each in given
        if each.id not in state.lifts and each.id not in justified and not each.over_at(void.at)
    ]
    again = [each for each in justified.values() if each.id not in state.restrictions and each.holds_at(void.at)]
    return lifts, again


def automatic(state: AccountState, moment: str) -> list[Restriction]:
    """Return the restrictions that follow from strikes and hold at a moment."""
    return [each for each in state.holding(moment) if each.strike is not None]


def tops(holding: Iterable[Restriction]) -> bool:
    """Whether nothing can be added to what holds: there is a ban."""
    return any(each.kind is RestrictionKind.BAN for each in holding)


def _justified(past: Sequence[Fact], ladders: Ladders) -> dict[str, Restriction]:
    voided = {fact.strike for fact in past if isinstance(fact, Void)}
    state = AccountState("")
    for fact in past:
        if isinstance(fact, Strike) and fact.id not in voided:
            holding = automatic(state, fact.issued_at)
            live = [] if tops(holding) else state.live(fact.issued_at)
            state.strikes[fact.id] = fact
            found = after_strike(fact, live, holding, ladders[fact.ladder])
            if found is not None:
                state.restrictions[found.id] = found
        elif isinstance(fact, Lift):
            state.lifts[fact.restriction] = fact
    return {name: each for name, each in state.restrictions.items() if name not in state.lifts}


def _covers(held: Restriction, rung: Rung, at: str) -> bool:
    if held.kind.severity < rung.do.severity:
        return False
    if rung.do is RestrictionKind.WARN:
        return True
    # One feature less is no cool-down, and no other feature less.
    if held.kind is RestrictionKind.FEATURE_OFF and (rung.do, rung.feature) != (held.kind, held.feature):
        return False
    wanted = rung.ends(at)
    return held.ends_at is None or (wanted is not None and held.ends_at >= wanted)
