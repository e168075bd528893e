"""Guard policies as data: facts of a check in, a judgement out; every decision carries the hash of its policy."""

from seawall.policy.guard.facts import AgeSignal, CheckKind, EventClass, Facts, Look, State
from seawall.policy.guard.judgement import GuardAction, Judgement, Tier

__all__ = [
    "AgeSignal",
    "CheckKind",
    "EventClass",
    "Facts",
    "GuardAction",
    "Judgement",
    "Look",
    "State",
    "Tier",
]
