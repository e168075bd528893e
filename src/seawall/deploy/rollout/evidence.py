"""What decisions say about a model, and the verdict. Pure.

A check that failed or ran out of time is no evidence that a model is good: it counts as a breach, and too many of them
make the evidence invalid. Drills never count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from seawall.decisions.record import DecisionRecord
from seawall.deploy.rollout.plan import Bar, Stage
from seawall.policy.guard import CheckKind, GuardAction, State

MOST_FAILURES = 0.02
"""Largest share of failed checks at which evidence is evidence."""

_MOST_POLICIES = 8
_FAILED = frozenset({State.FAILED, State.TIMED_OUT})
_BREACHES = frozenset({GuardAction.REVIEW, GuardAction.BLOCK})
_SHUT_OUT = frozenset({"banned", "suspended"})


class Verdict(StrEnum):
    """What the evidence comes to; only `pass` advances."""

    PASS = "pass"  # noqa: S105 (a verdict)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of some checks.

    Attributes:
        trials: How many there were.
        breaches: How many were refused, held for review, or failed.
        failures: How many of them failed or timed out.
    """

    trials: int = 0
    breaches: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was counted in one period of a model.

    Attributes:
        trials, breaches, failures: As in `Tally`.
        last_at: When the newest check was made, RFC 3339.
        below_at: When the rate was first shown to be below the bar.
        above_at: When it was first shown to be above.
        policies: Hashes of the guard policies that judged, the newest last, with spaces between.
    """

    trials: int = 0
    breaches: int = 0
    failures: int = 0
    last_at: str | None = None
    below_at: str | None = None
    above_at: str | None = None
    policies: str | None = None

    def with_batch(self, tally: Tally, last_at: str, bar: Bar | None, policy: str | None = None) -> Evidence:
        """Add the next counts, and look at the test.

        Evidence of one guard says nothing about another: with a policy that it has not seen, it begins anew.
        """
        seen = (self.policies or "").split()
        if policy is not None and policy not in seen:
            known = " ".join([*seen, policy][-_MOST_POLICIES:])
            fresh = replace(self if not self.trials else Evidence(), policies=known)
            return fresh.with_batch(tally, last_at, bar, policy)
        grown = replace(
            self,
            trials=self.trials + tally.trials,
            breaches=self.breaches + tally.breaches,
            failures=self.failures + tally.failures,
            last_at=max(last_at, self.last_at or last_at),
        )
        if bar is None:
            return grown
        test = bar.test()
        if grown.below_at is None and test.shows_below(grown.trials, grown.breaches):
            grown = replace(grown, below_at=last_at)
        # An outage is no evidence against the model: checks that failed are left out of the test that stops it.
        answered, refused = grown.trials - grown.failures, grown.breaches - grown.failures
        if grown.above_at is None and test.shows_above(answered, refused):
            grown = replace(grown, above_at=last_at)
        return grown


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict and why.

    Attributes:
        verdict: What the evidence comes to.
        reasons: Words: `above_bar`, `missing`, `stale`, `failures`, `checks`, `hours`, `bar`.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def is_trial(record: DecisionRecord, count: Collection[CheckKind]) -> bool:
    """Say whether a decision is a trial of the model: neither a drill, nor what was refused whatever the model is."""
    if record.drill or record.kind not in count or record.action is GuardAction.NOT_EXAMINED:
        return False
    if record.reason is not None and record.reason.startswith("rollout:"):
        return False
    return record.facts is None or not record.facts.standing & _SHUT_OUT


def tally(records: Sequence[DecisionRecord]) -> Tally:
    """Count trials."""
    failures = breaches = 0
    for record in records:
        failed = record.facts is None or bool(record.facts.states & _FAILED)
        failures += failed
        breaches += failed or record.action in _BREACHES
    return Tally(len(records), breaches, failures)


def judge(stage: Stage, evidence: Evidence, *, since: datetime, now: datetime) -> Opinion:
    """Return the verdict on a stage.

    Args:
        stage: What it demands.
        evidence: What was counted in it.
        since: When it began.
        now: The moment.
    """
    if evidence.above_at is not None:
        return Opinion(Verdict.FAIL, ("above_bar",))
    if not evidence.trials or evidence.last_at is None:
        return Opinion(Verdict.INVALID, ("missing",))
    if now - datetime.fromisoformat(evidence.last_at) > timedelta(hours=stage.max_age_hours):
        return Opinion(Verdict.INVALID, ("stale",))
    if evidence.failures > MOST_FAILURES * evidence.trials:
        return Opinion(Verdict.INVALID, ("failures",))
    missing = []
    if evidence.trials < stage.checks:
        missing.append("checks")
    if now - since < timedelta(hours=stage.hours):
        missing.append("hours")
    if stage.bar is not None and evidence.below_at is None:
        missing.append("bar")
    return Opinion(Verdict.INCONCLUSIVE, tuple(missing)) if missing else Opinion(Verdict.PASS)
