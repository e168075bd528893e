"""What can go wrong in the local profile."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class NotOffline(SeawallError):
    """A detector would use the network."""

    code = "not_offline"
    hint = "the local profile has no network: take the detector out, or run 'seawall serve' instead"


class FlagRefused(SeawallError):
    """The flag is not as it must be."""

    code = "flag"


class FlagsDamaged(SeawallError):
    """A flag was changed after it was kept, or cannot be read."""

    code = "flags_damaged"
    exit_code = ExitCode.UNEXAMINED
