"""Retention: what must be kept, until when and on what ground, and the destruction of what need not be kept."""

from seawall.vault.retention.clocks import Clocks, Keeps, Period, RetentionClock, Start, parse_clocks
from seawall.vault.retention.errors import ClockFormat, OrderRefused, UnknownClock
from seawall.vault.retention.hook import CaseHolds
from seawall.vault.retention.model import DestroyOrder, HoldKind, HoldRecord, Purged, Standing
from seawall.vault.retention.recorded import RecordedHolds
from seawall.vault.retention.retention import Retention

__all__ = [
    "CaseHolds",
    "ClockFormat",
    "Clocks",
    "DestroyOrder",
    "HoldKind",
    "HoldRecord",
    "Keeps",
    "OrderRefused",
    "Period",
    "Purged",
    "RecordedHolds",
    "Retention",
    "RetentionClock",
    "Standing",
    "Start",
    "UnknownClock",
    "parse_clocks",
]
