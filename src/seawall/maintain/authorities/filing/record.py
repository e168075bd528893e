"""The record of a filing: an intent before each call, and after it what came back. In this order, and never changed.

A process that dies between the two leaves an intent without an answer. That is what a lost answer is, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from seawall.maintain.authorities.ncmec.codes import Meaning


class Call(StrEnum):
    """A call of the API."""

    SUBMIT = "submit"
    UPLOAD = "upload"
    FILE_INFO = "fileinfo"
    FINISH = "finish"
    RETRACT = "retract"


@dataclass(frozen=True, slots=True)
class Intent:
    """A call is about to be made.

    Attributes:
        at: When, aware.
        call: Which.
        file: Which file it is about, the first being 0; None for calls about the report.
    """

    at: datetime
    call: Call
    file: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The call was answered.

    Attributes:
        at: When, aware.
        meaning: What the answer means.
        report_id: The id that the authority gave.
        file_id: The id that it gave a file.
        intact: Whether what it has of a file is what was sent.
        files: Ids of the files of a report that it filed; None where it does not say.
    """

    at: datetime
    meaning: Meaning
    report_id: str | None = None
    file_id: str | None = None
    intact: bool = True
    files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer came that can be read.

    Attributes:
        at: When that was known, aware.
        sent: Whether anything may have been sent; if not, nothing was done.
    """

    at: datetime
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Resumed:
    """A person has looked at what stopped it: it goes on, or begins anew with what was mended.

    Attributes:
        at: When, aware.
    """

    at: datetime


Event = Intent | Answered | Lost | Resumed
