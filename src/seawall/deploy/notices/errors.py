"""What may be wrong with notices. Never what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seawall.errors import ExitCode, NotFound, SeawallError


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field.

    Attributes:
        field: Its name, with dots for fields within fields.
        kind: What is wrong, in one word: `missing`, `not_allowed`, `too_long`, `format`.
    """

    field: str
    kind: str


class NoticeInvalid(SeawallError):
    """The notice lacks something, or says it in another way than it must."""

    code = "notice_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("the notice cannot be taken as it is: " + ", ".join(f"{p.field}: {p.kind}" for p in problems))


class UnknownReceipt(NotFound):
    """There is no notice with this receipt."""

    code = "no_notice"
    hint = "the receipt was shown when the notice was sent; it cannot be recovered"


class NotNoticed(NotFound):
    """Nobody has given notice of this item."""

    code = "not_noticed"
    hint = "name the receipt or the id of the notice, or the item as the notice names it"


class TooManyNotices(SeawallError):
    """Too many notices came from one sender in a short time; this one was not taken."""

    code = "too_many_notices"
    hint = "send it again later"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class ReporterSuspended(SeawallError):
    """Notices of this sender are not processed for a while, because too many were manifestly unfounded."""

    code = "reporter_suspended"
    hint = "notices that concern children are still taken"

    def __init__(self, until: str) -> None:
        self.until = until
        super().__init__(f"notices of this sender are not processed before {until}")


class WarnFirst(SeawallError):
    """Nobody is suspended who was not warned before, and went on."""

    code = "warn_first"
    hint = "'seawall notices reporters warn' warns"


class FlaggerProblem(SeawallError):
    """The registry of flaggers cannot be changed in this way."""

    code = "flagger"


class OptionsInvalid(SeawallError):
    """The settings of notices cannot be used."""

    code = "notices_options"
    hint = "see docs/notices.md for HOME/notices.yaml"


class HotlineFormat(SeawallError):
    """The file holds no notices that can be read."""

    code = "hotline_format"
    exit_code = ExitCode.USAGE


class EvidenceConflict(SeawallError):
    """The evidence does not fit the item."""

    code = "evidence"


class NeverAReport(SeawallError):
    """What concerns an adult alone is never drafted as a report about a child."""

    code = "never_a_report"
    hint = "if a child is shown, say so in the verdict of the item"
