"""From draft to live: the stages of guard policies, where they are kept, and which one judges a check."""

from seawall.policy.guard.lifecycle.live import Chosen, LivePolicies
from seawall.policy.guard.lifecycle.stages import Stage, Step, step_to
from seawall.policy.guard.lifecycle.store import PolicyStore, PolicyVersion

__all__ = ["Chosen", "LivePolicies", "PolicyStore", "PolicyVersion", "Stage", "Step", "step_to"]
