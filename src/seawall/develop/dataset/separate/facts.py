"""What one run of a separation knows besides its receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seawall.develop.dataset.scan.state import ScanState
from seawall.develop.dataset.scan.tally import Tally
from seawall.develop.dataset.shards import ShardSpec

Summary = dict[str, Any]
"""The content of summary.json."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One run.

    Attributes:
        state: Which run it is.
        tally: Sum of the tallies of the shards' scan steps.
        lost: Shards whose workers died each time.
        resumed: Items that an earlier run showed to detectors.
        seconds: Duration of this run.
        started_at: When it began, RFC 3339.
        finished_at: When it ended.
        shards: Shards in the plan.
    """

    state: ScanState
    tally: Tally
    lost: tuple[ShardSpec, ...]
    resumed: int
    seconds: float
    started_at: str
    finished_at: str
    shards: int
