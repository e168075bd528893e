"""What goes wrong with the sandbox itself, as against the item in it."""

from seawall.errors import ExitCode, SeawallError


class SandboxUnavailable(SeawallError):
    """The decode process cannot be started."""

    code = "sandbox"
    hint = "run 'python -c \"import numpy, PIL, simplejpeg\"' to see whether the installation is whole"
    exit_code = ExitCode.UNEXAMINED
