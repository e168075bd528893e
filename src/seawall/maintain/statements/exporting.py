"""Statements in files, as the interface of the Transparency Database takes them: a hundred in each, none twice.

Nothing is ever sent. What a folder has is not written again: running the export once more adds what is new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.errors import UsageError
from seawall.files import create_once, storage, write_whole
from seawall.maintain.statements import personal
from seawall.maintain.statements.book import Statements
from seawall.maintain.statements.model import StatementKind
from seawall.maintain.statements.validation import faults

BATCH = 100
OVERTURNED = "overturned.json"
_NAME = re.compile(r"statements-(\d{6})\.json")
_MOST_BYTES = 8 << 20
_MOST_FILES = 999_999


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Attributes:
        new: Statements that were written.
        known: Statements that the folder had.
        refused: Those that the rules of this version do not take, by puid; they are not written.
        overturned: Statements in the folder whose decision was overturned.
        files: The names of the new files.
    """

    new: int
    known: int
    refused: tuple[str, ...]
    overturned: int
    files: tuple[str, ...]


def export(statements: Statements, out: Path, batch_size: int = BATCH) -> Exported:
    """Write what a folder does not have yet. Drills stay out.

    Args:
        statements: The statements.
        out: The folder; it is made if it is not there. One export at a time may write into it.
        batch_size: Statements in a file; the interface takes a hundred at most.

    Raises:
        UsageError: If the folder has a file of that name that is none of ours.
    """
    if not 1 <= batch_size <= BATCH:
        raise UsageError(f"a file has at most {BATCH} statements")
    with storage(out):
        out.mkdir(parents=True, exist_ok=True)
    known, last = _known(out)
    had = len(known)
    files: list[str] = []
    refused: list[str] = []
    batch: list[Mapping[str, Any]] = []
    for each in statements.all(kind=StatementKind.RESTRICTION, drill=False):
        if each.payload is None or each.puid is None or each.puid in known:
            continue
        if faults(each.payload) or personal.faults(each.payload):
            refused.append(each.puid)
            continue
        known.add(each.puid)
        batch.append(each.payload)
        if len(batch) == batch_size:
            last += 1
            files.append(_write(out, last, batch))
            batch = []
    if batch:
        files.append(_write(out, last + 1, batch))
    overturned = sorted(_overturned(statements, known))
    write_whole(out / OVERTURNED, _encode({"puids": overturned}))
    return Exported(len(known) - had, had, tuple(refused), len(overturned), tuple(files))


def _known(out: Path) -> tuple[set[str], int]:
    """Return the puids that a folder has, and the number of its last file."""
    puids: set[str] = set()
    last = 0
    for file in sorted(out.iterdir()):
        named = _NAME.fullmatch(file.name)
        if named is None:
            continue
        last = max(last, int(named[1]))
        puids.update(_puids(file))
    return puids, last


def _puids(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        found = [each["puid"] for each in json.loads(data)["statements"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"{file.name} cannot be read as an export", hint="give another --out, or move the file away"
        ) from None
    for puid in found:
        if not isinstance(puid, str):
            raise UsageError(f"{file.name} cannot be read as an export", hint="give another --out")
        yield puid


def _write(out: Path, number: int, batch: list[Mapping[str, Any]]) -> str:
    if number > _MOST_FILES:
        raise UsageError("the folder is full", hint="give another --out")
    name = f"statements-{number:06}.json"
    # Never over another one: two exports at once do not lose each other's statements.
    data = _encode({"statements": batch})
    create_once(out / name, data)
    if (out / name).read_bytes() != data:
        raise UsageError("another export is writing into this folder", hint="run it again when that one has ended")
    return name


def _overturned(statements: Statements, known: set[str]) -> Iterator[str]:
    for each in statements.all(kind=StatementKind.OVERTURN, drill=False):
        if each.replaces is not None:
            puid = statements.get(each.replaces).puid
            if puid is not None and puid in known:
                yield puid


def _encode(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8") + b"\n"
