"""Reports to authorities: drafts, approvals, the record of filing, the production switch, and personal tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_STATES = (
    "'draft', 'approved', 'filing', 'filed', 'filed_manually', 'needs_repair', 'paused', 'stopped', 'joined',"
    " 'withdrawn', 'refused'"
)
_DUE = sa.text("state IN ('approved', 'filing')")
_UNFILED = (
    "OLD.filed_at IS NOT NULL AND (NEW.filed_at IS NULL OR NEW.filed_at <> OLD.filed_at"
    " OR NEW.remote_id <> OLD.remote_id OR NEW.state <> OLD.state)"
)
_REMOTE = sa.text("remote_id IS NOT NULL")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "authority_pause",
        sa.Column("authority", sa.String(length=16), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("authority", "environment", name=op.f("pk_authority_pause")),
    )
    op.create_table(
        "personal_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name=op.f("fk_personal_token_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_personal_token")),
        sa.UniqueConstraint("id", name=op.f("uq_personal_token_id")),
    )
    op.create_index(op.f("ix_personal_token_person"), "personal_token", ["person"])
    op.create_table(
        "report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("authority", sa.String(length=16), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("follow_up", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("event_class", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject_key", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("joined_to", sa.String(length=32)),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("documents", sa.String(length=32)),
        sa.Column("digest", sa.String(length=64)),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("informational", sa.Boolean(), nullable=False),
        sa.Column("imminent", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("viewed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("remote_id", sa.String(length=64)),
        sa.Column("filed_at", sa.String(length=32)),
        sa.Column("complete", sa.Boolean()),
        sa.Column("due_at", sa.String(length=32)),
        sa.Column("tried_since", sa.String(length=32)),
        sa.Column("alarms", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.String(length=32)),
        sa.CheckConstraint("(state = 'joined') = (joined_to IS NOT NULL)", name=op.f("ck_report_joined")),
        sa.CheckConstraint(
            "(state IN ('filed', 'filed_manually')) = (filed_at IS NOT NULL)", name=op.f("ck_report_filed")
        ),
        sa.CheckConstraint("drill = (environment = 'test')", name=op.f("ck_report_drill")),
        sa.CheckConstraint("environment IN ('test', 'production')", name=op.f("ck_report_environment")),
        sa.CheckConstraint(
            "standing = (state NOT IN ('joined', 'withdrawn', 'refused'))", name=op.f("ck_report_standing")
        ),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_report_state")),
        sa.CheckConstraint("(documents IS NULL) = (digest IS NULL)", name=op.f("ck_report_documents")),
        sa.CheckConstraint("(owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_report_lease")),
        sa.CheckConstraint("filed_at IS NULL OR remote_id IS NOT NULL", name=op.f("ck_report_receipt")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name=op.f("fk_report_case_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["report_draft.id"], name=op.f("fk_report_draft_id")),
        sa.ForeignKeyConstraint(["joined_to"], ["report.id"], name=op.f("fk_report_joined_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "authority",
            "environment",
            "draft_id",
            "follow_up",
            name=op.f("uq_report_authority_environment_draft_id_follow_up"),
        ),
    )
    op.create_index("ix_report_case", "report", ["case_id"])
    op.create_index("ix_report_due", "report", ["escalated", "made_at"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_index("ix_report_state", "report", ["state", "id"])
    op.create_index("ix_report_subject", "report", ["subject_key", "filed_at"])
    op.create_index(
        "uq_report_key",
        "report",
        ["authority", "environment", "key"],
        unique=True,
        sqlite_where=sa.text("standing = 1"),
        postgresql_where=sa.text("standing"),
    )
    op.create_index(
        "uq_report_remote_id",
        "report",
        ["authority", "environment", "remote_id"],
        unique=True,
        sqlite_where=_REMOTE,
        postgresql_where=_REMOTE,
    )
    op.create_table(
        "authority_switch",
        sa.Column("authority", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("test_report", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["test_report"], ["report.id"], name=op.f("fk_authority_switch_test_report")),
        sa.PrimaryKeyConstraint("authority", "person", name=op.f("pk_authority_switch")),
    )
    op.create_table(
        "report_answer",
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_answer_report_id")),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_report_answer")),
    )
    op.create_table(
        "report_approval",
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("taken_back_at", sa.String(length=32)),
        sa.CheckConstraint("(via = 'policy') = (person = 'policy')", name=op.f("ck_report_approval_policy")),
        sa.CheckConstraint("via IN ('session', 'token', 'policy')", name=op.f("ck_report_approval_via")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_approval_report_id")),
        sa.PrimaryKeyConstraint("report_id", "digest", "person", name=op.f("pk_report_approval")),
    )
    op.create_table(
        "report_item",
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("file", sa.Integer()),
        sa.Column("object", sa.String(length=32)),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("size", sa.BigInteger()),
        sa.CheckConstraint(
            "file IS NULL OR (object IS NOT NULL AND sha256 IS NOT NULL AND size IS NOT NULL)",
            name=op.f("ck_report_item_file"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["review_item.id"], name=op.f("fk_report_item_item_id")),
        sa.ForeignKeyConstraint(["object"], ["vault_object.id"], name=op.f("fk_report_item_object")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_item_report_id")),
        sa.PrimaryKeyConstraint("report_id", "edition", "number", name=op.f("pk_report_item")),
        sa.UniqueConstraint("report_id", "edition", "file", name=op.f("uq_report_item_report_id_edition_file")),
        sa.UniqueConstraint("report_id", "edition", "item_id", name=op.f("uq_report_item_report_id_edition_item_id")),
    )
    op.create_table(
        "report_step",
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.String(length=16)),
        sa.Column("file", sa.Integer()),
        sa.Column("digest", sa.String(length=64)),
        sa.Column("meaning", sa.String(length=16)),
        sa.Column("remote_report", sa.String(length=64)),
        sa.Column("remote_file", sa.String(length=64)),
        sa.Column("remote_files", sa.Text()),
        sa.Column("intact", sa.Boolean()),
        sa.Column("sent", sa.Boolean()),
        sa.Column("status", sa.Integer()),
        sa.Column("code", sa.Integer()),
        sa.Column("request_id", sa.Text()),
        sa.Column("reply", sa.String(length=32)),
        sa.Column("person", sa.String(length=128)),
        sa.CheckConstraint("(kind = 'answered') = (meaning IS NOT NULL)", name=op.f("ck_report_step_answered")),
        sa.CheckConstraint("(kind = 'resumed') = (call IS NULL)", name=op.f("ck_report_step_call")),
        sa.CheckConstraint("(kind = 'resumed') = (person IS NOT NULL)", name=op.f("ck_report_step_resumed")),
        sa.CheckConstraint("kind IN ('intent', 'answered', 'lost', 'resumed')", name=op.f("ck_report_step_kind")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_step_report_id")),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_report_step")),
    )
    for name, event, table, condition, message in (
        ("report_step_kept", "UPDATE", "report_step", "TRUE", "a step of filing is never changed"),
        ("report_step_stays", "DELETE", "report_step", "TRUE", "a step of filing is never deleted"),
        ("report_stays", "DELETE", "report", "TRUE", "a report is never deleted"),
        ("report_filed", "UPDATE", "report", _UNFILED, "what was filed stays filed"),
        ("report_approval_stays", "DELETE", "report_approval", "TRUE", "an approval is never deleted"),
    ):
        _refuse(name, event, table, condition, message)


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
