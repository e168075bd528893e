"""What an import did, in numbers that add up.

`rows == added + duplicates + superseded + quarantined + bad + unsupported + withdrawals`. Holds reasons, counts and
line numbers; never a value.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    Attributes:
        name: Name of the list.
        purpose: Its purpose.
        version: Version that is published now; unchanged if the import changed nothing.
        format: Format of the file; empty when no file was read.
        entries: Live entries now.
        rows: Rows of the file, blank lines and comments left out.
        added: Rows that became entries.
        duplicates: Rows whose value (and key) is already there, or came twice.
        superseded: Rows that a later statement of the same file replaced.
        withdrawals: Rows that ask to withdraw.
        withdrawn: Entries that were withdrawn, for whatever reason.
        relabelled: Of the added, those that replace an entry whose labels changed.
        quarantined: Rows left out because their value is weak or of low quality, by reason.
        bad: Rows that could not be read, by reason.
        bad_lines: Numbers of the first few such lines (of records, in XML and JSON), by reason.
        unsupported: Rows of signal types that are not installed, by type.
        inferred: Values whose type was told by length alone, by type.
        notes: What the operator should know, in sentences.
        first_entry: Id of the first added entry; the others follow it in row order. None if none was added.
    """

    name: str
    purpose: str
    version: int
    format: str
    entries: int
    rows: int
    added: int
    duplicates: int
    superseded: int
    withdrawals: int
    withdrawn: int
    relabelled: int
    quarantined: dict[str, int] = field(default_factory=dict)
    bad: dict[str, int] = field(default_factory=dict)
    bad_lines: dict[str, list[int]] = field(default_factory=dict)
    unsupported: dict[str, int] = field(default_factory=dict)
    inferred: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    first_entry: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return asdict(self)


def notes_for(inferred: dict[str, int]) -> tuple[str, ...]:
    """Say which types were guessed where another reading exists."""
    if not inferred.get("pdq"):
        return ()
    return (
        "values of 64 hexadecimal digits were read as pdq; if they are SHA-256 or BLAKE3, import them with "
        "--type sha256 or --type blake3",
    )
