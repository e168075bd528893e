"""How much is looked at again, as data."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.maintain.review._fields import Reader, plain
from seawall.maintain.review.errors import PolicyInvalid


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """How the work of people and of rules is looked at again.

    Attributes:
        name, version: As its author calls and counts it.
        golden_rate: Share of tasks that are golden.
        golden_a_day: So many for one person.
        golden_days_apart: Until the same person meets the same stand-in again.
        again_rate: Share of decided cases that are judged again.
        severe_rate: The same for severe ones.
        severe_from: From which severity on.
        repeated_rate: Share of verdicts repeated unseen that are judged.
        most_waiting: Tasks that may wait.
        lease_seconds: Length of a lease.
        hash: SHA-256 of the canonical JSON of what the file says.
    """

    name: str
    version: int
    golden_rate: float
    golden_a_day: int
    golden_days_apart: int
    again_rate: float
    severe_rate: float
    severe_from: int
    repeated_rate: float
    most_waiting: int
    lease_seconds: int
    hash: str


def load_quality(path: Path | None = None) -> QualityPolicy:
    """Read a policy, or the one that ships.

    Raises:
        PolicyInvalid: If it is none.
    """
    data, name = plain(path, "quality.yaml", PolicyInvalid)
    return parse_quality(data, name)


def parse_quality(data: Any, name: str) -> QualityPolicy:
    """Read plain data; `name` is what errors call it.

    Raises:
        PolicyInvalid: If it is no policy.
    """
    top = Reader(data, name, ("quality", "version", "golden", "again", "rules", "lease_seconds"), PolicyInvalid)
    golden = Reader(top.raw("golden"), f"{name}: golden", ("rate", "most_a_day", "days_apart"), PolicyInvalid)
    again = Reader(top.raw("again"), f"{name}: again", ("rate", "severe_rate", "severe_from"), PolicyInvalid)
    rules = Reader(top.raw("rules"), f"{name}: rules", ("repeated_rate", "most_waiting"), PolicyInvalid)
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    made = QualityPolicy(
        name=top.text("quality", 64),
        version=top.whole("version", 1, 1_000_000),
        golden_rate=golden.number("rate", 0, 0.25),
        golden_a_day=golden.whole("most_a_day", 0, 100),
        golden_days_apart=golden.whole("days_apart", 0, 3660),
        again_rate=again.number("rate", 0, 1),
        severe_rate=again.number("severe_rate", 0, 1),
        severe_from=again.whole("severe_from", 1, 4),
        repeated_rate=rules.number("repeated_rate", 0, 1),
        most_waiting=rules.whole("most_waiting", 0, 100_000),
        lease_seconds=top.whole("lease_seconds", 60, 7200),
        hash=hashlib.sha256(canonical.encode()).hexdigest(),
    )
    if made.severe_rate > made.again_rate:
        raise again.fault("severe_rate", "is at most the rate: looking again is one more exposure")
    return made


def unforeseen() -> float:
    """Return a number in [0, 1) that nobody can foresee."""
    return secrets.randbelow(1 << 53) / (1 << 53)
