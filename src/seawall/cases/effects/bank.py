"""The operator's own banks: what people judged, as hashes of its own bytes; withdrawn when that no longer holds.

Every effect is a source of its own: what two cases put in stays until both take it back. Putting the same in twice
changes nothing, so a worker that died may do it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seawall.cases.policy import Bank
from seawall.errors import ListConflict, NotFound

if TYPE_CHECKING:
    from seawall.cases.model import Item
    from seawall.matching.lists import ListRow, ListStore

SOURCE = "cases"
_PDQ = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signal:
    """A hash of an item's own bytes: its type, its value, and its quality if that is known."""

    type: str
    value: bytes
    quality: int | None = None


class Banks(Protocol):
    """Banks that take what people judged; `OwnBanks` has them on disk."""

    def put(self, bank: Bank, source: str, signals: tuple[Signal, ...], label: str, wanted: Callable[[], bool]) -> int:
        """Let a bank hold the hashes of a source, unless `wanted` says no by then; return how many are new."""
        ...

    def withdraw(self, bank: str, source: str) -> int:
        """Let a bank hold nothing of a source any more; return how many hashes went."""
        ...


class OwnBanks:
    """Banks among the hash lists of a home, where everything that matches sees them like any other list.

    Args:
        lists: The hash lists.
    """

    def __init__(self, lists: ListStore) -> None:
        self._lists = lists

    def put(self, bank: Bank, source: str, signals: tuple[Signal, ...], label: str, wanted: Callable[[], bool]) -> int:
        """Let a bank hold the hashes of a source; the bank is created if need be.

        Raises:
            ListConflict: If the list is being changed, was received, or has another purpose.
        """
        self._ensure(bank)
        # The rows are made while the list is locked: nobody else changes it between the question and the answer.
        report = self._lists.add(bank.name, _rows(source, signals, label, wanted), source=SOURCE)
        return report.added

    def withdraw(self, bank: str, source: str) -> int:
        """Let a bank hold nothing of a source any more.

        Raises:
            ListConflict: If the list is being changed, or was received.
        """
        from seawall.matching.lists import Action, ListRow

        try:
            report = self._lists.add(bank, [ListRow("", b"", key=source, action=Action.WITHDRAW)], source=SOURCE)
        except NotFound:
            # Deleted with all that was in it.
            return 0
        return report.withdrawn

    def _ensure(self, bank: Bank) -> None:
        from seawall.matching.lists import Provenance, Purpose

        purpose = Purpose(bank.purpose)
        try:
            manifest = self._lists.manifest(bank.name)
        except NotFound:
            self._lists.create_bank(bank.name, purpose)
            return
        if manifest.purpose is not purpose or manifest.provenance is not Provenance.OPERATOR:
            raise ListConflict(
                f"the list {bank.name} is no bank of your own with the purpose {purpose}",
                hint="name another bank in the review policy",
            )


def signals_of(item: Item) -> tuple[Signal, ...]:
    """Return the hashes of an item's own bytes: their SHA-256, and PDQ if the evidence has it."""
    found = [] if item.sha256 is None else [Signal("sha256", bytes.fromhex(item.sha256))]
    said: Any = item.evidence.get("pdq")
    quality: Any = item.evidence.get("pdq_quality")
    if isinstance(said, Mapping):
        said, quality = said.get("value"), said.get("quality", quality)
    if isinstance(said, str) and _PDQ.fullmatch(said):
        whole = quality if isinstance(quality, int) and not isinstance(quality, bool) and 0 <= quality <= 100 else None
        found.append(Signal("pdq", bytes.fromhex(said), whole))
    return tuple(found)


def _rows(source: str, signals: tuple[Signal, ...], label: str, wanted: Callable[[], bool]) -> Iterator[ListRow]:
    from seawall.matching.lists import ListRow

    if wanted():
        for each in signals:
            yield ListRow(each.type, each.value, key=source, labels=(label,), quality=each.quality)
