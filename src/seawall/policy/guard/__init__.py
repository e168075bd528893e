"""Guard policies as data: facts of a check in, a judgement out; every decision carries the hash of its policy.

The stages that policies pass through are in `seawall.policy.guard.lifecycle`, which needs a database.
"""

from seawall.policy.guard.errors import GuardPolicyError, PolicyStageError, PolicyUnsound, WeakerPolicy
from seawall.policy.guard.facts import AgeSignal, CheckKind, EventClass, Facts, Look, State
from seawall.policy.guard.judge import judge
from seawall.policy.guard.judgement import GuardAction, Judgement, Tier
from seawall.policy.guard.model import FAILURES, GuardPolicy, NegativePrompt, Outcome, Rule, ScoreClass
from seawall.policy.guard.parse import load_guard_policy, parse_guard_policy

__all__ = [
    "FAILURES",
    "AgeSignal",
    "CheckKind",
    "EventClass",
    "Facts",
    "GuardAction",
    "GuardPolicy",
    "GuardPolicyError",
    "Judgement",
    "Look",
    "NegativePrompt",
    "Outcome",
    "PolicyStageError",
    "PolicyUnsound",
    "Rule",
    "ScoreClass",
    "State",
    "Tier",
    "WeakerPolicy",
    "judge",
    "load_guard_policy",
    "parse_guard_policy",
]
