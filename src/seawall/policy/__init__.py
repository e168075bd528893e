"""Policy: findings in, a decision out, by versioned rules whose hash every decision carries."""

from seawall.policy.actions import Action
from seawall.policy.decide import Decision, Evidence, decide
from seawall.policy.rules import Policy, Rule, load_policy

__all__ = ["Action", "Decision", "Evidence", "Policy", "Rule", "decide", "load_policy"]
