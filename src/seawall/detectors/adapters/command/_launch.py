"""Becomes the operator's program: sets its limits and its environment, then is it. Run by path.

The limits stay over the exec; the environment is cut to the variables that were named.
"""

from __future__ import annotations

import json
import os
import resource
import sys


def main() -> None:
    """Become the program."""
    order = json.loads(sys.argv[1])
    for name, most in order["limits"].items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    environment = {name: os.environ[name] for name in order["environment"] if name in os.environ}
    os.execve(order["command"][0], order["command"], environment)  # noqa: S606 (the operator's own, without a shell)


if __name__ == "__main__":
    main()
