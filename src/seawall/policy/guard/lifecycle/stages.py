"""The stages of a policy and the only ways between them, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from seawall.policy.guard.errors import PolicyStageError


class Stage(StrEnum):
    """Where a policy stands."""

    DRAFT = "draft"
    """Kept, and used for nothing."""
    SHADOW = "shadow"
    """Judges every check beside the live one; what it says is recorded and changes nothing."""
    PERCENTAGE = "percentage"
    """Judges the checks of some accounts in place of the live one."""
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Step:
    """A way from one stage to another.

    Attributes:
        jump: Whether it leaves out the stages in which a fault would show first; it has to be asked for by name.
        judges: Whether the policy decides afterwards, so that it may not be weaker than the live one unnoticed.
    """

    jump: bool = False
    judges: bool = False


_STEPS: Mapping[tuple[Stage, Stage], Step] = {
    (Stage.DRAFT, Stage.SHADOW): Step(),
    (Stage.DRAFT, Stage.PERCENTAGE): Step(judges=True),
    (Stage.DRAFT, Stage.LIVE): Step(jump=True, judges=True),
    (Stage.DRAFT, Stage.RETIRED): Step(),
    (Stage.SHADOW, Stage.DRAFT): Step(),
    (Stage.SHADOW, Stage.PERCENTAGE): Step(judges=True),
    (Stage.SHADOW, Stage.LIVE): Step(jump=True, judges=True),
    (Stage.SHADOW, Stage.RETIRED): Step(),
    (Stage.PERCENTAGE, Stage.PERCENTAGE): Step(judges=True),
    (Stage.PERCENTAGE, Stage.SHADOW): Step(),
    (Stage.PERCENTAGE, Stage.LIVE): Step(judges=True),
    (Stage.PERCENTAGE, Stage.RETIRED): Step(),
    # The policy that ships is live again then.
    (Stage.LIVE, Stage.RETIRED): Step(judges=True),
    # The way back, after a fault.
    (Stage.RETIRED, Stage.LIVE): Step(jump=True, judges=True),
    (Stage.RETIRED, Stage.SHADOW): Step(),
}


def step_to(now: Stage, wanted: Stage) -> Step:
    """Return the way from one stage to another.

    Raises:
        PolicyStageError: If there is none.
    """
    step = _STEPS.get((now, wanted))
    if step is None:
        ways = ", ".join(to for start, to in _STEPS if start is now)
        raise PolicyStageError(
            f"a policy that is {now} cannot become {wanted}", hint=f"from {now} it can become: {ways}"
        )
    return step
