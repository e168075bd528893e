"""Rows of exposures and of what pages told of them: inserted and read, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select

from seawall.store.tables import exposure, exposure_beacon
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure
from seawall.vault.viewing.spans import Whole, seconds, whole


def add(connection: Connection, shown: Exposure) -> None:
    """Add an exposure."""
    row = {
        "id": shown.id,
        "object": shown.object,
        "sha256": shown.sha256,
        "person": shown.user,
        "case_id": shown.case,
        "task_id": shown.task,
        "rung": shown.rung.value,
        "severity": shown.severity,
        "shown_at": shown.shown_at,
    }
    connection.execute(insert(exposure), row)


def lock(connection: Connection, exposure_id: str) -> Exposure | None:
    """Return an exposure as it is now; nobody else adds to it before this transaction ends."""
    connection.execute(select(exposure.c.id).where(exposure.c.id == exposure_id).with_for_update())
    found = find(connection, exposure.c.id == exposure_id)
    return found[0] if found else None


def add_beacon(connection: Connection, shown: Exposure, at: str, visible_ms: int, spans: Sequence[Whole]) -> int:
    """Add the whole of what is known of an exposure by now; return which beacon it is, from 1."""
    last = select(func.max(exposure_beacon.c.number)).where(exposure_beacon.c.exposure == shown.id)
    number = (connection.execute(last).scalar() or 0) + 1
    row = {
        "exposure": shown.id,
        "number": number,
        "at": at,
        "visible_ms": visible_ms,
        "spans": json.dumps(spans, separators=(",", ":")),
        "sound": shown.sound,
    }
    connection.execute(insert(exposure_beacon), row)
    return number


def find(connection: Connection, *conditions: ColumnElement[bool]) -> list[Exposure]:
    """Return exposures, each with its newest beacon, in the order of showing."""
    every = exposure_beacon.alias()
    newest = select(func.max(every.c.number)).where(every.c.exposure == exposure.c.id).scalar_subquery()
    joined = exposure.outerjoin(
        exposure_beacon, and_(exposure_beacon.c.exposure == exposure.c.id, exposure_beacon.c.number == newest)
    )
    query = select(
        exposure, exposure_beacon.c.visible_ms, exposure_beacon.c.spans, exposure_beacon.c.sound
    ).select_from(joined)
    rows = connection.execute(query.where(*conditions).order_by(exposure.c.seq))
    return [_exposure(row) for row in rows]


def known_spans(shown: Exposure) -> list[Whole]:
    """Return the spans of an exposure in milliseconds."""
    return whole(shown.spans)


def _exposure(row: Row) -> Exposure:  # type: ignore[type-arg]  # the columns are those of the tables
    spans = seconds((start, end) for start, end in json.loads(row.spans)) if row.spans else ()
    return Exposure(
        row.id,
        row.object,
        row.sha256,
        row.person,
        row.case_id,
        row.task_id,
        Rung(row.rung),
        row.severity,
        row.shown_at,
        row.visible_ms or 0,
        spans,
        bool(row.sound),
    )
