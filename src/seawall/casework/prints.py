"""What pictures of cases look like: found by a decode process beside the server, as soon as their bytes are here.

A picture that cannot be decoded, moves, or is damaged has no print: it is then looked at, however much it resembles
another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from seawall.cases import Cases, PicturePrint
from seawall.cases.model import Item, ItemKind
from seawall.errors import SeawallError
from seawall.vault import Vault

if TYPE_CHECKING:
    from seawall.hashing.examiner import Examiner

PERSON = "see it once"
PURPOSE = "finding out whether it was judged before"
MOST = 50
_IDLE_SECONDS = 60.0
_PDQ_BYTES = 32


class Prints:
    """Finds the prints of pictures. Threads may share one; it works for one of them at a time.

    Args:
        cases: Whose items these are.
        vault: Keeps their bytes.
    """

    def __init__(self, cases: Cases, vault: Vault) -> None:
        self._cases = cases
        self._vault = vault
        self._lock = Lock()
        self._examiner: Examiner | None = None
        self._used = monotonic()

    def once(self) -> int:
        """Find the prints of the next few pictures; return of how many."""
        found = self._cases.unprinted(MOST)
        for item in found:
            self._print(item)
        if not found and monotonic() - self._used > _IDLE_SECONDS:
            self.close()
        return len(found)

    def of(self, items: Sequence[Item]) -> bool:
        """Find the prints of these items that lack them; return whether there were any."""
        ids = [each.id for each in items if each.kind is ItemKind.IMAGE and each.vault and "pdq" not in each.evidence]
        found = self._cases.unprinted(MOST, ids[:MOST]) if ids else []
        for item in found:
            self._print(item)
        return bool(found)

    def close(self) -> None:
        """End the decode process; the next picture starts another."""
        with self._lock:
            if self._examiner is not None:
                self._examiner.close()
                self._examiner = None

    def _print(self, item: Item) -> None:
        found = None
        with self._lock:
            self._used = monotonic()
            try:
                found = self._examined(item)
            except SeawallError:
                # Destroyed, or beyond what is decoded: without a print somebody looks.
                found = None
        self._cases.printed(item.id, found)

    def _examined(self, item: Item) -> PicturePrint | None:
        from seawall.content.item import Item as Medium
        from seawall.content.origin import Origin
        from seawall.hashing.examiner import Examiner

        if self._examiner is None:
            self._examiner = Examiner()
        with self._vault.open(str(item.vault), person=PERSON, purpose=PURPOSE, case=item.case_id) as stream:
            examined = self._examiner.examine(Medium(item.id, Origin(), lambda: stream))
        still = bool(examined.frames) and all(each.frame == 0 for each in examined.frames)
        if examined.problem is not None or examined.damaged or not still or "animated" in examined.flags:
            return None
        first = examined.frames[0]
        return PicturePrint(first.dihedral[:_PDQ_BYTES].hex(), first.quality)
