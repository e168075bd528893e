"""What is on record of a case that is to be reported, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from seawall.cases.model import Case, GenerativeAi, IndustryClass, Item, Label
from seawall.decisions import DecisionRecord
from seawall.vault.objects import VaultObject
from seawall.vault.viewing import Viewed

_OF_BYTES = frozenset({"md5", "sha1", "sha256"})
"""Types of digests that equal bytes alone have."""


class ReportClass(StrEnum):
    """What sort of event a report is about (design, vocabulary); notices are of the class of what they are about."""

    UPLOAD_KNOWN = "upload_known"
    UPLOAD_NOVEL = "upload_novel"
    REQUEST_TEXT = "request_text"
    OUTPUT_BLOCKED = "output_blocked"
    OUTPUT_DELIVERED = "output_delivered"
    TRAINING_DATA_HIT = "training_data_hit"
    MODEL_HOSTING = "model_hosting"
    LINK_OR_AD = "link_or_ad"


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """How somebody told of an item.

    Attributes:
        channel: `user`, `trusted` or `hotline`.
        received_at: RFC 3339 in UTC.
    """

    channel: str
    received_at: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is on record of an item.

    Attributes:
        item: The item.
        event_class: What sort of event it is.
        label, industry, generative_ai: What was said of it last.
        judges: How many people said so; 0 if it was decided unseen.
        viewed: The most that anybody saw of the file.
        kept: Its object in the vault; None if there is none, or it is destroyed.
        decision: The guard's decision that led here.
        notice: The notice that led here.
        text: Its words, where it is words.
    """

    item: Item
    event_class: ReportClass
    label: Label
    industry: IndustryClass | None = None
    generative_ai: GenerativeAi = GenerativeAi.UNKNOWN
    judges: int = 0
    viewed: Viewed = Viewed.UNVIEWED
    kept: VaultObject | None = None
    decision: DecisionRecord | None = None
    notice: NoticeFacts | None = None
    text: str | None = field(default=None, repr=False)

    @property
    def happened_at(self) -> str:
        """When it was seen first, by any record of it."""
        known = [self.item.added_at]
        if self.decision is not None:
            known.append(self.decision.at)
        if self.notice is not None:
            known.append(self.notice.received_at)
        return min(known)

    @property
    def purposes(self) -> frozenset[str]:
        """Purposes of the lists that it is on."""
        return frozenset(str(each.get("purpose")) for each in self.matches)

    @property
    def matches(self) -> Sequence[Mapping[str, object]]:
        """What lists said of it."""
        found = self.item.evidence.get("matches")
        return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list | tuple) else []


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is on record of a case, as far as a report may be about it.

    Attributes:
        case: The case.
        subject_key: Digest of whose it is.
        items: Its items that an authority is told of, the gravest first.
        imminent: Whether somebody may be in danger now.
        prior: Ids of reports of the same account that were filed in the same environment.
        answers: What people confirmed, by name.
    """

    case: Case
    subject_key: str
    items: tuple[ItemFacts, ...]
    imminent: bool = False
    prior: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def event_class(self) -> ReportClass:
        """What sort of event the report is about: that of its gravest item."""
        return self.items[0].event_class

    @property
    def viewed(self) -> bool:
        """Whether anybody saw anything of a file of it."""
        return any(each.viewed is not Viewed.UNVIEWED for each in self.items)

    @property
    def exact(self) -> bool:
        """Whether every item is on a list with the very same bytes."""
        return all(any(match.get("type") in _OF_BYTES for match in each.matches) for each in self.items)
