"""Cases: what people decide, one subject at a time."""

from seawall.cases._office import Judged
from seawall.cases.book import Cases
from seawall.cases.errors import (
    CaseError,
    IllegalTransition,
    LeaseLost,
    NotForYou,
    OpeningInvalid,
    ReviewPolicyInvalid,
    SubmissionInvalid,
)
from seawall.cases.lineage import lineages
from seawall.cases.policy import Method, Queue, ReviewPolicy
from seawall.cases.printing import PicturePrint
from seawall.cases.reading_policy import load_review_policy, parse_review_policy
from seawall.cases.states import EventKind, legal
from seawall.cases.submission import (
    CaseEvent,
    Claim,
    Effect,
    QueueStatus,
    Related,
    Result,
    Submission,
    Submitted,
)

__all__ = [
    "CaseError",
    "CaseEvent",
    "Cases",
    "Claim",
    "Effect",
    "EventKind",
    "IllegalTransition",
    "Judged",
    "LeaseLost",
    "Method",
    "NotForYou",
    "OpeningInvalid",
    "PicturePrint",
    "Queue",
    "QueueStatus",
    "Related",
    "Result",
    "ReviewPolicy",
    "ReviewPolicyInvalid",
    "Submission",
    "SubmissionInvalid",
    "Submitted",
    "legal",
    "lineages",
    "load_review_policy",
    "parse_review_policy",
]
