"""The tables, in one metadata for SQLite and PostgreSQL; a module for each room.

Moments are RFC 3339 texts in UTC (`seawall.clock.to_iso`), so that both databases sort and return them alike.
A change here needs a migration; a test compares this metadata with what the migrations build.
"""

from seawall.store.tables.accounts import (
    account,
    account_clock,
    account_fact,
    account_link,
    account_refusal,
    ladder,
    ladder_activation,
    link_token,
    restriction,
    strike,
)
from seawall.store.tables.appeals import appeal, statement
from seawall.store.tables.base import metadata
from seawall.store.tables.cases import (
    case_decision,
    case_effect,
    report_draft,
    review_aside,
    review_case,
    review_draft,
    review_event,
    review_item,
    review_policy,
    review_submission,
    review_task,
    review_verdict,
)
from seawall.store.tables.decisions import decision, decision_count, decision_hour
from seawall.store.tables.keys import api_key
from seawall.store.tables.ledger import ledger_checkpoint, ledger_event, ledger_head, ledger_tile
from seawall.store.tables.lists import hash_list, hash_list_version, source_register
from seawall.store.tables.notices import (
    notice,
    notice_case,
    notice_evidence,
    notice_object,
    notice_rate,
    notice_reporter,
    trusted_flagger,
)
from seawall.store.tables.outbox import outbox
from seawall.store.tables.policies import policy_version
from seawall.store.tables.prevention import prevention_cohort, prevention_count, prevention_unit
from seawall.store.tables.retention import retention_hold, retention_object, retention_order
from seawall.store.tables.reviewing import (
    golden_item,
    judged,
    judged_head,
    judged_repeat,
    rating,
    side_task,
    vocabulary,
    wellness_break,
    wellness_choice,
    wellness_opt_out,
    wellness_shift,
    wellness_turn,
)
from seawall.store.tables.rollouts import rollout, rollout_batch, rollout_evidence, rollout_kill, rollout_setting
from seawall.store.tables.users import (
    break_glass,
    known_device,
    recovery_code,
    sign_in_flow,
    sign_in_wait,
    staff,
    staff_notice,
    staff_session,
)
from seawall.store.tables.vault import vault_object
from seawall.store.tables.viewing import exposure, exposure_beacon, medium_facts

__all__ = [
    "account",
    "account_clock",
    "account_fact",
    "account_link",
    "account_refusal",
    "api_key",
    "appeal",
    "break_glass",
    "case_decision",
    "case_effect",
    "decision",
    "decision_count",
    "decision_hour",
    "exposure",
    "exposure_beacon",
    "golden_item",
    "hash_list",
    "hash_list_version",
    "judged",
    "judged_head",
    "judged_repeat",
    "known_device",
    "ladder",
    "ladder_activation",
    "ledger_checkpoint",
    "ledger_event",
    "ledger_head",
    "ledger_tile",
    "link_token",
    "medium_facts",
    "metadata",
    "notice",
    "notice_case",
    "notice_evidence",
    "notice_object",
    "notice_rate",
    "notice_reporter",
    "outbox",
    "policy_version",
    "prevention_cohort",
    "prevention_count",
    "prevention_unit",
    "rating",
    "recovery_code",
    "report_draft",
    "restriction",
    "retention_hold",
    "retention_object",
    "retention_order",
    "review_aside",
    "review_case",
    "review_draft",
    "review_event",
    "review_item",
    "review_policy",
    "review_submission",
    "review_task",
    "review_verdict",
    "rollout",
    "rollout_batch",
    "rollout_evidence",
    "rollout_kill",
    "rollout_setting",
    "side_task",
    "sign_in_flow",
    "sign_in_wait",
    "source_register",
    "staff",
    "staff_notice",
    "staff_session",
    "statement",
    "strike",
    "trusted_flagger",
    "vault_object",
    "vocabulary",
    "wellness_break",
    "wellness_choice",
    "wellness_opt_out",
    "wellness_shift",
    "wellness_turn",
]
