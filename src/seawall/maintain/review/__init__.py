"""Reviewing: wellness of those who review, seeing things once, and how well people and rules agree."""

from seawall.maintain.review._judged import Known, Repeated
from seawall.maintain.review.agreement import cohen_kappa, krippendorff_alpha
from seawall.maintain.review.desk import Desk, Rest, Turn
from seawall.maintain.review.errors import (
    BreakNotOver,
    FloorInvalid,
    PolicyInvalid,
    TermUnknown,
    TooLoose,
    VocabularyInvalid,
)
from seawall.maintain.review.golden import Golden, GoldenResult, StandIn
from seawall.maintain.review.proposals import Proposal, propose
from seawall.maintain.review.quality import Agreement, Quality, Rejudged
from seawall.maintain.review.repeats import RepeatPolicy, load_repeats
from seawall.maintain.review.sampling import QualityPolicy, load_quality
from seawall.maintain.review.seen import SeenOnce
from seawall.maintain.review.side import SideTasks
from seawall.maintain.review.vocabularies import Vocabularies, Vocabulary
from seawall.maintain.review.wellness import Aggregates, Floor, Load, Wellness, load_floor

__all__ = [
    "Aggregates",
    "Agreement",
    "BreakNotOver",
    "Desk",
    "Floor",
    "FloorInvalid",
    "Golden",
    "GoldenResult",
    "Known",
    "Load",
    "PolicyInvalid",
    "Proposal",
    "Quality",
    "QualityPolicy",
    "Rejudged",
    "RepeatPolicy",
    "Repeated",
    "Rest",
    "SeenOnce",
    "SideTasks",
    "StandIn",
    "TermUnknown",
    "TooLoose",
    "Turn",
    "Vocabularies",
    "Vocabulary",
    "VocabularyInvalid",
    "Wellness",
    "cohen_kappa",
    "krippendorff_alpha",
    "load_floor",
    "load_quality",
    "load_repeats",
    "propose",
]
