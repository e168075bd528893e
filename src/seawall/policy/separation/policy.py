"""The separation policy as values: thresholds, what may share a training set, and what is done with each side.

No policy can be made that trains on what is not known, or on children and adult content together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from seawall.policy.actions import Action
from seawall.policy.rules import PolicyError
from seawall.policy.separation.partitions import NEVER_TOGETHER, NEVER_TRAINED, Partition

MOST_RADIUS = 31
"""Largest PDQ distance at which two pictures count as near-duplicates."""


class SeparationPolicyError(PolicyError):
    """The separation policy cannot be used."""

    code = "separation_policy"


class AbstainedPerson(StrEnum):
    """What a person whose age cannot be judged makes of a picture that is not sexual."""

    UNKNOWN = "unknown"
    IGNORE = "ignore"


class Skipped(StrEnum):
    """What a detector that a cascade left out makes of an item."""

    UNKNOWN = "unknown"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """When a detector is left out, to save its time; what is left out is recorded as skipped.

    Attributes:
        detector: Id of the detector to leave out.
        after: Id of the detector that is asked before.
        label: Which of its scores decides.
        below: Score under which the detector is left out.
    """

    detector: str
    after: str
    label: str
    below: float

    def __post_init__(self) -> None:
        if not 0 < self.below <= 1:
            raise SeparationPolicyError("'below' of a cascade is a number over 0 and up to 1")
        if self.detector == self.after:
            raise SeparationPolicyError("a cascade names two detectors")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each score begins to count. A score counts from the threshold on.

    Attributes:
        t_lo: Largest sexual score, of pictures and text: the sexual side.
        t_hi: Mean of the sexual image scores: adult content, if all else fits.
        c_lo: P(age < 18): a child.
        under_21: P(age < 21): a possible minor.
        adult_under_21_max: P(age < 21) up to which a person is surely an adult.
        m_lo: A text's reference to a minor.
        csem: A category that names the joint fact.
    """

    t_lo: float
    t_hi: float
    c_lo: float
    under_21: float
    adult_under_21_max: float
    m_lo: float
    csem: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least = 0.0 if name == "adult_under_21_max" else 1e-6
            if not least <= value <= 1:
                raise SeparationPolicyError(f"threshold {name} is a number over 0 and up to 1")
        if self.t_lo > self.t_hi:
            raise SeparationPolicyError("t_lo is at most t_hi: what is surely sexual is sexual")
        if self.adult_under_21_max > self.under_21:
            raise SeparationPolicyError("adult_under_21_max is at most under_21: a possible minor is no sure adult")


@dataclass(frozen=True, slots=True)
class SeparationPolicy:
    """A versioned policy of separation.

    Attributes:
        name: Name of the policy.
        version: Its version, as its author counts.
        thresholds: Where scores begin to count.
        radius: PDQ distance up to which two pictures are near-duplicates.
        skipped: What a skipped detector makes of an item.
        abstained_person: What a person of unknown age makes of a picture that is not sexual.
        text_only_sexual: Side of a sexual text without a picture.
        minor_reference_caption: Side of a picture that is not sexual whose caption refers to a minor.
        minor_reference_text: Side of a text that is not sexual and refers to a minor.
        training_sets: Sides that may share a training set.
        actions: What is done with each side.
        detectors: Ids of the detectors to use; empty for the default ones.
        cascades: Which of them are left out, and when; none unless the operator says so.
        calibration: How the thresholds came about, as `seawall calibrate` wrote it; empty for placeholders.
        text: The policy as written, for people.
    """

    name: str
    version: int
    thresholds: Thresholds
    radius: int
    skipped: Skipped
    abstained_person: AbstainedPerson
    text_only_sexual: Partition
    minor_reference_caption: Partition
    minor_reference_text: Partition
    training_sets: tuple[frozenset[Partition], ...]
    actions: Mapping[Partition, Action]
    detectors: tuple[str, ...] = ()
    cascades: tuple[LeaveOut, ...] = ()
    calibration: Mapping[str, Any] = field(default_factory=dict)
    text: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.radius <= MOST_RADIUS:
            raise SeparationPolicyError(f"the radius of near-duplicates is 0 to {MOST_RADIUS}")
        if self.text_only_sexual not in (Partition.SEXUAL_AGE_UNKNOWN, Partition.ADULT_SEXUAL):
            raise SeparationPolicyError("text_only_sexual is sexual_age_unknown or adult_sexual")
        for side in (self.minor_reference_caption, self.minor_reference_text):
            if side not in (Partition.CHILD_DEPICTION, Partition.NEITHER):
                raise SeparationPolicyError("minor_reference_alone is child_depiction or neither")
        for allowed in self.training_sets:
            _check_set(allowed)
        if set(self.actions) != set(Partition):
            raise SeparationPolicyError("actions names every side once: " + ", ".join(Partition))
        for side in NEVER_TRAINED:
            if self.actions[side].severity < Action.REVIEW.severity:
                raise SeparationPolicyError(f"the action on {side} is review or more: missing evidence never allows")
        if self.actions[Partition.BOTH] is not Action.QUARANTINE:
            raise SeparationPolicyError("the action on both is quarantine")

    @property
    def hash(self) -> str:
        """SHA-256 of the policy's meaning in canonical JSON; words and order in the file do not change it."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def calibrated(self) -> bool:
        """Whether the thresholds come from a calibration, rather than being placeholders."""
        return bool(self.calibration)

    def may_share(self, partitions: Iterable[Partition]) -> bool:
        """Tell whether these sides may enter one training set. No sides at all may not."""
        wanted = frozenset(partitions)
        return bool(wanted) and any(wanted <= allowed for allowed in self.training_sets)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data, in the form of the file."""
        data: dict[str, Any] = {
            "separation": self.name,
            "version": self.version,
            "thresholds": asdict(self.thresholds),
            "near_duplicates": {"type": "pdq", "radius": self.radius},
            "skipped": self.skipped.value,
            "abstained_person": self.abstained_person.value,
            "text_only_sexual": self.text_only_sexual.value,
            "minor_reference_alone": {
                "caption": self.minor_reference_caption.value,
                "text": self.minor_reference_text.value,
            },
            "training_sets": sorted(sorted(side.value for side in allowed) for allowed in self.training_sets),
            "actions": {side.value: self.actions[side].value for side in Partition},
        }
        if self.detectors:
            data["detectors"] = list(self.detectors)
        if self.cascades:
            data["cascades"] = [asdict(each) for each in self.cascades]
        if self.calibration:
            data["calibration"] = dict(self.calibration)
        return data


def _check_set(allowed: frozenset[Partition]) -> None:
    if not allowed:
        raise SeparationPolicyError("a training set names at least one side")
    refused = sorted(allowed & NEVER_TRAINED)
    if refused:
        raise SeparationPolicyError(f"{refused[0]} is never trained on")
    if allowed >= NEVER_TOGETHER:
        raise SeparationPolicyError("child_depiction and adult_sexual never share a training set")
