"""Filing a report exactly once: what is done next, decided from the record of what was done, and from nothing else."""

from seawall.maintain.authorities.filing.backoff import delay
from seawall.maintain.authorities.filing.machine import Act, Action, next_action
from seawall.maintain.authorities.filing.record import Answered, Call, Event, Intent, Lost, Resumed
from seawall.maintain.authorities.filing.standing import Phase, Standing, fold

__all__ = [
    "Act",
    "Action",
    "Answered",
    "Call",
    "Event",
    "Intent",
    "Lost",
    "Phase",
    "Resumed",
    "Standing",
    "delay",
    "fold",
    "next_action",
]
