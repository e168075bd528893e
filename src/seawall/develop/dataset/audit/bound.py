"""What an audit proves: an upper bound on how much leaked into what is trained on.

Doubt counts against the separation: what a reviewer cannot tell is a leak, and an unfinished audit proves nothing,
unless everything that nobody looked at is counted as a leak too.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seawall.develop.dataset.audit.draw import verify_sample
from seawall.develop.dataset.audit.errors import Unfinished
from seawall.develop.dataset.audit.sample import FOLDER, VERDICTS
from seawall.develop.dataset.audit.verdicts import Recorded, Verdict, read_verdicts, standing
from seawall.errors import UsageError
from seawall.policy.separation import Partition, binomial_upper, finite_upper

METHOD = "one-sided Clopper-Pearson"
FINITE_METHOD = "one-sided exact hypergeometric"


@dataclass(frozen=True, slots=True)
class Bound:
    """What was reviewed, and what follows from it.

    Attributes:
        sample: Id of the sample.
        draw: Which draw it is; after the first, earlier results may have been seen.
        partitions: The sides that it is about.
        population: Number of items on them.
        reviewed: Items of the sample that have a verdict.
        ok: Items on the right side.
        leaks: Items that do not belong there.
        cannot_tell: Items that could not be judged.
        unreviewed: Items without a verdict, which were counted as leaks.
        counted: What counts as a leak: all of the last three.
        size: Size of the sample.
        confidence: How sure the bounds are to hold, each.
        rate_upper: Upper bound on the rate of leaks (Clopper-Pearson).
        count_upper: Upper bound on the number of leaks among the population (hypergeometric).
        reviewers: How many persons gave verdicts.
        disputed: Items on which persons differ; the worst counts.
        verdicts: SHA-256 of the verdicts as they stand.
    """

    sample: str
    draw: int
    partitions: tuple[Partition, ...]
    population: int
    reviewed: int
    ok: int
    leaks: int
    cannot_tell: int
    unreviewed: int
    counted: int
    size: int
    confidence: float
    rate_upper: float
    count_upper: int
    reviewers: int
    disputed: int
    verdicts: str

    @property
    def statement(self) -> str:
        """The result in one sentence that claims no more than was found."""
        sides = ", ".join(self.partitions)
        doubt = f", {self.cannot_tell} could not be judged" if self.cannot_tell else ""
        unseen = f", {self.unreviewed} were not reviewed" if self.unreviewed else ""
        again = f" This is draw {self.draw}; the results of earlier draws are kept beside it." if self.draw > 1 else ""
        return (
            f"Of {self.population:,} items on the sides {sides}, {self.size:,} were drawn at random: "
            f"{self.leaks} leaked{doubt}{unseen}. At {self.confidence:.4g} confidence at most {self.rate_upper:.4%} "
            f"leaked ({METHOD}), at most {self.count_upper:,} items ({FINITE_METHOD}).{again}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the facts for the attestation and the ledger: counts and digests alone."""
        data = asdict(self) | {"method": METHOD, "finite_method": FINITE_METHOD, "statement": self.statement}
        data["partitions"] = [side.value for side in self.partitions]
        return data


def bound(out: Path, *, confidence: float = 0.95, count_unreviewed: bool = False) -> Bound:
    """Return what the audit of a separation proves.

    Args:
        out: Output directory of a separation with a sample.
        confidence: How sure the bounds are to hold, from 0.5 and below 1.
        count_unreviewed: Count what nobody looked at as leaks, rather than refuse.

    Raises:
        NoSample: If no sample was drawn.
        SampleStale: If the partitions are no longer those that it was drawn from.
        SampleDamaged: If the sample is not the one that its seed gives, or a verdict is none.
        Unfinished: If items have no verdict and are not to be counted as leaks.
    """
    if not 0.5 <= confidence < 1:
        raise UsageError("a confidence is at least 0.5 and below 1")
    sample = verify_sample(out)
    given = read_verdicts(out, sample)
    found = standing(given)
    unreviewed = sample.size - len(found)
    if unreviewed and not count_unreviewed:
        raise Unfinished(f"{unreviewed} of {sample.size} items have no verdict")
    count = Counter(found.values())
    leaks = sample.size - count[Verdict.OK]
    path = out / FOLDER / VERDICTS
    return Bound(
        sample=sample.id,
        draw=sample.draw,
        partitions=sample.partitions,
        population=sample.population,
        reviewed=len(found),
        ok=count[Verdict.OK],
        leaks=count[Verdict.LEAK],
        cannot_tell=count[Verdict.CANNOT_TELL],
        unreviewed=unreviewed,
        counted=leaks,
        size=sample.size,
        confidence=confidence,
        rate_upper=binomial_upper(leaks, sample.size, confidence),
        count_upper=finite_upper(leaks, sample.size, sample.population, confidence),
        reviewers=len({each.by for each in given}),
        disputed=_disputed(given),
        verdicts=hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest(),
    )


def _disputed(given: Sequence[Recorded]) -> int:
    last = {(each.number, each.by): each.verdict for each in given}
    said: dict[int, set[Verdict]] = {}
    for (number, _), verdict in last.items():
        said.setdefault(number, set()).add(verdict)
    return sum(len(verdicts) > 1 for verdicts in said.values())
