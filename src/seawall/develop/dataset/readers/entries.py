"""What a directory of a dataset holds, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What a directory entry is."""

    FILE = "file"
    FOLDER = "folder"
    DUPLICATE = "duplicate"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory.

    Attributes:
        name: Path under the root of the place, with `/`; file names that are not UTF-8 as `os.fsdecode` carries them.
        kind: What it is. A DUPLICATE is a link to something that is listed under its own name.
        size: Length in bytes, if it is a file and the place knows.
        stamp: Changes when the file does: its time of change, or the store's ETag.
        problem: (code, message) of a PROBLEM.
    """

    name: str
    kind: EntryKind
    size: int | None = None
    stamp: str = ""
    problem: tuple[str, str] | None = None
