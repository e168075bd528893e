"""How far a filing has come, made of its record alone.

The only step that cannot be taken back is `finish`, and only there the authority tells afterwards whether it was done.
So everything before it may be thrown away and begun anew, and nothing is begun anew once it may have been done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from seawall.maintain.authorities.filing.record import Answered, Call, Event, Intent, Lost, Resumed
from seawall.maintain.authorities.ncmec.codes import Meaning

OPEN_FOR = timedelta(hours=24)
AFTER_CHANGE = timedelta(hours=1)
GONE = frozenset({Meaning.RETRACTED, Meaning.UNKNOWN_REPORT})


class Phase(StrEnum):
    """How far it has come."""

    READY = "ready"
    """Nothing is open at the authority, as far as is known."""
    OPEN = "open"
    """A report is open there, and is being filled."""
    FINISHING = "finishing"
    """It may be filed by now."""
    RETRACTING = "retracting"
    """The open report is to go, so that another can be opened."""
    FILED = "filed"
    """It is filed."""
    NEEDS_REPAIR = "needs_repair"
    """The authority refuses what it says: a person mends it."""
    PAUSED = "paused"
    """The authority does not let us in: a person looks, and it goes on where it was."""
    STOPPED = "stopped"
    """Something happened that should not: a person decides."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a filing has come.

    Attributes:
        phase: In a word.
        attempt: The how-manieth report is opened for it.
        report_id: Of the report that is or may be open, or is filed.
        opened_at: When it was opened at the latest; None if none is open.
        changed_at: When it was changed last, at the earliest.
        files: Ids of the files that are there, by number.
        described: Numbers of the files whose details are there.
        details_tried: Number of the file whose details were tried once without an answer.
        asked: The call that was begun and not answered.
        then: Where a retraction leads.
        back: Where it goes on once a person has looked.
        finish_sent: Whether the open report may have been finished.
        orphans: How many reports may be open there that nobody knows the id of; they go by themselves.
        tries: How often the call that is next was tried without success.
        complete: Whether what is filed has all files and details, as far as the authority told.
        used: Ids of reports of earlier attempts.
        why: What stopped it, in a word.
    """

    phase: Phase = Phase.READY
    attempt: int = 1
    report_id: str | None = None
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    files: tuple[tuple[int, str], ...] = ()
    described: frozenset[int] = frozenset()
    details_tried: int | None = None
    asked: Intent | None = None
    then: Phase = Phase.READY
    back: Phase = Phase.READY
    finish_sent: bool = False
    orphans: int = 0
    tries: int = 0
    complete: bool | None = None
    used: frozenset[str] = frozenset()
    why: str | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the open report goes by itself, at the earliest; None if none is open."""
        if self.opened_at is None or self.changed_at is None:
            return None
        return max(self.opened_at + OPEN_FOR, self.changed_at + AFTER_CHANGE)

    @property
    def ended(self) -> bool:
        """Whether nothing follows by itself."""
        return self.phase is Phase.FILED


def fold(record: Iterable[Event]) -> Standing:
    """Return how far a filing has come, by its record."""
    standing = Standing()
    for event in record:
        standing = _after(standing, event)
    return standing


def _after(now: Standing, event: Event) -> Standing:
    match event:
        case Intent():
            # An intent upon an intent: whoever began the first call died, and its answer is lost.
            before = _lost(now, event.at, sent=True) if now.asked is not None else now
            return _asked(before, event)
        case Lost():
            return _lost(now, event.at, sent=event.sent)
        case Answered():
            return _answered(now, event)
        case Resumed():
            return _resumed(now)


def _asked(now: Standing, intent: Intent) -> Standing:
    asked = replace(now, asked=intent)
    if intent.call is Call.FINISH:
        return replace(asked, phase=Phase.FINISHING, finish_sent=True)
    if intent.call is Call.RETRACT and now.phase is not Phase.RETRACTING:
        return replace(asked, phase=Phase.RETRACTING, then=Phase.READY)
    return asked


def _lost(now: Standing, at: datetime, *, sent: bool) -> Standing:
    asked = now.asked
    if asked is None:
        return now
    after = replace(now, asked=None, tries=now.tries + 1)
    if not sent:
        return after
    match asked.call:
        case Call.SUBMIT:
            return replace(after, orphans=now.orphans + 1)
        case Call.UPLOAD:
            # There may be one copy or none, and nobody can ask: a clean set of files takes another report.
            return replace(after, phase=Phase.RETRACTING, then=Phase.READY)
        case Call.FILE_INFO:
            if now.details_tried == asked.file:
                return replace(after, phase=Phase.RETRACTING, then=Phase.READY)
            return replace(after, details_tried=asked.file)
        case Call.FINISH | Call.RETRACT:
            return after


def _answered(now: Standing, answer: Answered) -> Standing:
    asked = now.asked
    if asked is None:
        return now
    match answer.meaning:
        case Meaning.RETRY:
            return _lost(now, answer.at, sent=True)
        case Meaning.PAUSE:
            return replace(now, asked=None, phase=Phase.PAUSED, back=now.phase, why="not_let_in")
    after = replace(now, asked=None, tries=0)
    match asked.call:
        case Call.SUBMIT:
            return _submitted(after, asked, answer)
        case Call.FINISH:
            return _finished(after, answer)
        case Call.RETRACT:
            return _retracted(after, answer)
        case _:
            return _filled(after, asked, answer)


def _submitted(now: Standing, asked: Intent, answer: Answered) -> Standing:
    if answer.meaning is Meaning.DONE:
        if not answer.report_id or answer.report_id in now.used:
            return _stopped(now, "no_id_of_its_own", Phase.READY)
        return replace(
            now,
            phase=Phase.OPEN,
            report_id=answer.report_id,
            opened_at=asked.at,
            changed_at=asked.at,
            files=(),
            described=frozenset(),
            details_tried=None,
            used=now.used | {answer.report_id},
        )
    if answer.meaning is Meaning.REPAIR:
        return replace(now, phase=Phase.NEEDS_REPAIR, why="refused")
    return _stopped(now, f"submit_{answer.meaning.value}", Phase.READY)


def _filled(now: Standing, asked: Intent, answer: Answered) -> Standing:
    """What follows on the answer to an upload, or to details of a file."""
    number = asked.file if asked.file is not None else -1
    match answer.meaning:
        case Meaning.DONE if asked.call is Call.UPLOAD:
            if not answer.file_id or not answer.intact or answer.file_id in dict(now.files).values():
                return replace(now, phase=Phase.RETRACTING, then=Phase.READY)
            return replace(now, files=(*now.files, (number, answer.file_id)), changed_at=asked.at)
        case Meaning.DONE:
            described = now.described | {number}
            return replace(now, described=described, details_tried=None, changed_at=asked.at)
        case Meaning.REPAIR:
            return replace(now, phase=Phase.RETRACTING, then=Phase.NEEDS_REPAIR, why="refused")
        case Meaning.FINISHED:
            return replace(now, phase=Phase.FILED, complete=False, why="filed_before_its_time")
        case Meaning.UNKNOWN_REPORT | Meaning.RETRACTED:
            return _anew(now)
        case Meaning.UNKNOWN_FILE:
            return replace(now, phase=Phase.RETRACTING, then=Phase.READY)
    why = f"{asked.call.value}_{answer.meaning.value}"
    return replace(now, phase=Phase.RETRACTING, then=Phase.STOPPED, why=why)


def _finished(now: Standing, answer: Answered) -> Standing:
    ours = {file_id for _, file_id in now.files}
    match answer.meaning:
        case Meaning.DONE:
            complete = answer.files is None or (set(answer.files) == ours and len(answer.files) == len(ours))
            return replace(now, phase=Phase.FILED, complete=complete, why=None if complete else "other_files")
        case Meaning.FINISHED:
            return replace(now, phase=Phase.FILED, complete=True, why=None)
        case Meaning.RETRACTED:
            return _anew(now)
        case Meaning.UNKNOWN_REPORT:
            # It has gone unfiled, if its time is over. If not, nobody knows what this means: a person asks.
            if _over(now, answer.at):
                return _anew(now)
            return _stopped(now, "unknown_before_its_time", Phase.FINISHING)
        case Meaning.REPAIR:
            return replace(now, phase=Phase.RETRACTING, then=Phase.NEEDS_REPAIR, why="refused")
    return _stopped(now, f"finish_{answer.meaning.value}", Phase.FINISHING)


def _retracted(now: Standing, answer: Answered) -> Standing:
    if answer.meaning is Meaning.UNKNOWN_REPORT and now.finish_sent and not _over(now, answer.at):
        return _stopped(now, "unknown_before_its_time", Phase.RETRACTING)
    if answer.meaning is Meaning.DONE or answer.meaning in GONE:
        return _anew(now) if now.then is Phase.READY else replace(_anew(now), phase=now.then, why=now.why)
    if answer.meaning is Meaning.FINISHED:
        # It was filed after all: then it is what counts.
        whole = len(now.described) == len(now.files)
        return replace(now, phase=Phase.FILED, complete=whole, why=None if whole else "filed_before_its_time")
    return _stopped(now, f"retract_{answer.meaning.value}", Phase.RETRACTING)


def _resumed(now: Standing) -> Standing:
    match now.phase:
        case Phase.NEEDS_REPAIR:
            return replace(now, phase=Phase.READY, tries=0, why=None)
        case Phase.PAUSED | Phase.STOPPED:
            return replace(now, phase=now.back, tries=0, why=None)
    return now


def _over(now: Standing, at: datetime) -> bool:
    """Whether an open report has gone by itself at a moment."""
    return now.expires_at is not None and at >= now.expires_at


def _stopped(now: Standing, why: str, back: Phase) -> Standing:
    return replace(now, phase=Phase.STOPPED, back=back, why=why)


def _anew(now: Standing) -> Standing:
    """Begin another attempt: nothing of this one can be filed any more."""
    return Standing(attempt=now.attempt + 1, orphans=now.orphans, used=now.used)
