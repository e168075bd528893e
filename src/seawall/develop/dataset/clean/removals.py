"""The judgement on each item: kept, or removed and why. Pure but for reading the tables.

Whatever is named goes, and so does every exact copy of it. Where a scan or a separation says which items may stay, the
others go too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .errors import DataChanged
from .fates import WHYS, Why
from .tables import Table, key_id

NAMED = "named.table"
DIGESTS = "digests.table"
KEPT = "kept-{}.table"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of one item.

    Attributes:
        why: Why it is removed; None if it is kept.
        named: Number of the row that names it, if it is named.
        late: Whether it is named without a digest, so that its copies are not known.
    """

    why: Why | None
    named: int | None = None
    late: bool = False


class Removals:
    """Says which items go.

    Args:
        named: Items by key.
        digests: Digests of removed items.
        kept: Items that may stay, from each scan and separation; an item must be in all of them.
    """

    def __init__(self, named: Table, digests: Table, kept: tuple[Table, ...]) -> None:
        self._named = named
        self._digests = digests
        self._kept = kept

    @classmethod
    def open(cls, folder: Path, kept: int) -> Self:
        """Open the tables that `inputs.gather` wrote."""
        tables = tuple(Table(folder / KEPT.format(number)) for number in range(kept))
        return cls(Table(folder / NAMED), Table(folder / DIGESTS), tables)

    def judge(self, key: str, sha256: bytes | None) -> Judgement:
        """Judge one item.

        Args:
            key: Its key.
            sha256: Digest of its bytes; None if they cannot be read.

        Raises:
            DataChanged: If its bytes are not those that were examined.
        """
        named = self._named.find(key_id(key))
        if named is not None:
            if named.sha256 is not None and named.sha256 != sha256:
                raise DataChanged(f"{key} is not what it was when it was found")
            late = named.sha256 is None and sha256 is not None
            return Judgement(WHYS[named.mark - 1], named.row, late)
        if sha256 is None:
            return Judgement(Why.UNREADABLE)
        copy = self._digests.find_digest(sha256)
        if copy is not None:
            return Judgement(WHYS[copy.mark - 1])
        return Judgement(self._not_kept(key, sha256))

    def _not_kept(self, key: str, sha256: bytes) -> Why | None:
        for table in self._kept:
            row = table.find(key_id(key))
            if row is None:
                return Why.NOT_KEPT
            if row.sha256 is not None and row.sha256 != sha256:
                raise DataChanged(f"{key} is not what it was when it was examined")
            if row.mark or row.sha256 is None:
                return WHYS[row.mark - 1] if row.mark else Why.NOT_KEPT
        return None
