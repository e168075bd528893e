"""What can go wrong with people who sign in. No message says whether a name exists."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError, UsageError


class UserProblem(UsageError):
    """The user cannot be added or changed in this way."""

    code = "user"
    hint = "'seawall users ls' shows who there is"


class PasswordRefused(UsageError):
    """The password cannot be used."""

    code = "password"
    hint = "12 characters or more: a few words that belong to no saying"


class NotPermitted(SeawallError):
    """This person may not do this."""

    code = "not_permitted"
    hint = "a person's role, and for evidence a named grant, say what they may do"


class SignInRefused(SeawallError):
    """The name and what was given to prove it do not belong together."""

    code = "sign_in_refused"


class MustWait(SignInRefused):
    """There were too many attempts; try again in a while.

    Attributes:
        seconds: How long until the next attempt is looked at.
    """

    code = "sign_in_wait"

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class SignInBusy(SeawallError):
    """Too many people sign in at this moment."""

    code = "sign_in_busy"
    hint = "try again in a few seconds"
    exit_code = ExitCode.UNEXAMINED
