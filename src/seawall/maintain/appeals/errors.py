"""What can go wrong with appeals. Messages name rules and days; never what anybody wrote."""

from __future__ import annotations

from seawall.errors import SeawallError


class AppealError(SeawallError):
    """This appeal is not possible."""

    code = "appeal"
    hint = "see docs/appeals.md"


class UnknownReceipt(AppealError):
    """There is no decision with this receipt."""

    code = "no_receipt"
    hint = "the receipt is in the statement of reasons, or was shown when the notice was sent"


class NothingToAppeal(AppealError):
    """Nothing was decided against the holder of this receipt."""

    code = "nothing_to_appeal"


class WindowClosed(AppealError):
    """The time for an appeal is over."""

    code = "appeal_late"
    hint = "a court, and in the European Union a certified out-of-court body, can still be turned to"


class AppealExists(AppealError):
    """There is an appeal against this decision already."""

    code = "appeal_exists"
    hint = "the same receipt shows what becomes of it"


class Superseded(AppealError):
    """Another decision has taken the place of this one."""

    code = "superseded"
    hint = "the newer statement of reasons has a receipt of its own"


class AppealInvalid(AppealError):
    """What was handed in cannot be taken."""

    code = "appeal_invalid"


class SamePerson(AppealError):
    """Who had a part in a decision does not decide an appeal against it."""

    code = "same_person"


class AppealOptionsInvalid(SeawallError):
    """The settings of appeals cannot be used."""

    code = "appeal_options"
    hint = "see docs/appeals.md"
