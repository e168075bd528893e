"""What goes wrong with the sandbox itself, as against the item in it."""

from seawall.errors import DecoderDied, ExitCode, SeawallError


class SandboxUnavailable(SeawallError):
    """The decode process cannot be started."""

    code = "sandbox"
    hint = "run 'python -c \"import numpy, PIL, simplejpeg\"' to see whether the installation is whole"
    exit_code = ExitCode.UNEXAMINED


class TookTooLong(DecoderDied):
    """The process took longer on this item than it may, and was ended."""
