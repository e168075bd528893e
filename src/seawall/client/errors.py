"""Why there is no decision. Whatever happens, the caller has no decision, and without one nothing may go on."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class NotDecided(SeawallError):
    """The guard gave no decision."""

    code = "not_decided"
    hint = "refuse the request: without a decision nothing may be generated or shown"
    exit_code = ExitCode.UNEXAMINED


class Unreachable(NotDecided):
    """The guard could not be reached, or broke off."""

    code = "guard_unreachable"


class Refused(NotDecided):
    """The guard does not take this check.

    Attributes:
        status: HTTP status; None if the check was not sent.
        reason: The guard's own code for it, if it gave one.
    """

    code = "guard_refused"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        status: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class Busy(NotDecided):
    """Too much waits for the guard.

    Attributes:
        retry_after: Seconds that it asks to wait; None if it does not say.
    """

    code = "guard_busy"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Malformed(NotDecided):
    """The guard's answer cannot be understood."""

    code = "guard_malformed"
