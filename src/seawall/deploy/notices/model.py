"""What a notice is: what it is about, why, from whom, by which way it came, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from seawall.cases.model import ItemKind, Severity


class Lane(StrEnum):
    """By which way a notice came; each has its own clock."""

    USER = "user"
    TRUSTED = "trusted"
    """A trusted flagger under article 22 of the DSA, inside its expertise."""
    HOTLINE = "hotline"
    """A hotline or clearinghouse that the operator registered."""
    TAKE_IT_DOWN = "take_it_down"
    """A request under the TAKE IT DOWN Act, by an adult about their own intimate images: 48 hours."""


class Category(StrEnum):
    """What a notice is about."""

    MINOR_SEXUAL_CONTENT = "minor_sexual_content"
    GROOMING_SEXTORTION = "grooming_sextortion"
    CHILD_IMAGE_MISUSED = "child_image_misused"
    MINOR_IN_DANGER = "minor_in_danger"
    NCII_ADULT = "ncii_adult"
    """Intimate material of an adult without consent."""
    OTHER = "other"


class ObjectType(StrEnum):
    """What is reported."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    PROMPT = "prompt"
    CONVERSATION = "conversation"
    MODEL = "model"
    LORA = "lora"
    WORKFLOW = "workflow"
    LISTING = "listing"
    ACCOUNT = "account"
    LINK = "link"
    OTHER = "other"


class Relation(StrEnum):
    """What the reporter has to do with it."""

    SELF = "self"
    PARENT = "parent"
    BYSTANDER = "bystander"
    PROFESSIONAL = "professional"


class NoticeOutcome(StrEnum):
    """What came of a notice, as its sender may know it."""

    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"
    DUPLICATE = "duplicate"


class Stage(StrEnum):
    """How far a notice has come, as its sender sees it."""

    RECEIVED = "received"
    DECIDED = "decided"
    REMOVAL_UNDER_WAY = "removal_under_way"
    """Decided, and whoever hosts it has not yet said that it is gone."""
    DONE = "done"


CHILD_SAFETY = frozenset(
    {
        Category.MINOR_SEXUAL_CONTENT,
        Category.GROOMING_SEXTORTION,
        Category.CHILD_IMAGE_MISUSED,
        Category.MINOR_IN_DANGER,
    }
)
"""Names and addresses are never asked for, and no notice is turned away."""

SEVERITY = {
    Category.MINOR_SEXUAL_CONTENT: Severity.CRITICAL,
    Category.MINOR_IN_DANGER: Severity.CRITICAL,
    Category.GROOMING_SEXTORTION: Severity.HIGH,
    Category.CHILD_IMAGE_MISUSED: Severity.HIGH,
    Category.NCII_ADULT: Severity.HIGH,
    Category.OTHER: Severity.LOW,
}

CASE_CATEGORY = {
    Category.MINOR_SEXUAL_CONTENT: "csam",
    Category.GROOMING_SEXTORTION: "csem.grooming",
    Category.CHILD_IMAGE_MISUSED: "csem.sexualised_media",
    Category.MINOR_IN_DANGER: "child_in_danger",
    Category.NCII_ADULT: "ncii_adult",
    Category.OTHER: "other_violation",
}
"""Under which word of the policy a case is opened."""

ITEM_KIND = {kind: ItemKind(kind.value) for kind in ObjectType if kind is not ObjectType.OTHER} | {
    ObjectType.OTHER: ItemKind.FILE
}


@dataclass(frozen=True, slots=True)
class NoticeObject:
    """One thing that a notice is about.

    Attributes:
        kind: What it is.
        location: Its exact place: an address, or the host's id of it.
        part: Which part of it, such as a range of messages.
        account: The host's reference of the account that it belongs to; only the host itself may say so.
    """

    kind: ObjectType
    location: str
    part: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach whoever sent a notice. Kept in the vault alone."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice as it comes.

    Attributes:
        category: What it is about.
        objects: Where that is.
        relation: What the sender has to do with it.
        minor_involved: Whether a minor is involved; None if the sender does not know.
        imminent_danger: Whether somebody is in danger now.
        text: The explanation.
        contact: How to reach the sender.
        good_faith: Whether the sender states to believe in good faith that this is right.
        signature: Of a TAKE IT DOWN request: the typed name of the person depicted, or who may act for them.
        take_it_down: Whether it is such a request.
        locale: In which language the sender wants answers.
        country: Where the sender is.
        follow_up: Whether the sender may be asked.
        request_id: Makes it idempotent for its sender.
        reference: The sender's own number of it.
        drill: Whether it is an exercise; the host alone may say so.
    """

    category: Category
    objects: tuple[NoticeObject, ...] = ()
    relation: Relation | None = None
    minor_involved: bool | None = None
    imminent_danger: bool = False
    text: str = ""
    contact: Contact = field(default_factory=Contact)
    good_faith: bool = False
    signature: str = ""
    take_it_down: bool = False
    locale: str = "en"
    country: str | None = None
    follow_up: bool = False
    request_id: str | None = None
    reference: str | None = None
    drill: bool = False

    @property
    def child_safety(self) -> bool:
        """Whether it concerns a child."""
        return self.category in CHILD_SAFETY or self.minor_involved is True


@dataclass(frozen=True, slots=True)
class Sender:
    """Who hands a notice in, as far as it was verified.

    Attributes:
        key_name: Name of the API key; None without one.
        host: Whether it is the host itself, who may name accounts and call something a drill.
        address: Network address; only a digest that changes daily is ever kept.
    """

    key_name: str | None = None
    host: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets, once.

    Attributes:
        token: The receipt. Only its digest is kept.
        notice_id: The notice.
        lane: Which way it goes.
        received_at: When it came, RFC 3339 in UTC.
        due: When it is to be decided.
        child_safety: Whether it concerns a child.
        imminent: Whether the sender says that somebody is in danger now.
        country, locale: For what the sender is told.
    """

    token: str
    notice_id: str
    lane: Lane
    received_at: str
    due: str
    child_safety: bool
    imminent: bool
    country: str | None
    locale: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the holder of a receipt may know.

    Attributes:
        stage: How far the notice has come.
        lane: Which way it goes.
        received_at, due, decided_at, removed_at: RFC 3339 in UTC. `removed_at` is when whoever hosts it said that the
            last thing to remove is gone.
        outcome: What came of it.
        imminent: As the sender said.
        country, locale: For what the sender is told.
    """

    stage: Stage
    lane: Lane
    received_at: str
    due: str
    decided_at: str | None
    outcome: NoticeOutcome | None
    removed_at: str | None
    imminent: bool
    country: str | None
    locale: str


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as it is kept, without its words.

    Attributes:
        id: 32 hex digits.
        lane, category, child_safety, imminent, drill, relation, country, locale, reference: As it came.
        sufficient: Whether it has all that article 16 of the DSA names.
        reporter: Keyed digest of the sender; None if nobody is named.
        flagger: Id of the flagger.
        weight: What the sender's record makes it weigh: 1 for an unknown one.
        content: The vault object with its words; None if there are none.
        contact: The vault object with how to reach the sender, and a signature; None if there is none.
        received_at, due_at, escalate_at, escalated_at, decided_at: RFC 3339 in UTC.
        outcome: What came of it.
        cases: Its cases, by id.
        objects: What it is about.
        removed_at: When all that was to be removed was said to be gone.
        removal: Whether anything is to be removed.
    """

    id: str
    lane: Lane
    category: Category
    child_safety: bool
    imminent: bool
    sufficient: bool
    drill: bool
    relation: Relation | None
    country: str | None
    locale: str
    reporter: str | None
    flagger: str | None
    reference: str | None
    weight: float
    content: str | None
    contact: str | None
    received_at: str
    due_at: str
    escalate_at: str | None
    escalated_at: str | None
    decided_at: str | None
    outcome: NoticeOutcome | None
    cases: tuple[str, ...]
    objects: tuple[NoticeObject, ...]
    removal: bool
    removed_at: str | None

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.decided_at is None:
            return Stage.RECEIVED
        if self.removal and self.removed_at is None:
            return Stage.REMOVAL_UNDER_WAY
        return Stage.DONE if self.removal else Stage.DECIDED
