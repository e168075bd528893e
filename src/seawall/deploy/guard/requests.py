"""Requests and replies of the guard, in one vocabulary for library, HTTP and clients.

Importing this costs pydantic and nothing else of seawall. Unknown fields are refused: a misspelt field must not make
a check weaker than its caller believes.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, EncodedBytes, EncoderProtocol, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from seawall.policy.guard import AgeSignal, EventClass, GuardAction

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""An opaque reference of the host: an account, a model, a generation, a request."""

Surface = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,64}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Prose = Annotated[str, StringConstraints(max_length=1 << 20)]


class _StrictBase64(EncoderProtocol):
    """Base64 of RFC 4648 and nothing else: what one decoder passes over, another may read."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        try:
            return base64.b64decode(data, validate=True)
        except ValueError:
            raise PydanticCustomError("base64", "this is not base64") from None

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return base64.b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        return "base64"


Base64 = Annotated[bytes, EncodedBytes(encoder=_StrictBase64)]

MAX_HISTORY = 1000
MAX_ATTACHMENTS = 64
MAX_BATCH = 1000
MAX_TRIGGER_WORDS = 1000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attachment(_Strict):
    """A medium that goes with a request: its bytes, or the digest of bytes that were checked before.

    A digest alone is matched against lists, and against what this guard has judged before; if nothing is known of it,
    the attachment counts as unexamined.
    """

    sha256: Sha256 | None = None
    base64: Base64 | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one(self) -> Attachment:
        if (self.sha256 is None) == (self.base64 is None):
            raise ValueError("an attachment has either sha256 or base64")
        return self


class Turn(_Strict):
    """One message of a conversation; a plain text stands for one by the user."""

    role: Literal["system", "developer", "user", "assistant", "tool"] = "user"
    content: Prose = Field(repr=False)


class Meta(_Strict):
    """What every check says of itself.

    Attributes:
        account: Opaque reference to whoever asks.
        request_id: Makes the check idempotent for its account: the same id and content give the first decision again.
        surface: Where: `chat`, `image`, `private_message`, or a word of the host's.
        jurisdiction: Country whose law applies, or EU.
        age_signal: What the host knows of the user's age.
        model: The model that is asked.
        generation_id: The host's id of the generation.
        locale: BCP 47 tag for messages.
    """

    account: Name
    request_id: Name | None = None
    surface: Surface | None = None
    jurisdiction: Country | None = None
    age_signal: AgeSignal = AgeSignal.UNKNOWN
    model: Name | None = None
    generation_id: Name | None = None
    locale: Annotated[str, StringConstraints(max_length=35)] | None = None


class InputCheck(Meta):
    """A request to a model, before anything is generated."""

    prompt: Prose = Field(repr=False)
    negative_prompt: Prose | None = Field(default=None, repr=False)
    system: Prose | None = Field(default=None, repr=False)
    history: Annotated[list[Turn | Prose], Field(max_length=MAX_HISTORY, repr=False)] = []
    attachments: Annotated[list[Attachment], Field(max_length=MAX_ATTACHMENTS)] = []


class UploadCheck(Meta):
    """A file that a user brings; the bytes travel beside it."""


class OutputCheck(Meta):
    """What a model has made, before anybody sees it; a text, or bytes that travel beside it.

    `prompt`, `history` and `attachments` let the joint rule see what it was made from.
    """

    text: Prose | None = Field(default=None, repr=False)
    prompt: Prose | None = Field(default=None, repr=False)
    history: Annotated[list[Turn | Prose], Field(max_length=MAX_HISTORY, repr=False)] = []
    attachments: Annotated[list[Attachment], Field(max_length=MAX_ATTACHMENTS)] = []


class FinetuneCheck(Meta):
    """A fine-tuning job: its data by manifest, and the words that will call it up."""

    manifest: dict[str, Any] = Field(repr=False)
    """The data: `items` of texts, digests or inline media (see docs/guard.md), or a manifest that `clean` signed."""
    trigger_words: Annotated[list[Prose], Field(max_length=MAX_TRIGGER_WORDS, repr=False)] = []


class BatchItem(_Strict):
    """One check of a batch, without a file: `input`, `output` of text, or `finetune`."""

    kind: Literal["input", "output", "finetune"] = "input"
    check: dict[str, Any] = Field(repr=False)


class BatchCheck(_Strict):
    """Many checks at once. An item may also be written as an input check by itself, without `kind`."""

    items: Annotated[list[dict[str, Any]], Field(max_length=MAX_BATCH, repr=False)]


class CheckStatus(_Strict):
    """How one checker did."""

    name: str
    status: str
    """`ok`, or why not: `abstain`, `error`, `timed_out`, `unsupported`, `not_configured`, `skipped`."""


class HelpService(_Strict):
    """A service that helps, of the dated directory."""

    name: str
    country: str | None = None
    phone: str | None = None
    web: str | None = None
    chat: str | None = None
    hours: str | None = None
    languages: list[str] = []


class CheckReply(_Strict):
    """The answer. `action` says what the host must do; everything else says why, without content."""

    action: GuardAction
    category: str | None = None
    reasons: list[str] = []
    message: str | None = None
    """What to tell the user, in the user's language."""
    message_id: str | None = None
    """Which message that is: named when its links are followed (`/v1/prevention/clicks`)."""
    services: list[HelpService] = []
    policy: str
    decision_id: str
    event_class: EventClass | None = None
    checks: list[CheckStatus] = []
    drill: bool = False


class BatchReply(_Strict):
    """Answers in the order of the items."""

    results: list[CheckReply]
