"""What can be wrong with the directory, the texts and the options of prevention."""

from __future__ import annotations

from seawall.errors import SeawallError


class DirectoryInvalid(SeawallError):
    """The directory of help services cannot be used."""

    code = "helplines"
    hint = "see docs/prevention.md; a service without a source is not shown"


class TextsInvalid(SeawallError):
    """The prevention texts cannot be used."""

    code = "prevention_texts"
    hint = "see docs/prevention.md, and run 'seawall prevention lint'"


class OptionsInvalid(SeawallError):
    """The options of prevention cannot be used."""

    code = "prevention_options"
    hint = "see docs/prevention.md"
