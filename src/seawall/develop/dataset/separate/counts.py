"""The counts of a separation. The partitions add up to the items, always."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seawall.detectors.contract import Status
from seawall.policy import Action
from seawall.policy.separation import Partition

from .held import real_match
from .observation import Modality

if TYPE_CHECKING:
    from .evidence import Placed
    from .settle import Entry


@dataclass(slots=True)
class Counts:
    """Counts of items.

    Attributes:
        clusters: Groups of two and more near-duplicates.
        largest: Items in the largest of them.
        items: Items.
        partitions: Items by partition.
        unexamined: Items whose bytes or medium could not be read.
        matched: Items that a hash list has, canaries and negative banks not counted.
        findings: Items that a list has or that are `both`, for real.
        drill: Items that only canaries brought to where they are.
        abstentions: Items for which a detector abstained, on the whole or on a person in it.
        skipped: Items for which a cascade left a detector out.
        errors: Items for which a detector failed or could not be used, or that could not be shown to one.
        answers: Answers by detector and status.
        categories: Items by `csem.*` category that a pack or a model gave at or above the policy's threshold.
        csem: That threshold.
        modalities: Items by modality, and in it by partition and by what went wrong.
        rules: Items by the rule that placed them.
        actions: Items by action.
    """

    clusters: int = 0
    largest: int = 0
    items: int = 0
    unexamined: int = 0
    matched: int = 0
    findings: int = 0
    drill: int = 0
    abstentions: int = 0
    skipped: int = 0
    errors: int = 0
    csem: float = 1.0
    partitions: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    modalities: dict[str, Counter[str]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry, placed: Placed, action: Action) -> None:
        """Count one item."""
        partition = placed.placement.partition
        self.items += 1
        self.partitions[partition.value] += 1
        self.rules[placed.placement.rule] += 1
        self.actions[action.value] += 1
        matched = entry.held is not None and real_match(entry.held)
        # A canary in an item hides nothing: what lists or detectors say without it is a finding all the same.
        found = matched or (partition is Partition.BOTH and not placed.drill)
        self.matched += matched
        self.findings += found
        self.drill += not found and (placed.drill or (entry.held is not None and bool(entry.held["drill"])))
        self._add_answers(entry, partition)

    def _add_answers(self, entry: Entry, partition: Partition) -> None:
        observation = entry.observation
        modality = observation.modality if observation is not None else Modality.UNREAD
        column = self.modalities.setdefault(modality.value, Counter())
        column["items"] += 1
        column[partition.value] += 1
        if observation is None or modality is Modality.UNREAD:
            self.unexamined += 1
            self.errors += 1
            column["unread"] += 1
            return
        for answers in (observation.answers, observation.captions):
            for name, result in answers.items():
                self.answers.setdefault(name, Counter())[result.status.value] += 1
        self.categories.update(observation.categories(self.csem))
        statuses = observation.statuses
        unusable = bool(statuses & {Status.ERROR, Status.UNSUPPORTED})
        unsupported = observation.problem == "unsupported_media"
        too_large = observation.problem == "too_large"
        abstained = Status.ABSTAIN in statuses or too_large or observation.persons_abstained
        failed = unusable or (observation.problem is not None and not unsupported and not too_large)
        self.abstentions += abstained
        self.skipped += Status.SKIPPED in statuses
        self.errors += failed
        column["abstained"] += abstained
        column["error"] += failed
        column["unsupported"] += unsupported
        damaged = bool(observation.flags & {"damaged", "partial"})
        column["damaged"] += damaged
        column["judged"] += not (abstained or failed or unsupported or damaged or observation.matched)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-able values."""
        return {
            "items": self.items,
            "partitions": {partition.value: self.partitions[partition.value] for partition in Partition},
            "clusters": self.clusters,
            "largest_cluster": self.largest,
            "abstentions": self.abstentions,
            "skipped": self.skipped,
            "errors": self.errors,
            "unexamined": self.unexamined,
            "matched": self.matched,
            "findings": self.findings,
            "drill": self.drill,
            "modalities": {name: dict(sorted(self.modalities[name].items())) for name in sorted(self.modalities)},
            "categories": dict(sorted(self.categories.items())),
            "answers": {name: dict(sorted(self.answers[name].items())) for name in sorted(self.answers)},
            "rules": dict(sorted(self.rules.items())),
            "actions": dict(sorted(self.actions.items())),
        }
