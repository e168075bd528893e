"""Accounts: opaque references, what they were given strikes for, and what restricts them."""

from seawall.accounts.book import Accounts
from seawall.accounts.errors import AccountError, AlreadyDone, LadderInvalid, LinkError, ReplayDiffers
from seawall.accounts.ladder import Ladder, Pace, Rung, StrikeClass, duration, parse_ladder
from seawall.accounts.ladders import Activation, LadderStore
from seawall.accounts.linking import Links
from seawall.accounts.model import (
    AccountState,
    Change,
    Decay,
    Fact,
    Lift,
    Restriction,
    RestrictionKind,
    Strike,
    Void,
)
from seawall.accounts.news import Deserved, News
from seawall.accounts.replay import replay

__all__ = [
    "AccountError",
    "AccountState",
    "Accounts",
    "Activation",
    "AlreadyDone",
    "Change",
    "Decay",
    "Deserved",
    "Fact",
    "Ladder",
    "LadderInvalid",
    "LadderStore",
    "Lift",
    "LinkError",
    "Links",
    "News",
    "Pace",
    "ReplayDiffers",
    "Restriction",
    "RestrictionKind",
    "Rung",
    "Strike",
    "StrikeClass",
    "Void",
    "duration",
    "parse_ladder",
    "replay",
]
