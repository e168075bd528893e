"""What can go wrong with accounts, ladders and links. Messages name ids and places; never identifiers' values."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class AccountError(SeawallError):
    """That cannot be done to this account."""

    code = "account"


class AlreadyDone(AccountError):
    """It was voided, lifted or decided before."""

    code = "account_done"


class LadderInvalid(SeawallError):
    """The ladder cannot be used."""

    code = "ladder"
    hint = "see docs/enforcement.md"


class ReplayDiffers(SeawallError):
    """The tables are not what the log of facts comes to."""

    code = "replay_differs"
    hint = "somebody changed rows by hand, or this is a bug: please report it"
    exit_code = ExitCode.FINDINGS


class LinkError(SeawallError):
    """That cannot be done with this link or token."""

    code = "link"
