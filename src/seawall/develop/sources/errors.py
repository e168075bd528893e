"""What can be wrong with a source register."""

from __future__ import annotations

from seawall.errors import SeawallError


class RegisterFormat(SeawallError):
    """The file of source rules could not be understood."""

    code = "register_format"


class RegisterDamaged(SeawallError):
    """A stored source register is damaged."""

    code = "register_damaged"
    hint = "import it again with 'seawall sources import'"


class NoRegister(SeawallError):
    """There is no source register to check against."""

    code = "no_register"
    hint = "import one with 'seawall sources import'"
