"""What the guard raises when there is no decision to give. Nothing of what was checked is in any of them."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class GuardUnavailable(SeawallError):
    """No decision can be made or recorded at present; refuse the request."""

    code = "guard_unavailable"
    hint = "nothing was allowed; try again, and see 'seawall doctor' if it stays so"
    exit_code = ExitCode.UNEXAMINED


class GuardBusy(SeawallError):
    """Too many checks wait already; try again in a moment."""

    code = "guard_busy"
    hint = "nothing was allowed; send fewer checks at once, or run more workers"
    exit_code = ExitCode.UNEXAMINED


class RequestConflict(SeawallError):
    """The request id was used for other content before."""

    code = "request_conflict"
    hint = "use a new request_id for every request"
