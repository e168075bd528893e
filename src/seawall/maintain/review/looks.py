"""Whether two pictures look the same, told without showing either to anybody.

PDQ alone cannot: a small edit moves it as little as another size of the same picture does. Here the grey derivatives of
both are compared cell by cell, and one cell that differs is enough to say no. What cannot be compared is not the same.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from seawall.cases.model import Case, Item
from seawall.errors import SeawallError
from seawall.maintain.review._judged import Known
from seawall.vault.derivatives.model import Derivative, Rung

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seawall.maintain.review.seen import SeenOnce
    from seawall.store import Store

SIDE = 96
"""Pixels of a side, to which both are brought."""

CELL = 6
"""Pixels of a side of a cell."""

MOST_APART = 8.0
"""Largest difference of a cell's mean, of 255."""

_SQUARE = 1.02
"""So much may the shapes of both differ."""

MOST_COMPARED = 20
"""Items of one case that are compared at a time."""

PERSON = "see it once"
"""Who opens the objects, on the vault's record."""


class Maker(Protocol):
    """Makes derivatives; `seawall.vault.derivatives.Derivatives` does."""

    def make(self, object_id: str, rung: Rung, *, user: str, case: str) -> Derivative:
        """Make one."""
        ...


class Compared:
    """Compares pictures of the vault with those that were judged.

    Args:
        store: The database.
        seen: What was judged.
        maker: Makes the grey derivatives, in its sandbox.
    """

    def __init__(self, store: Store, seen: SeenOnce, maker: Maker) -> None:
        self._store = store
        self._seen = seen
        self._maker = maker

    def known(self, case: Case, items: Sequence[Item]) -> Mapping[str, Known]:
        """Return the verdicts that hold for items because their pictures look the same, by item id.

        Never call it within a transaction: opening objects is recorded.
        """
        with self._store.read() as connection:
            likely = self._seen.likely(connection, case, [item for item in items if item.vault is not None])
        pairs = [(item, likely[item.id]) for item in items if item.id in likely][:MOST_COMPARED]
        return {item.id: known for item, known in pairs if self._alike(case, item, known)}

    def _alike(self, case: Case, item: Item, known: Known) -> bool:
        if item.vault is None or known.vault is None or known.verdict.item_id == item.id:
            return False
        try:
            one, other = (
                self._maker.make(each, Rung.GREY_FULL, user=PERSON, case=case.id) for each in (known.vault, item.vault)
            )
        except SeawallError:
            return False
        whole = not {"damaged", "partial"} & (one.flags | other.flags)
        return whole and alike(one.data, other.data)


def alike(one: bytes, other: bytes) -> bool:
    """Whether two encoded pictures, of our own making, look the same.

    Brightness that differs everywhere by a little is the same; a shape that is in one of them alone is not.
    """
    try:
        first, second = _cells(one), _cells(other)
    except (OSError, ValueError):
        return False
    if first is None or second is None or not 1 / _SQUARE <= first[0] / second[0] <= _SQUARE:
        return False
    return bool(abs(first[1] - second[1]).max() <= MOST_APART)


def _cells(data: bytes) -> tuple[float, NDArray[Any]] | None:
    """Return the shape of a picture, and the means of its cells."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("L")
    if min(picture.size) < SIDE // 2:
        return None
    way = Image.Resampling.BOX if min(picture.size) >= 2 * SIDE else Image.Resampling.LANCZOS
    pixels = np.asarray(picture.resize((SIDE, SIDE), way), np.float32)
    count = SIDE // CELL
    return picture.width / picture.height, pixels.reshape(count, CELL, count, CELL).mean((1, 3))
