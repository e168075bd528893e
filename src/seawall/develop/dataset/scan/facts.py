"""What one run of a scan knows besides its receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seawall.develop.dataset.shards import ShardSpec

from .state import ScanState
from .tally import Tally

Summary = dict[str, Any]
"""The content of summary.json."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run of a scan.

    Attributes:
        state: Which scan it is.
        tally: Sum of the shards' tallies.
        lost: Shards whose workers died each time.
        resumed: Items whose media an earlier run read.
        seconds: Duration of this run.
        started_at: When this run began, RFC 3339.
        finished_at: When it ended.
        shards: Shards in the plan.
        samples: (seconds since the beginning, items done) as the run went.
    """

    state: ScanState
    tally: Tally
    lost: tuple[ShardSpec, ...]
    resumed: int
    seconds: float
    started_at: str
    finished_at: str
    shards: int
    samples: tuple[tuple[float, int], ...]
