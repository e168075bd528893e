"""The leakage audit: a random sample that nobody can choose, verdicts by people, and what follows from them."""

from seawall.develop.dataset.audit.bound import Bound, bound
from seawall.develop.dataset.audit.draw import draw, verify_sample
from seawall.develop.dataset.audit.errors import (
    AuditError,
    NoSample,
    NotAuditable,
    SampleDamaged,
    SampleExists,
    SampleStale,
    Unfinished,
    VerdictConflict,
)
from seawall.develop.dataset.audit.sample import Drawn, Sample, open_sample
from seawall.develop.dataset.audit.verdicts import Recorded, Verdict, find, read_verdicts, record, standing

__all__ = [
    "AuditError",
    "Bound",
    "Drawn",
    "NoSample",
    "NotAuditable",
    "Recorded",
    "Sample",
    "SampleDamaged",
    "SampleExists",
    "SampleStale",
    "Unfinished",
    "Verdict",
    "VerdictConflict",
    "bound",
    "draw",
    "find",
    "open_sample",
    "read_verdicts",
    "record",
    "standing",
    "verify_sample",
]
