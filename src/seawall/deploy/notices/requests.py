"""A notice and its answers as JSON, in one vocabulary for library, HTTP and clients. Unknown fields are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seawall.deploy.guard.requests import HelpService
from seawall.deploy.notices.model import (
    Category,
    Contact,
    NewNotice,
    NoticeObject,
    ObjectType,
    Receipt,
    Relation,
    Stage,
    Status,
)
from seawall.deploy.notices.validation import MOST_ADDRESS, MOST_LOCATION, MOST_OBJECTS, MOST_SHORT, MOST_TEXT, place
from seawall.deploy.notices.wording import Told

Short = Annotated[str, StringConstraints(max_length=MOST_SHORT)]
Place = Annotated[str, StringConstraints(min_length=1, max_length=MOST_LOCATION)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SubjectRequest(_Strict):
    """One thing that a notice is about, and its exact place. Never the thing itself.

    Attributes:
        type: What it is.
        id: The service's id of it, or
        url: its address.
        part: Which part of it, such as a range of messages.
        account: The account that it belongs to; the service itself may name it, with its key.
    """

    type: ObjectType | None = None
    id: Place | None = None
    url: Place | None = None
    part: Short | None = None
    account: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None

    def to_object(self) -> NoticeObject:
        """Return it as notices have it; without a place, with an empty one."""
        kind, location = place(self.url or self.id or "")
        return NoticeObject(self.type or kind, location, self.part or None, self.account)


class ContactRequest(_Strict):
    """How to reach the sender. Kept encrypted, and never asked for where a child is concerned."""

    name: Short | None = Field(default=None, repr=False)
    email: Short | None = Field(default=None, repr=False)
    phone: Short | None = Field(default=None, repr=False)
    address: Annotated[str, StringConstraints(max_length=MOST_ADDRESS)] | None = Field(default=None, repr=False)


class TakeItDownRequest(_Strict):
    """What the TAKE IT DOWN Act asks for, besides the place, the good-faith statement and a contact.

    Attributes:
        signature: Typed name of the person depicted, or of who may act for them.
    """

    signature: Short = Field(default="", repr=False)


class NoticeRequest(_Strict):
    """A notice. It needs a category and a subject; where no child is concerned, also what article 16 of the DSA names.

    Attributes:
        category: What it is about.
        subject: Where that is: an address or an id, or more of it, or several.
        relation: What the sender has to do with it.
        minor_involved: Whether a minor is involved, if the sender knows.
        imminent_danger: Whether somebody is in danger now.
        text: The explanation.
        contact: How to reach the sender.
        good_faith: The sender believes in good faith that this is right, and complete.
        take_it_down: For a request under the TAKE IT DOWN Act.
        locale: Language of the answers.
        country: Where the sender is, for whom to call in danger.
        consent_to_follow_up: Whether the sender may be asked.
        request_id: The same notice under the same id gives the same receipt.
        reference: The sender's own number of it.
        drill: An exercise; for the service itself, with its key.
    """

    category: Category | None = None
    subject: Place | SubjectRequest | Annotated[list[Place | SubjectRequest], Field(max_length=MOST_OBJECTS)] | None = (
        None
    )
    relation: Relation | None = None
    minor_involved: bool | None = None
    imminent_danger: bool = False
    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] = Field(default="", repr=False)
    contact: ContactRequest | None = None
    good_faith: bool = False
    take_it_down: TakeItDownRequest | None = None
    locale: Annotated[str, StringConstraints(max_length=16)] = "en"
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None
    consent_to_follow_up: bool = False
    request_id: Short | None = None
    reference: Short | None = None
    drill: bool = False

    def to_notice(self) -> NewNotice | None:
        """Return it as it is taken; None if it names no category."""
        category = Category.NCII_ADULT if self.take_it_down is not None else self.category
        if category is None:
            return None
        return NewNotice(
            category=category,
            objects=self._objects(),
            relation=self.relation,
            minor_involved=self.minor_involved,
            imminent_danger=self.imminent_danger,
            text=self.text,
            contact=Contact(**self.contact.model_dump()) if self.contact else Contact(),
            good_faith=self.good_faith,
            signature=self.take_it_down.signature if self.take_it_down else "",
            take_it_down=self.take_it_down is not None,
            locale=self.locale,
            country=self.country,
            follow_up=self.consent_to_follow_up,
            request_id=self.request_id or None,
            reference=self.reference or None,
            drill=self.drill,
        )

    def _objects(self) -> tuple[NoticeObject, ...]:
        if self.subject is None:
            return ()
        many = self.subject if isinstance(self.subject, list) else [self.subject]
        return tuple(
            each.to_object() if isinstance(each, SubjectRequest) else NoticeObject(*place(each)) for each in many
        )


class EvidenceMeta(_Strict):
    """What comes beside the bytes of a noticed item: which item it is.

    Attributes:
        receipt: Receipt of the notice, or
        notice: its id, or
        subject: the address or id of the item as the notice names it; with a receipt or id, which of its items.
        number: Which item of the notice, from 0.
        sha256: The digest that the bytes must have.
        media_type: What they are.
    """

    receipt: Annotated[str, StringConstraints(max_length=100)] | None = Field(default=None, repr=False)
    notice: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")] | None = None
    subject: Place | None = None
    number: Annotated[int, Field(ge=0, lt=MOST_OBJECTS)] | None = None
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    media_type: Annotated[str, StringConstraints(pattern="^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")] | None = None


class NoticeReply(BaseModel):
    """What a sender gets. The receipt cannot be had again.

    Attributes:
        receipt: Shows at `GET /v1/notices/{receipt}` what became of it.
        status: How far it has come.
        received_at: When it came.
        due_at: By when it is to be decided.
        next: What happens next.
        emergency: What to do now, if somebody is in danger.
        help: Services that the sender may turn to.
    """

    receipt: str
    status: Stage
    received_at: str
    due_at: str
    next: list[str]
    emergency: str | None
    help: list[HelpService] = []


class NoticeState(BaseModel):
    """What became of a notice, in words that say nothing of what was reported.

    Attributes:
        status: How far it has come.
        message: The same in words.
        received_at, due_at, decided_at: Moments, RFC 3339 in UTC.
        outcome: What came of it.
        outcome_message: The same in words.
        removed_at: When whoever stores it had said that it is gone.
        next: What happens next.
        redress: What can be done against the decision.
        emergency: What to do now, if somebody is in danger.
    """

    status: Stage
    message: str
    received_at: str
    due_at: str
    decided_at: str | None
    outcome: str | None
    outcome_message: str | None
    removed_at: str | None
    next: list[str]
    redress: str | None
    emergency: str | None


class EvidenceReply(BaseModel):
    """Where the bytes went.

    Attributes:
        id: Of the evidence.
        notice: Id of the notice.
        case: The case that it belongs to.
        vault: Id of the vault object.
        sha256: Digest of the bytes.
        size: Their number.
        new: Whether they were not there before.
    """

    id: str
    notice: str
    case: str
    vault: str
    sha256: str
    size: int
    new: bool


def reply(receipt: Receipt, told: Told, services: Sequence[HelpService] = ()) -> NoticeReply:
    """Return what a sender gets."""
    return NoticeReply(
        receipt=receipt.token,
        status=Stage.RECEIVED,
        received_at=receipt.received_at,
        due_at=receipt.due,
        next=list(told.next),
        emergency=told.emergency,
        help=list(services),
    )


def state(status: Status, told: Told) -> NoticeState:
    """Return what the holder of a receipt gets."""
    return NoticeState(
        status=status.stage,
        message=told.stage,
        received_at=status.received_at,
        due_at=status.due,
        decided_at=status.decided_at,
        outcome=status.outcome.value if status.outcome else None,
        outcome_message=told.outcome,
        removed_at=status.removed_at,
        next=list(told.next),
        redress=told.redress,
        emergency=told.emergency,
    )


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model with everything that it refers to in its place."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            name = value.get("$ref", "").rpartition("/")[2]
            return put(parts[name]) if name else {key: put(each) for key, each in value.items()}
        return [put(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = put(schema)
    return found
