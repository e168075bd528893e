"""A separation's work whose process is killed on one shard, each time it is tried."""

from __future__ import annotations

import os
import signal

from seawall.develop.dataset.separate.process import SeparateProcessor, SeparateResult
from seawall.develop.dataset.shards import ShardSpec


class DeadlyProcessor(SeparateProcessor):
    def __call__(self, shard: ShardSpec) -> SeparateResult:
        if os.environ["SEAWALL_TEST_DEADLY"] in shard.label:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(shard)
