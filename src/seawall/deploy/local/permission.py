"""What a decision permits: one place, for every door that is not the server."""

from __future__ import annotations

from seawall.deploy.guard.requests import CheckReply
from seawall.policy.guard import GuardAction


def permit(reply: CheckReply, *, not_examined_ok: bool = False) -> bool:
    """Say whether what was checked may go on: on `allow` and `warn` alone.

    Args:
        reply: The decision.
        not_examined_ok: Whether what is out of scope by jurisdiction, and was not looked at, may go on too.
    """
    if reply.action is GuardAction.NOT_EXAMINED:
        return not_examined_ok
    return reply.action in (GuardAction.ALLOW, GuardAction.WARN)
