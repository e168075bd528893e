"""Rows of rollouts, read and written within a transaction of the caller's."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seawall.deploy.rollout.evidence import Evidence, Tally
from seawall.deploy.rollout.plan import ModelPlan, stored_plan
from seawall.deploy.rollout.posture import Gate, Posture
from seawall.store import insert_new, insert_or_replace
from seawall.store.tables import rollout, rollout_batch, rollout_evidence, rollout_kill, rollout_setting

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

ALONE = "rollout"
"""Lock under which everything that changes a rollout goes one at a time."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Override:
    """A stage that two persons opened without the verdict for it.

    Attributes:
        persons: Who.
        reason: Why.
        expires_at: Until when it stands for the verdict.
        back_to: The stage that the model falls back to then.
        verdict: What the verdict was.
    """

    persons: tuple[str, str]
    reason: str
    expires_at: str
    back_to: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Row:
    """Where one model stands.

    Attributes:
        model: The model.
        plan: Its plan.
        salt: Keys the choice of accounts.
        stage: Place of its stage; -1 admits nobody.
        period: Number of the present run of evidence.
        since: When it began.
        frozen: Whether it is frozen.
        reason: Why it is frozen.
        override: Set while two persons stand in for a verdict.
    """

    model: str
    plan: ModelPlan
    salt: str
    stage: int
    period: int
    since: str
    frozen: bool = False
    reason: str | None = None
    override: Override | None = None


def new_salt() -> str:
    """Return a key for the choice of accounts."""
    return secrets.token_hex(32)


def read(connection: Connection, model: str | None = None) -> list[Row]:
    """Return where models stand, by name."""
    wanted = rollout.select().order_by(rollout.c.model)
    if model is not None:
        wanted = wanted.where(rollout.c.model == model)
    return [_row(row) for row in connection.execute(wanted).mappings()]


def write(connection: Connection, row: Row, at: str) -> None:
    """Write where a model stands, and count the change."""
    values = {
        "model": row.model,
        "plan": row.plan.model_dump_json(),
        "plan_digest": row.plan.digest,
        "salt": row.salt,
        "stage": row.stage,
        "period": row.period,
        "since": row.since,
        "state": "frozen" if row.frozen else "running",
        "reason": row.reason,
        "override": json.dumps(asdict(row.override)) if row.override else None,
        "changed_at": at,
    }
    insert_or_replace(connection, rollout, [values])
    changed(connection)


def changed(connection: Connection, unlisted: str | None = None) -> None:
    """Count a change; set what holds for models without a plan if it is given."""
    insert_new(connection, rollout_setting, [{"one": 1, "unlisted": "open", "revision": 0}])
    values: dict[str, Any] = {"revision": rollout_setting.c.revision + 1}
    if unlisted is not None:
        values["unlisted"] = unlisted
    connection.execute(rollout_setting.update().values(values))


def evidence(connection: Connection, row: Row) -> Evidence:
    """Return the evidence of a model's present period."""
    table = rollout_evidence
    wanted = table.select().where((table.c.model == row.model) & (table.c.period == row.period))
    found = connection.execute(wanted).mappings().first()
    if found is None:
        return Evidence()
    return Evidence(**{name: found[name] for name in Evidence.__slots__})


def write_evidence(connection: Connection, row: Row, evidence: Evidence) -> None:
    """Write the evidence of a model's present period."""
    insert_or_replace(connection, rollout_evidence, [{"model": row.model, "period": row.period, **asdict(evidence)}])


def queue(
    connection: Connection, model: str, policy: str | None, first: str, at: str, last_at: str, counts: Tally
) -> None:
    """Keep the counts of one transaction until they are looked at; the same transaction counts once."""
    insert_new(
        connection,
        rollout_batch,
        [{"model": model, "first": first, "at": at, "last_at": last_at, "policy": policy, **asdict(counts)}],
    )


def take(connection: Connection, model: str) -> list[Mapping[str, Any]]:
    """Remove some of what waits for a model, oldest first, and return it; empty if nothing is left."""
    table = rollout_batch
    wanted = table.select().where(table.c.model == model).order_by(table.c.first).limit(_CHUNK)
    found: list[Mapping[str, Any]] = [dict(row) for row in connection.execute(wanted).mappings()]
    if found:
        names = [row["first"] for row in found]
        connection.execute(table.delete().where((table.c.model == model) & table.c.first.in_(names)))
    return found


def waiting(connection: Connection) -> set[str]:
    """Return the models for which something waits, those without a plan among them."""
    names = rollout_batch.select().with_only_columns(rollout_batch.c.model).distinct()
    return set(connection.execute(names).scalars())


def forget_unlisted(connection: Connection, models: Sequence[str]) -> None:
    """Remove what waits for models that have no plan."""
    statement = rollout_batch.delete()
    connection.execute(statement.where(rollout_batch.c.model.not_in(models)) if models else statement)


def active_kills(connection: Connection) -> list[Mapping[str, Any]]:
    """Return the kills that nobody revived."""
    wanted = rollout_kill.select().where(rollout_kill.c.revived_at.is_(None)).order_by(rollout_kill.c.at)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def kills(connection: Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return kills by their ids."""
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        wanted = rollout_kill.select().where(rollout_kill.c.kill_id.in_(ids[start : start + _CHUNK]))
        found |= {row["kill_id"]: dict(row) for row in connection.execute(wanted).mappings()}
    return found


def posture(connection: Connection) -> Posture:
    """Return who is admitted now."""
    setting = connection.execute(rollout_setting.select()).mappings().first()
    return Posture(
        setting["revision"] if setting else 0,
        setting is None or setting["unlisted"] == "open",
        {row.model: gate(row) for row in read(connection)},
        frozenset(kill["model"] for kill in active_kills(connection)),
    )


def gate(row: Row) -> Gate:
    """Return who may use a model: everybody of its stage and of those before."""
    stages = row.plan.stages[: row.stage + 1]
    accounts = frozenset(account for stage in stages for account in stage.accounts)
    percent = max((stage.percent or 0.0 for stage in stages), default=0.0)
    return Gate(row.salt, accounts, percent, row.frozen, frozenset(row.plan.count))


def _row(row: RowMapping) -> Row:
    override = json.loads(row["override"]) if row["override"] else None
    return Row(
        row["model"],
        stored_plan(row["plan"]),
        row["salt"],
        row["stage"],
        row["period"],
        row["since"],
        row["state"] == "frozen",
        row["reason"],
        Override(**{**override, "persons": tuple(override["persons"])}) if override else None,
    )
