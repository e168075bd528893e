"""Verdicts on the items of a sample: added and never changed, each by a named person.

A line is a verdict once it ends with a line break; what a crash cut off was never acknowledged and is cut away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.dataset.audit._places import audit_lock, named
from seawall.develop.dataset.audit.errors import NoSample, SampleDamaged, VerdictConflict
from seawall.develop.dataset.audit.sample import FOLDER, VERDICTS, Drawn, Sample, open_sample
from seawall.errors import NotFound, UsageError
from seawall.settings import PRIVATE_FILE

_LONGEST_NOTE = 500


class Verdict(StrEnum):
    """What a person says of an item."""

    OK = "ok"
    """It is on the right side."""
    LEAK = "leak"
    """It does not belong among what is trained on."""
    CANNOT_TELL = "cannot_tell"
    """It cannot be judged; it counts as a leak."""

    @property
    def severity(self) -> int:
        """Place in the order of severity, 0 for `ok`."""
        return (Verdict.OK, Verdict.CANNOT_TELL, Verdict.LEAK).index(self)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One verdict as it was written.

    Attributes:
        number: Number of the item in the sample.
        verdict: The verdict.
        by: Who gave it.
        at: When, RFC 3339.
        note: A remark; never content.
        correct: Whether it corrects an earlier verdict of the same person.
        draw: The draw that it belongs to.
        repeated: Whether the same person had said the same before, so that nothing was written.
    """

    number: int
    verdict: Verdict
    by: str
    at: str
    note: str | None
    correct: bool
    draw: int
    repeated: bool = False


def record(
    out: Path,
    item: int | str,
    verdict: Verdict,
    *,
    by: str,
    note: str | None = None,
    correct: bool = False,
    clock: Clock = system_clock,
) -> Recorded:
    """Add a verdict.

    Args:
        out: Output directory of a separation in which a sample was drawn.
        item: Number in the sample, or the item's key or SHA-256.
        verdict: What the person says.
        by: The person.
        note: A short remark; never content.
        correct: Whether it may differ from what the same person said before.
        clock: Says when.

    Raises:
        NoSample: If no sample was drawn.
        NotFound: If no single item of the sample is meant.
        VerdictConflict: If the person said something else before.
    """
    named(by, "who reviews")
    if note is not None and (len(note) > _LONGEST_NOTE or not note.isprintable()):
        raise UsageError(f"a note has at most {_LONGEST_NOTE} printable characters")
    if not (out / FOLDER).is_dir():
        raise NoSample(f"no sample has been drawn in {out / FOLDER}")
    with audit_lock(out):
        sample = open_sample(out)
        number = find(sample, item).number
        given, whole = _read(out, sample)
        last = next((each for each in reversed(given) if (each.number, each.by) == (number, by)), None)
        if last is not None and last.verdict is verdict:
            return Recorded(number, verdict, by, last.at, last.note, last.correct, sample.draw, repeated=True)
        if last is not None and not correct:
            raise VerdictConflict(f"item {number} has another verdict of the same person")
        said = Recorded(number, verdict, by, to_iso(clock()), note, last is not None, sample.draw)
        _append(out / FOLDER / VERDICTS, said, whole)
    return said


def find(sample: Sample, item: int | str) -> Drawn:
    """Return the item of a sample that is meant by a number, a key or a SHA-256.

    Raises:
        NotFound: If there is none, or more than one.
    """
    text = str(item)
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= sample.size:
        return sample.entries[int(text) - 1]
    meant = [entry for entry in sample.entries if text in (entry.item, entry.sha256)]
    if len(meant) != 1:
        hint = "name it by its number" if meant else f"items have the numbers 1 to {sample.size}"
        raise NotFound("no single item of the sample is meant", hint=hint)
    return meant[0]


def read_verdicts(out: Path, sample: Sample) -> Sequence[Recorded]:
    """Return all verdicts on a sample, in the order in which they were given.

    Raises:
        SampleDamaged: If a line is not a verdict on this sample.
    """
    return _read(out, sample)[0]


def standing(verdicts: Sequence[Recorded]) -> Mapping[int, Verdict]:
    """Return the verdict that counts for each item: the last of each person, and the worst of all persons."""
    last = {(each.number, each.by): each.verdict for each in verdicts}
    worst: dict[int, Verdict] = {}
    for (number, _), verdict in last.items():
        worst[number] = max(verdict, worst.get(number, verdict), key=lambda each: each.severity)
    return worst


def _read(out: Path, sample: Sample) -> tuple[list[Recorded], int]:
    """Return the verdicts, and how many bytes of the file are whole lines."""
    path = out / FOLDER / VERDICTS
    data = path.read_bytes() if path.exists() else b""
    whole = data.rfind(b"\n") + 1
    found = []
    for place, line in enumerate(data[:whole].splitlines(), 1):
        try:
            said = _parse(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SampleDamaged(f"{path}, line {place}, is no verdict") from None
        if not 1 <= said.number <= sample.size or said.draw != sample.draw:
            raise SampleDamaged(f"{path}, line {place}, is not about this sample")
        found.append(said)
    return found, whole


def _parse(data: Mapping[str, Any]) -> Recorded:
    if type(data["number"]) is not int or type(data["draw"]) is not int or not isinstance(data["by"], str):
        raise TypeError
    return Recorded(
        data["number"],
        Verdict(data["verdict"]),
        data["by"],
        data["at"],
        data["note"],
        bool(data["correct"]),
        data["draw"],
    )


def _append(path: Path, said: Recorded, whole: int) -> None:
    row = asdict(said)
    del row["repeated"]
    line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.truncate(whole)
        file.seek(whole)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
