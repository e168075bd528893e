"""From an operator's own harmless items to thresholds that keep an alarm rate.

Calibration says how often harmless items alarm, and nothing of what a detector misses: recall stays unknown. So it
moves thresholds only where a harmless sample can speak, and never beyond where a detector would find next to nothing.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.dataset.calibrate.errors import NotScored
from seawall.develop.dataset.calibrate.fit import Fit, fit
from seawall.develop.dataset.calibrate.scores import ScoreSource
from seawall.errors import UsageError
from seawall.policy.separation import SeparationPolicy, Signs, render_separation_policy

METHOD = "order statistics with a one-sided Clopper-Pearson bound"
LEAST = 0.01
"""No threshold is lower: below, a change in the last digits of a score would alarm."""
MOST_SEXUAL = 0.5
MOST_CHILD = 0.5
MOST_ITEMS = 2_000_000
_HIGHEST = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration found.

    Attributes:
        policy: The base policy with the thresholds found, and how they were.
        fits: The thresholds that were fitted, by name.
        items: Different items in the sample.
        duplicates: Items that were left out because their bytes had been seen.
        sample_sha256: SHA-256 over the sorted digests of the items, a line each.
        highest: Keys of the items with the highest sexual scores, for a person to look at.
    """

    policy: SeparationPolicy
    fits: Mapping[str, Fit]
    items: int
    duplicates: int
    sample_sha256: str
    highest: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"policy": self.policy.hash, **self.policy.calibration, "highest": list(self.highest)}

    def text(self) -> str:
        """Return the whole policy as YAML."""
        return render_separation_policy(self.policy, _COMMENT)


_COMMENT = """Written by `seawall calibrate`; a whole policy, for `seawall separate --policy`.

The thresholds keep an alarm rate on harmless items like those of the sample, with the detectors named below and the
stated confidence, each. They say nothing about what the detectors miss. Calibrate again when a model, a decoder or the
kind of data changes."""


def calibrate(
    source: ScoreSource,
    base: SeparationPolicy,
    *,
    alarm_rate: float = 0.01,
    confidence: float = 0.95,
    no_minors: bool = False,
    clock: Clock = system_clock,
) -> Calibration:
    """Fit thresholds on a harmless sample.

    Args:
        source: Scores of the sample.
        base: Everything but the thresholds comes from here.
        alarm_rate: Share of harmless items that may be put on the wrong side, for each threshold.
        confidence: How sure the rate is to be kept, for each threshold.
        no_minors: The operator's word that nobody in the sample is under 21; without it ages are not fitted.
        clock: Says when.

    Raises:
        SampleTooSmall: If the sample cannot support the rate.
        OutOfReach: If the rate would need a threshold beyond what is sensible.
        NotScored: If there is nothing to fit.
    """
    if not 0 < alarm_rate < 0.5:
        raise UsageError("an alarm rate is over 0 and below 0.5")
    if not 0.5 <= confidence < 1:
        raise UsageError("a confidence is at least 0.5 and below 1")
    sample = _Sample.of(source)
    limits = base.thresholds
    fits: dict[str, Fit] = {}

    def fitted(name: str, measure: _Measure, least: float, reason: str, most: float) -> float:
        fits[name] = fit(
            name,
            measure.scores,
            measure.abstained,
            rate=alarm_rate,
            confidence=confidence,
            least=least,
            least_reason=reason,
            most=most,
        )
        return fits[name].threshold

    t_lo = fitted("t_lo", sample.largest, LEAST, "the least threshold", MOST_SEXUAL)
    # Lowering t_hi would call more items surely adult; a harmless sample alone cannot justify that.
    t_hi = max(limits.t_hi, t_lo)
    if sample.mean.scores:
        t_hi = fitted("t_hi", sample.mean, t_hi, "never below the base policy or t_lo", 1.0)
    limits = replace(limits, t_lo=t_lo, t_hi=t_hi)
    if no_minors:
        c_lo = fitted("c_lo", sample.child, LEAST, "the least threshold", MOST_CHILD)
        under_21 = fitted("under_21", sample.under_21, LEAST, "the least threshold", MOST_CHILD)
        adult = min(limits.adult_under_21_max, under_21)
        limits = replace(limits, c_lo=c_lo, under_21=under_21, adult_under_21_max=adult)
    said: dict[str, Any] = {
        "method": METHOD,
        "alarm_rate": alarm_rate,
        "confidence": confidence,
        "at": to_iso(clock()),
        "base": base.hash,
        "items": len(sample.digests),
        "duplicates": sample.duplicates,
        "sample_sha256": sample.sha256(),
        "no_minors": no_minors,
        "detectors": [dict(model) for model in source.models],
        "thresholds": {name: found.to_dict() for name, found in fits.items()},
    }
    policy = replace(
        base,
        version=base.version + 1,
        thresholds=limits,
        detectors=tuple(sorted(source.detectors)),
        calibration=said,
        text="",
    )
    highest = tuple(item for _, item in sorted(sample.highest, key=lambda pair: (-pair[0], pair[1])))
    return Calibration(policy, fits, len(sample.digests), sample.duplicates, said["sample_sha256"], highest)


@dataclass(slots=True)
class _Measure:
    """Scores of one kind, and how many items have none."""

    scores: list[float] = field(default_factory=list)
    abstained: int = 0

    def add(self, score: float, *, failed: bool) -> None:
        if failed:
            self.abstained += 1
        else:
            self.scores.append(score)


@dataclass(slots=True)
class _Sample:
    """The measures over all different items."""

    largest: _Measure = field(default_factory=_Measure)
    mean: _Measure = field(default_factory=_Measure)
    child: _Measure = field(default_factory=_Measure)
    under_21: _Measure = field(default_factory=_Measure)
    digests: set[str] = field(default_factory=set)
    duplicates: int = 0
    highest: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def of(cls, source: ScoreSource) -> _Sample:
        sample = cls()
        for scored in source.items():
            if scored.sha256 in sample.digests:
                sample.duplicates += 1
                continue
            if len(sample.digests) >= MOST_ITEMS:
                raise UsageError(f"a sample has at most {MOST_ITEMS:,} items")
            sample.digests.add(scored.sha256)
            sample.add(scored.item, scored.signs(source.detectors))
        if not sample.digests:
            raise NotScored("the sample has no scored item")
        return sample

    def add(self, item: str, signs: Signs) -> None:
        failed = signs.sexual_failed or signs.text_failed
        self.largest.add(signs.sexual_max, failed=failed)
        if signs.picture:
            self.mean.add(signs.sexual_mean, failed=signs.sexual_failed)
        # Pictures of nobody would make a detector of ages look better than it is.
        if signs.persons or signs.child_failed:
            self.child.add(signs.child, failed=signs.child_failed)
            self.under_21.add(signs.under_21, failed=signs.child_failed)
        if not failed:
            heapq.heappush(self.highest, (signs.sexual_max, item))
            if len(self.highest) > _HIGHEST:
                heapq.heappop(self.highest)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for each in sorted(self.digests):
            digest.update(each.encode() + b"\n")
        return digest.hexdigest()


def models_of(described: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what to store of detectors: which code and which weights gave the scores."""
    keys = ("id", "version", "weights", "model_digest")
    return [{key: each[key] for key in keys if key in each} for each in described]
