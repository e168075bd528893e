"""Appeals and statements of reasons, and the triggers that keep what constraints cannot say."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_OPEN = sa.text("decided_at IS NULL")
_STATES = "'open', 'waiting', 'upheld', 'overturned', 'superseded'"

_UNFAITHFUL = (
    "NOT EXISTS (SELECT 1 FROM case_decision d WHERE d.id = NEW.decision_id AND d.case_id = NEW.case_id"
    " AND d.first = NEW.first AND ((d.second IS NULL AND NEW.second IS NULL) OR d.second = NEW.second))"
)
_JUDGED = (
    "NEW.decider IS NOT NULL AND (EXISTS (SELECT 1 FROM review_submission s WHERE s.case_id = NEW.case_id"
    " AND s.decision_id = NEW.decision_id AND s.reviewer = NEW.decider)"
    ' OR EXISTS (SELECT 1 FROM review_verdict v JOIN review_verdict o ON o.id = v."of"'
    " WHERE v.case_id = NEW.case_id AND o.reviewer = NEW.decider))"
)


def upgrade() -> None:
    """Create the tables."""
    _statement()
    _appeal()
    for name, event, table, condition, message in (
        ("statement_kept", "UPDATE", "statement", "TRUE", "a statement of reasons is never changed"),
        ("statement_stays", "DELETE", "statement", "TRUE", "a statement of reasons is never deleted"),
        ("appeal_made", "INSERT", "appeal", _UNFAITHFUL, "an appeal names who made the decision"),
        ("appeal_kept", "UPDATE", "appeal", _UNFAITHFUL, "an appeal names who made the decision"),
        ("appeal_given", "INSERT", "appeal", _JUDGED, "who judged a case does not decide an appeal about it"),
        ("appeal_decided", "UPDATE", "appeal", _JUDGED, "who judged a case does not decide an appeal about it"),
    ):
        _refuse(name, event, table, condition, message)


def _statement() -> None:
    op.create_table(
        "statement",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("replaces", sa.String(32)),
        sa.Column("token", sa.String(64)),
        sa.Column("puid", sa.String(500)),
        sa.Column("payload", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("options", sa.String(64), nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.CheckConstraint("kind IN ('restriction', 'information', 'overturn')", name=op.f("ck_statement_kind")),
        sa.CheckConstraint("(kind = 'restriction') = (payload IS NOT NULL)", name=op.f("ck_statement_payload")),
        sa.CheckConstraint("(payload IS NULL) = (puid IS NULL)", name=op.f("ck_statement_puid")),
        sa.CheckConstraint("kind <> 'overturn' OR replaces IS NOT NULL", name=op.f("ck_statement_overturn")),
        sa.ForeignKeyConstraint(["decision_id"], ["case_decision.id"], name="fk_statement_decision_id"),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_statement_case_id"),
        sa.ForeignKeyConstraint(["replaces"], ["statement.id"], name="fk_statement_replaces"),
        sa.UniqueConstraint("decision_id", name="uq_statement_decision_id"),
        sa.UniqueConstraint("replaces", name="uq_statement_replaces"),
        sa.UniqueConstraint("token", name="uq_statement_token"),
        sa.UniqueConstraint("puid", name="uq_statement_puid"),
        sa.PrimaryKeyConstraint("id", name="pk_statement"),
    )
    op.create_index("ix_statement_case", "statement", ["case_id", "id"])


def _appeal() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("party", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("notice_id", sa.String(32)),
        sa.Column("first", sa.String(128), nullable=False),
        sa.Column("second", sa.String(128)),
        sa.Column("task_id", sa.String(32)),
        sa.Column("words", sa.String(32)),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("filed_at", sa.String(32), nullable=False),
        sa.Column("filed_by", sa.String(128)),
        sa.Column("window_until", sa.String(32)),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decider", sa.String(128)),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("reason", sa.Text),
        sa.Column("result_id", sa.String(32)),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.CheckConstraint("party IN ('account', 'notifier')", name=op.f("ck_appeal_party")),
        sa.CheckConstraint("(party = 'notifier') = (notice_id IS NOT NULL)", name=op.f("ck_appeal_notice")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_appeal_state")),
        sa.CheckConstraint("(state IN ('open', 'waiting')) = (decided_at IS NULL)", name=op.f("ck_appeal_decided")),
        sa.CheckConstraint(
            "(state = 'waiting') = (task_id IS NULL AND decided_at IS NULL)", name=op.f("ck_appeal_task")
        ),
        sa.CheckConstraint(
            "(state IN ('upheld', 'overturned')) = (decider IS NOT NULL)", name=op.f("ck_appeal_person")
        ),
        sa.CheckConstraint("(decider IS NULL) = (reason IS NULL)", name=op.f("ck_appeal_reason")),
        sa.CheckConstraint("decider <> first", name=op.f("ck_appeal_not_first")),
        sa.CheckConstraint("decider <> second", name=op.f("ck_appeal_not_second")),
        sa.ForeignKeyConstraint(["decision_id"], ["case_decision.id"], name="fk_appeal_decision_id"),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_appeal_case_id"),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], name="fk_appeal_task_id"),
        sa.ForeignKeyConstraint(["result_id"], ["case_decision.id"], name="fk_appeal_result_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
    )
    op.create_index(
        "uq_appeal_open", "appeal", ["decision_id", "key"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_appeal_case", "appeal", ["case_id", "id"])
    op.create_index("ix_appeal_task", "appeal", ["task_id"])
    op.create_index("ix_appeal_state", "appeal", ["state", "id"])


def _refuse(name: str, event: str, table: str, condition: str, message: str) -> None:
    """Let the database refuse what changes a table while a condition holds, as it refuses a broken constraint."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    back = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE OR REPLACE FUNCTION seawall_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF;"
        f" RETURN {back}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION seawall_{name}()")
