"""The command line: one module per command group, each imported only when it is called for.

Data goes to standard output, progress and errors to standard error. An error is printed as
`error[code]: message (hint)` and ends with the exit code of its class.
"""

from seawall.cli._main import main

__all__ = ["main"]
