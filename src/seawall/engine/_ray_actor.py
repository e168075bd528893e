"""What runs on a cluster: one process that makes the work once and does one shard at a time.

Shard descriptors come in, small results go out; what a shard's items hold never leaves the process. It ends when the
node's own process is gone, though the work may be busy.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from seawall.engine.base import Work
from seawall.engine.pool import end_with_parent


class ShardActor:
    """Holds the work of one process."""

    def __init__(self) -> None:
        self._work: Work[Any, Any] | None = None
        threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()

    def start(self, make_work: Callable[[], Work[Any, Any]]) -> None:
        """Make the work; called once, before anything else."""
        self._work = make_work()

    def process(self, shard: Any) -> Any:
        """Process one shard."""
        if self._work is None:
            raise RuntimeError("the worker was not started")
        return self._work(shard)

    def close(self) -> None:
        """Release what the work holds."""
        if self._work is not None:
            self._work.close()
