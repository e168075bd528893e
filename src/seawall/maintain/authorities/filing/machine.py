"""What is done next in a filing. Pure: the same standing, at the same moment, leads to the same action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from seawall.maintain.authorities.filing.record import Call
from seawall.maintain.authorities.filing.standing import Phase, Standing

MARGIN = timedelta(minutes=15)
"""So long before an open report goes by itself, nothing more is added to it."""


class Action(StrEnum):
    """What is done next."""

    CALL = "call"
    NOTHING = "nothing"
    """It has ended."""
    PERSON = "person"
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done next.

    Attributes:
        action: In a word.
        call: Which call is made.
        file: Which file it is about, the first being 0.
        cancels: Whether the call takes the report back because it is not wanted any more.
    """

    action: Action
    call: Call | None = None
    file: int | None = None
    cancels: bool = False


def next_action(
    standing: Standing,
    *,
    files: int,
    now: datetime,
    wanted: bool = True,
    lasts: timedelta = timedelta(),
) -> Act:
    """Return what is done next.

    Args:
        standing: How far it has come; an answer that is outstanding counts as lost when the next call begins.
        files: How many files the report has.
        now: The moment, aware.
        wanted: Whether the report is still approved as it is; asked anew each time, in the transaction of the intent.
        lasts: How long the next upload may take.
    """
    phase = standing.phase
    if phase is Phase.FILED:
        return Act(Action.NOTHING)
    if phase in (Phase.NEEDS_REPAIR, Phase.PAUSED, Phase.STOPPED):
        return Act(Action.PERSON)
    if phase is Phase.RETRACTING:
        return Act(Action.CALL, Call.RETRACT, cancels=not wanted)
    if phase is Phase.READY:
        return Act(Action.CALL, Call.SUBMIT) if wanted else Act(Action.NOTHING, cancels=True)
    if not wanted:
        # If it was filed by now, the answer says so.
        return Act(Action.CALL, Call.RETRACT, cancels=True)
    if phase is Phase.FINISHING:
        return Act(Action.CALL, Call.FINISH)
    return _fill(standing, files, now, lasts)


def _fill(standing: Standing, files: int, now: datetime, lasts: timedelta) -> Act:
    there = dict(standing.files)
    interrupted = standing.asked is not None and standing.asked.call is Call.UPLOAD
    repeated = (
        standing.asked is not None
        and standing.asked.call is Call.FILE_INFO
        and standing.details_tried == standing.asked.file
    )
    if interrupted or repeated:
        # Whoever began it died; what came of it cannot be asked.
        return Act(Action.CALL, Call.RETRACT)
    missing = next((number for number in range(files) if number not in there), None)
    if standing.expires_at is not None and now + lasts + MARGIN >= standing.expires_at and missing is not None:
        return Act(Action.CALL, Call.RETRACT)
    bare = next((number for number in range(files) if number in there and number not in standing.described), None)
    if bare is not None:
        return Act(Action.CALL, Call.FILE_INFO, bare)
    if missing is not None:
        return Act(Action.CALL, Call.UPLOAD, missing)
    return Act(Action.CALL, Call.FINISH)
