"""Kills in the database: recorded afterwards, passed on to other machines, lifted only by a person with a reason.

The files are the journal: whatever was killed while the database was down is recorded when it is back, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.deploy.rollout import _rows
from seawall.deploy.rollout.errors import RolloutRefused
from seawall.deploy.rollout.killswitch import ALL, Kill, KillSwitch, file_of
from seawall.ledger import Ledger
from seawall.store import Store, insert_new
from seawall.store.tables import rollout_kill

if TYPE_CHECKING:
    from sqlalchemy import Connection


def sync(store: Store, ledger: Ledger, switch: KillSwitch) -> None:
    """Record kills that were made without the database, and lift those that were revived elsewhere.

    Raises:
        KillSwitchUnusable: If the switch cannot be read; then everything is killed.
    """
    local = switch.kills()
    if not local:
        return
    with store.read() as connection:
        known = _rows.kills(connection, [kill.id for kill in local])
    fresh = [kill for kill in local if kill.id not in known]
    if fresh:
        with store.begin(alone=_rows.ALONE) as connection:
            _record(connection, ledger, fresh)
        ledger.append_pending()
    for kill_id, row in known.items():
        if row["revived_at"] is not None:
            switch.lift(kill_id)


def revive(store: Store, ledger: Ledger, model: str, switch: KillSwitch, *, person: str, reason: str) -> None:
    """Lift every kill of a model: recorded first, then the file goes.

    Raises:
        RolloutRefused: If it is not killed.
        KillSwitchUnusable: If the switch cannot be read.
    """
    sync(store, ledger, switch)
    now = to_iso(store.clock())
    names = (model, file_of(model))
    with store.begin(alone=_rows.ALONE) as connection:
        ids = [kill["kill_id"] for kill in _rows.active_kills(connection) if kill["model"] in names]
        if not ids:
            raise RolloutRefused(f"{'every model' if model == ALL else model} is not killed")
        connection.execute(
            rollout_kill.update()
            .where(rollout_kill.c.kill_id.in_(ids))
            .values(revived_at=now, revived_by=person, revive_reason=reason)
        )
        _rows.changed(connection)
        for kill_id in ids:
            body = {"kill": kill_id, "model": model, "at": now, "person": person, "reason": reason}
            ledger.record(connection, "rollout.revived", f"rollout/revived/{kill_id}", body)
    ledger.append_pending()
    for kill_id in ids:
        switch.lift(kill_id)


def _record(connection: Connection, ledger: Ledger, kills: Sequence[Kill]) -> None:
    for kill in kills:
        row = {
            "kill_id": kill.id,
            "model": kill.model or kill.file,
            "at": kill.at,
            "person": kill.person,
            "reason": kill.reason,
        }
        insert_new(connection, rollout_kill, [row])
        body = {"kill": kill.id, **{key: row[key] for key in ("model", "at", "person", "reason")}}
        ledger.record(connection, "rollout.killed", f"rollout/killed/{kill.id}", body)
    _rows.changed(connection)
