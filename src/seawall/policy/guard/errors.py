"""What can go wrong with guard policies. Messages name files, rules and fields."""

from __future__ import annotations

from seawall.errors import ExitCode
from seawall.policy.rules import PolicyError


class GuardPolicyError(PolicyError):
    """The guard policy cannot be used."""

    code = "guard_policy"
    hint = "see docs/guard-policy.md"


class PolicyStageError(GuardPolicyError):
    """A policy cannot enter that stage."""

    code = "policy_stage"


class WeakerPolicy(GuardPolicyError):
    """The policy is weaker than the live one."""

    code = "weaker_policy"
    hint = "see 'seawall policy diff'; to go on, give --weaker with a reason"


class PolicyUnsound(GuardPolicyError):
    """The policy does not do what it should."""

    code = "policy_unsound"
    exit_code = ExitCode.FINDINGS
