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
from seawall.store.tables.base import metadata
from seawall.store.tables.decisions import decision, decision_count, decision_hour
from seawall.store.tables.keys import api_key
from seawall.store.tables.ledger import ledger_checkpoint, ledger_event, ledger_head, ledger_tile
from seawall.store.tables.lists import hash_list, hash_list_version, source_register
from seawall.store.tables.outbox import outbox
from seawall.store.tables.policies import policy_version
from seawall.store.tables.prevention import prevention_cohort, prevention_count, prevention_unit
from seawall.store.tables.rollouts import rollout, rollout_batch, rollout_evidence, rollout_kill, rollout_setting
from seawall.store.tables.vault import vault_object

__all__ = [
    "account",
    "account_clock",
    "account_fact",
    "account_link",
    "account_refusal",
    "api_key",
    "decision",
    "decision_count",
    "decision_hour",
    "hash_list",
    "hash_list_version",
    "ladder",
    "ladder_activation",
    "ledger_checkpoint",
    "ledger_event",
    "ledger_head",
    "ledger_tile",
    "link_token",
    "metadata",
    "outbox",
    "policy_version",
    "prevention_cohort",
    "prevention_count",
    "prevention_unit",
    "restriction",
    "rollout",
    "rollout_batch",
    "rollout_evidence",
    "rollout_kill",
    "rollout_setting",
    "source_register",
    "strike",
    "vault_object",
]
