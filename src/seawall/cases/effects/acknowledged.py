"""What the host says that it has done. Only that counts as done: a message that was taken is not a removal."""

from __future__ import annotations

from sqlalchemy import select

from seawall.accounts.effects import TOPIC
from seawall.cases._office import Office
from seawall.cases.effects.about import finish, held, result_of
from seawall.cases.effects.plan import active_effects
from seawall.cases.model import EffectKind
from seawall.store.outbox import MessageState
from seawall.store.tables import case_decision, case_effect, outbox


def note_acknowledged(office: Office, most: int) -> int:
    """Note which effects the host has acknowledged since; return how many, `most` at most."""
    # A message that is no longer there was acknowledged: only those are ever deleted.
    told = (outbox.c.id.is_(None)) | (outbox.c.state == MessageState.ACKNOWLEDGED.value)
    wanted = (
        select(case_effect.c.id, outbox.c.acknowledged_at)
        .outerjoin(outbox, outbox.c.id == case_effect.c.host)
        .where(case_effect.c.done_at.is_(None), case_effect.c.host.is_not(None), told)
        .order_by(case_effect.c.case_id, case_effect.c.id)
        .limit(most)
    )
    with office.store.read() as connection:
        found = connection.execute(wanted).all()
    return sum(_note(office, identity, at) for identity, at in found)


def removed_at(office: Office, decision_id: str) -> str | None:
    """Return when the host acknowledged the last removal of a decision; None if one is not acknowledged yet."""
    with office.store.read() as connection:
        wanted = select(case_decision.c.case_id).where(case_decision.c.id == decision_id)
        case_id = connection.execute(wanted).scalar()
        if case_id is None:
            return None
        # What an earlier decision of the case has removed stays removed by this one, and is not asked for again.
        rows = [row for row in active_effects(connection, case_id) if row["kind"] == EffectKind.REMOVE.value]
    moments = [result_of(row).get("acknowledged_at") for row in rows]
    if not moments or any(moment is None for moment in moments):
        return None
    return max(str(moment) for moment in moments)


def _note(office: Office, effect_id: str, at: str | None) -> bool:
    moment = at or office.now()
    with office.store.begin() as connection:
        wanted = held(select(case_effect).where(case_effect.c.id == effect_id))
        row = connection.execute(wanted).mappings().one()
        if row["done_at"] is not None:
            return False
        result = {**result_of(row), "message": row["host"], "topic": TOPIC, "acknowledged_at": moment}
        finish(office, connection, row, result, at=moment)
    return True
