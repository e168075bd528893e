"""What can go wrong on pages of the console, beyond what cases and wellness have."""

from __future__ import annotations

from seawall.web.errors import HttpProblem, UnknownPath


class NotYours(UnknownPath):
    """There is no such thing for you: it was shown to somebody else, is no longer held, or is too old."""

    code = "not_yours"


class LeaseOver(HttpProblem):
    """Somebody else has this task by now."""

    code = "lease_over"
    hint = "what was filled in is kept with the task"
    status = 409


class RungLocked(HttpProblem):
    """This step of the ladder cannot be taken now."""

    code = "rung"
    status = 403


class RestFirst(HttpProblem):
    """A limit is reached: nothing more is shown before a break."""

    code = "rest_first"
    status = 403
