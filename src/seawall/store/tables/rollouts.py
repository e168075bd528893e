"""Phased release: where each model stands, what was counted there, and what waits to be counted."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from seawall.store.tables.base import metadata

# One row: what holds for every model. `revision` rises with every change of any model.
rollout_setting = Table(
    "rollout_setting",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("unlisted", String(8), nullable=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="one"),
    CheckConstraint("unlisted IN ('open', 'closed')", name="unlisted"),
)

# `stage` counts from 0; -1 admits nobody. `period` rises whenever evidence begins anew.
rollout = Table(
    "rollout",
    metadata,
    Column("model", Text, primary_key=True),
    Column("plan", Text, nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("stage", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("since", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("override", Text),
    Column("changed_at", String(32), nullable=False),
    CheckConstraint("state IN ('running', 'frozen')", name="state"),
)

# What was counted in a period of a model. A claim that was once reached stands, and so has the moment.
rollout_evidence = Table(
    "rollout_evidence",
    metadata,
    Column("model", ForeignKey("rollout.model"), primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("trials", BigInteger, nullable=False),
    Column("breaches", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("last_at", String(32)),
    Column("below_at", String(32)),
    Column("above_at", String(32)),
    Column("policies", Text),
)

# Written with the decisions, a row for each model and policy of a transaction; `first` is the id of its first decision.
rollout_batch = Table(
    "rollout_batch",
    metadata,
    Column("model", Text, primary_key=True),
    Column("first", String(32), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("last_at", String(32), nullable=False),
    Column("policy", Text),
    Column("trials", Integer, nullable=False),
    Column("breaches", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
)

# Kills, wherever the switch was thrown; a killed model need not have a plan, and `*` is all of them.
rollout_kill = Table(
    "rollout_kill",
    metadata,
    Column("kill_id", String(32), primary_key=True),
    Column("model", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("revived_at", String(32)),
    Column("revived_by", Text),
    Column("revive_reason", Text),
    CheckConstraint("(revived_at IS NULL) = (revived_by IS NULL)", name="revived"),
)
