"""Wellness: the floor, what somebody has met, breaks, opting out, and stopping. Private to the person."""

from seawall.maintain.review.wellness.aggregates import Aggregates, Week
from seawall.maintain.review.wellness.floor import Floor, load_floor
from seawall.maintain.review.wellness.keeper import Wellness
from seawall.maintain.review.wellness.lattice import Choice, Limits, Preset
from seawall.maintain.review.wellness.load import Load, Reason, Shift
from seawall.maintain.review.wellness.model import Answer, Leases, Next, OwnSettings, Stopped

__all__ = [
    "Aggregates",
    "Answer",
    "Choice",
    "Floor",
    "Leases",
    "Limits",
    "Load",
    "Next",
    "OwnSettings",
    "Preset",
    "Reason",
    "Shift",
    "Stopped",
    "Week",
    "Wellness",
    "load_floor",
]
