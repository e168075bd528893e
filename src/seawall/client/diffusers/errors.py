"""What a guarded pipeline raises instead of pictures."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.deploy.guard.requests import CheckReply
from seawall.errors import ExitCode, SeawallError


class Blocked(SeawallError):
    """The guard does not let this pass.

    Attributes:
        replies: The decisions that stopped it.
    """

    code = "blocked"
    exit_code = ExitCode.FINDINGS

    def __init__(self, replies: Sequence[CheckReply]) -> None:
        self.replies = tuple(replies)
        told = ", ".join(f"{reply.action.value} {reply.decision_id}" for reply in self.replies[:4])
        what = (type(self).__doc__ or "").splitlines()[0].rstrip(".")
        super().__init__(f"{what}: {told}", hint=self._told())

    def _told(self) -> str:
        reply = next((reply for reply in self.replies if reply.message), None)
        if reply is None:
            return ""
        help_at = [" ".join(part for part in (each.name, each.phone, each.web) if part) for each in reply.services]
        return " ".join([reply.message or "", "; ".join(help_at)]).strip()


class BlockedInput(Blocked):
    """The request was not let through; nothing was generated."""

    code = "blocked_input"


class BlockedOutput(Blocked):
    """What was generated was not let through, and is gone."""

    code = "blocked_output"


class Unexaminable(SeawallError):
    """Nobody can look at this, so it is refused."""

    code = "unexaminable"
    exit_code = ExitCode.UNEXAMINED
