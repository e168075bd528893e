"""What can go wrong in reviewing, beyond what `seawall.errors` has. No error names a term, a digest or a person."""

from __future__ import annotations

from seawall.errors import SeawallError


class FloorInvalid(SeawallError):
    """The organisation's floor cannot be used."""

    code = "floor"
    hint = "docs/reviewing.md describes it"


class TooLoose(SeawallError):
    """A setting can only be stricter than the organisation's floor.

    Args:
        message: What is wrong.
        hint: What to do.
        setting: Which one.
    """

    code = "too_loose"

    def __init__(self, message: str | None = None, *, hint: str | None = None, setting: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class BreakNotOver(SeawallError):
    """This break cannot be ended yet."""

    code = "break"


class PolicyInvalid(SeawallError):
    """The policy of quality and repetition cannot be used."""

    code = "quality_policy"
    hint = "docs/reviewing.md describes it"


class VocabularyInvalid(SeawallError):
    """The vocabulary cannot be imported."""

    code = "vocabulary"


class TermUnknown(SeawallError):
    """A term is not in the vocabulary that it names."""

    code = "term"
