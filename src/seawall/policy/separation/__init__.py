"""The joint rule that keeps depictions of children and adult content apart: signs in, one side out.

Everything here is pure: no detector runs and no file is read but the policy.
"""

from seawall.policy.separation.bounds import (
    binomial_upper,
    finite_upper,
    largest_count,
    smallest_sample,
)
from seawall.policy.separation.canaries import stands_for
from seawall.policy.separation.evidence import Answer, Described, Part, signs_of
from seawall.policy.separation.load import (
    load_separation_policy,
    parse_separation_policy,
    render_separation_policy,
)
from seawall.policy.separation.partitions import NEVER_TOGETHER, NEVER_TRAINED, Partition
from seawall.policy.separation.policy import (
    AbstainedPerson,
    LeaveOut,
    SeparationPolicy,
    SeparationPolicyError,
    Skipped,
    Thresholds,
)
from seawall.policy.separation.rule import Placement, Reason, RuleId, place_cluster, rule
from seawall.policy.separation.signs import Signs, join

__all__ = [
    "NEVER_TOGETHER",
    "NEVER_TRAINED",
    "AbstainedPerson",
    "Answer",
    "Described",
    "LeaveOut",
    "Part",
    "Partition",
    "Placement",
    "Reason",
    "RuleId",
    "SeparationPolicy",
    "SeparationPolicyError",
    "Signs",
    "Skipped",
    "Thresholds",
    "binomial_upper",
    "finite_upper",
    "join",
    "largest_count",
    "load_separation_policy",
    "parse_separation_policy",
    "place_cluster",
    "render_separation_policy",
    "rule",
    "signs_of",
    "smallest_sample",
    "stands_for",
]
