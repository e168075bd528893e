"""Why something cannot be shown. The words are this module's own: never what a decoder or a file says."""

from __future__ import annotations

from seawall.errors import ExitCode
from seawall.vault.errors import VaultError


class DerivativeError(VaultError):
    """Nothing of the object can be shown: it does not decode."""

    code = "derivative"
    hint = "decide by what is known of it, or ask for its bytes"
    exit_code = ExitCode.UNEXAMINED


class NoDerivative(DerivativeError):
    """There is no picture of such an object."""

    code = "no_derivative"


class DerivativeTooLarge(DerivativeError):
    """The object is too large to be shown."""

    code = "derivative_too_large"
