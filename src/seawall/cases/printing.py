"""What pictures look like, as PDQ: found once their bytes are here, kept with their evidence, and never shown.

By it nearly the same picture is known again, and a bank of one's own finds it. Whoever decodes gives it in here.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from seawall.cases import _rows
from seawall.cases._office import Office
from seawall.cases.carrying import carry
from seawall.cases.model import CaseState, Item, ItemKind
from seawall.store.tables import review_item, review_verdict


@dataclass(frozen=True, slots=True)
class PicturePrint:
    """PDQ of a picture.

    Attributes:
        pdq: 64 hex digits.
        quality: From 0 to 100.
    """

    pdq: str
    quality: int


def unprinted(office: Office, limit: int, ids: Collection[str] | None = None) -> list[Item]:
    """Return pictures whose bytes are here and that nobody has looked at for this, the oldest first.

    Args:
        office: Where cases are kept.
        limit: How many at most.
        ids: Only these items.
    """
    wanted = select(review_item).where(
        review_item.c.printed_at.is_(None), review_item.c.vault.is_not(None), review_item.c.kind == ItemKind.IMAGE.value
    )
    if ids is not None:
        wanted = wanted.where(review_item.c.id.in_(list(ids)))
    with office.store.read() as connection:
        rows = connection.execute(wanted.order_by(review_item.c.id).limit(limit)).mappings().all()
    return [_rows.item_of(row) for row in rows]


def printed(office: Office, item_id: str, found: PicturePrint | None) -> bool:
    """Keep what a picture looks like; what was judged before by its looks is decided by that.

    Args:
        office: Where cases are kept.
        item_id: The item.
        found: Its print; None if it has none that says enough.

    Returns:
        Whether nobody had done it before.
    """
    with office.store.begin() as connection:
        mine = select(review_item).where(review_item.c.id == item_id)
        row = connection.execute(mine).mappings().first()
        if row is None:
            return False
        case = office.locked(connection, row["case_id"])
        row = connection.execute(mine).mappings().one()
        if row["printed_at"] is not None:
            return False
        evidence = json.loads(row["evidence"])
        if found is not None:
            evidence["pdq"] = {"value": found.pdq, "quality": found.quality}
        values = {"printed_at": office.now(), "evidence": _rows.encode(evidence)}
        connection.execute(update(review_item).where(review_item.c.id == item_id).values(values))
        # A case that is judged anew is looked at.
        waits = found is not None and case["state"] == CaseState.NEW.value and case["round"] == 1
        if waits and not _is_carried(connection, item_id):
            carry(office, connection, case, [_rows.item_of({**row, **values})])
        return True


def _is_carried(connection: Connection, item_id: str) -> bool:
    mine = (
        review_verdict.c.item_id == item_id,
        review_verdict.c.task_id.is_(None),
        review_verdict.c.withdrawn_at.is_(None),
    )
    return connection.execute(select(review_verdict.c.id).where(*mine)).first() is not None
