"""What can be wrong with a plan, and why a rollout does not move."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class PlanInvalid(SeawallError):
    """The rollout plan cannot be used."""

    code = "rollout_plan"
    hint = "see docs/rollout.md"


class NotAdvanced(SeawallError):
    """The evidence does not allow the next stage."""

    code = "rollout_gate"
    hint = "only the verdict pass advances; two named persons may override it for a time"
    exit_code = ExitCode.FINDINGS


class RolloutRefused(SeawallError):
    """The rollout cannot be changed in this way."""

    code = "rollout_state"


class KillSwitchUnusable(SeawallError):
    """The kill switch cannot be read or thrown."""

    code = "killswitch"
    hint = "check the directory killswitch of SEAWALL_HOME; while it cannot be read, every model counts as killed"
    exit_code = ExitCode.UNEXAMINED
