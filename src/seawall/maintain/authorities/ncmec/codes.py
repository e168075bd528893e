"""What the codes in NCMEC's replies mean for whoever called. Its own list of them is not exhaustive."""

from __future__ import annotations

from enum import StrEnum

SUCCESS = 0


class Meaning(StrEnum):
    """What a reply means."""

    DONE = "done"
    """It was done."""
    RETRY = "retry"
    """The server had trouble: it may be done or not."""
    REPAIR = "repair"
    """The document is refused: a person mends it. Sending it again changes nothing."""
    STOP = "stop"
    """A mistake of this program or of its settings: this report stops."""
    PAUSE = "pause"
    """Who calls is not let in: everything stops until a person has looked."""
    UNKNOWN_REPORT = "unknown_report"
    """There is no such open report: it expired, or never was."""
    UNKNOWN_FILE = "unknown_file"
    """There is no such file in the report."""
    RETRACTED = "retracted"
    """The report was retracted before."""
    FINISHED = "finished"
    """The report was finished before: it is filed."""


_MEANINGS = {
    SUCCESS: Meaning.DONE,
    1000: Meaning.RETRY,
    1100: Meaning.RETRY,
    1110: Meaning.RETRY,
    1111: Meaning.RETRY,
    1210: Meaning.STOP,
    1300: Meaning.RETRY,
    2000: Meaning.PAUSE,
    3000: Meaning.PAUSE,
    3100: Meaning.PAUSE,
    3300: Meaning.PAUSE,
    4000: Meaning.REPAIR,
    4100: Meaning.REPAIR,
    4110: Meaning.STOP,
    4200: Meaning.REPAIR,
    5001: Meaning.UNKNOWN_REPORT,
    5002: Meaning.UNKNOWN_FILE,
    5101: Meaning.RETRACTED,
    5102: Meaning.FINISHED,
}
_TROUBLE = range(1000, 2000)


def meaning_of(code: int) -> Meaning:
    """Return what a code means; of one that nobody knows, whether the server had trouble, or a person must look."""
    known = _MEANINGS.get(code)
    if known is not None:
        return known
    return Meaning.RETRY if code in _TROUBLE else Meaning.STOP
