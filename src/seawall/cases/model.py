"""What a person decides, as values: a case, its items, the tasks of reviewing it, and what was said of each item.

A case belongs to one subject, an account or a source; whatever is found of that subject while it is open joins it.
Facts of a case are only ever added: its state follows from its events (`states`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Door(StrEnum):
    """Where an item came from."""

    SCAN = "scan"
    GUARD = "guard"
    NOTICE = "notice"
    HOSTING = "hosting"
    DRILL = "drill"


class SubjectKind(StrEnum):
    """Whose case it is."""

    ACCOUNT = "account"
    """The host's opaque reference of an account."""
    SOURCE = "source"
    """A dataset shard, a domain, a model: whatever items came from if nobody's account is known."""


class ItemKind(StrEnum):
    """What an item is."""

    PROMPT = "prompt"
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    CONVERSATION = "conversation"
    MODEL = "model"
    LORA = "lora"
    WORKFLOW = "workflow"
    LISTING = "listing"
    ACCOUNT = "account"
    LINK = "link"
    FILE = "file"


class Severity(IntEnum):
    """How grave the gravest thing is that a case is about."""

    NONE = 0
    LOW = 1
    """Against the rules, not against the law."""
    MEDIUM = 2
    HIGH = 3
    """Sexual exploitation of children in words, or material that is probably unlawful."""
    CRITICAL = 4
    """Apparent child sexual abuse material, or a child in danger."""


class CaseState(StrEnum):
    """How far a case has come."""

    NEW = "new"
    IN_REVIEW = "in_review"
    AWAITING_SECOND = "awaiting_second"
    ESCALATED = "escalated"
    ON_HOLD = "on_hold"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"


class TaskKind(StrEnum):
    """What a reviewer is asked to do."""

    FIRST = "first"
    SECOND = "second"
    QA = "qa"
    """Judge again what was judged, by a person or by a rule, to know how good that was."""
    GOLDEN = "golden"
    """A benign stand-in whose right answer is known."""
    APPEAL = "appeal"


class Label(StrEnum):
    """What an item is, in seawall's own words (mission.md E3 for the definitions)."""

    CSAM = "csam"
    """A depiction of sexually explicit conduct that involves a minor."""
    AIG_CSAM = "aig_csam"
    """The same, made with generative AI."""
    CSEM_SEXUALISED_MEDIA = "csem.sexualised_media"
    CSEM_GROOMING = "csem.grooming"
    CSEM_SEXTORTION = "csem.sextortion"
    CSEM_ADVERTISING = "csem.advertising"
    CSEM_SOLICITATION = "csem.solicitation"
    CSEM_PROMOTION = "csem.promotion"
    NCII_ADULT = "ncii_adult"
    """Intimate material of an adult without consent: the 48-hour lane, never a report about a child."""
    ADULT = "adult"
    """Lawful adult content where policy does not allow it."""
    OTHER_VIOLATION = "other_violation"
    BENIGN = "benign"
    UNSURE = "unsure"
    """The reviewer cannot tell: another person is asked."""
    CANARY = "canary"
    """A harmless stand-in."""


class IndustryClass(StrEnum):
    """Tech Coalition Industry Classification System (2014, updated 2022): apparent age and content."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"


class GenerativeAi(StrEnum):
    """Whether a person confirms that generative AI made an item. Proposed from provenance, never defaulted to yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Viewed(StrEnum):
    """What a person saw of a file, computed from exposures alone (X9; 18 USC 2258A, US v. Wilson)."""

    UNVIEWED = "unviewed"
    REDUCED = "reduced"
    """Reduced derivatives only."""
    FULL_IMAGE = "full_image"
    FULL_DURATION = "full_duration"


class Outcome(StrEnum):
    """What a case comes to."""

    NO_VIOLATION = "no_violation"
    NOT_REPORTABLE = "not_reportable"
    """Against the rules, and nothing that an authority must be told."""
    REPORTABLE = "reportable"
    """A report to an authority is to be drafted."""
    DUPLICATE = "duplicate"


class EffectKind(StrEnum):
    """What may follow from a decision. Each but a report has an inverse."""

    REMOVE = "remove"
    """Hide from everybody; the vault keeps it while a hold lasts. Inverse: restore."""
    BANK = "bank"
    """Enter the item's hashes into the operator's bank. Inverse: withdraw."""
    STRIKE = "strike"
    """Strike the account. Inverse: void."""
    REPORT_DRAFT = "report_draft"
    """Draft a report to an authority; filing is a step of its own. No inverse."""
    NOTIFY = "notify"
    """Send the statement of reasons to the account. No inverse: an overturn sends another."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to decide on, as a door hands it in.

    Attributes:
        key: Makes it idempotent: the same key again adds nothing.
        kind: What it is.
        sha256: Digest of its bytes, in hex, if there are any.
        vault: Id of the vault object that keeps them; None if seawall does not have them.
        ref: The host's reference: a generation id, a URL, an upload id.
        decision_id: The guard's decision, if one led here.
        notice_id: The notice, if one led here.
        parent: `key` of the item that it was made from: the lineage of edits.
        stage: Where it was stopped, or `delivered`.
        evidence: What detectors and lists said: names, labels, scores, opaque entry ids, PDQ of own bytes as `pdq`;
            never content.
    """

    key: str
    kind: ItemKind
    sha256: str | None = None
    vault: str | None = None
    ref: str | None = None
    decision_id: str | None = None
    notice_id: str | None = None
    parent: str | None = None
    stage: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a door hands in: items of one subject.

    Attributes:
        subject_kind, subject: Whose case it is.
        door: Where it came from.
        severity: How grave it may be.
        category: Why, in one word: a category of the policy, such as `csem.grooming` or `canary`.
        items: What is to be decided.
        event_class: As `seawall.policy.guard.EventClass`, or `model_hosting`, `link_or_ad`, `user_report`,
            `trusted_notice`.
        drill: Whether canaries alone led here.
        jurisdiction: Country of the account, if it is known.
        due_at: When it must be decided, if a law or a promise says so; RFC 3339 in UTC.
        imminent: Whether somebody may be in danger now.
        reach: How many people may have seen it.
    """

    subject_kind: SubjectKind
    subject: str
    door: Door
    severity: Severity
    category: str
    items: tuple[NewItem, ...]
    event_class: str | None = None
    drill: bool = False
    jurisdiction: str | None = None
    due_at: str | None = None
    imminent: bool = False
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a case. Attributes as `NewItem`, and the case's id, its own id and when it was added."""

    id: str
    case_id: str
    key: str
    kind: ItemKind
    added_at: str
    sha256: str | None = None
    vault: str | None = None
    ref: str | None = None
    decision_id: str | None = None
    notice_id: str | None = None
    parent: str | None = None
    stage: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is now.

    Attributes:
        id: 32 hex digits, time-ordered.
        subject_kind, subject: Whose.
        door: Where its first item came from.
        queue: Which queue it is in.
        severity, category, event_class, jurisdiction: Of the gravest item.
        state: How far it has come.
        drill: Whether canaries alone led here.
        opened_at, closed_at: RFC 3339 in UTC.
        due_at: When it must be decided.
        due_why: Why then, in words.
        priority: Higher comes first.
        why: The priority in words, a phrase for each thing that raised or lowered it.
        assigned: User id of the person that it is kept for.
        version: Rises with every event.
    """

    id: str
    subject_kind: SubjectKind
    subject: str
    door: Door
    queue: str
    severity: Severity
    category: str
    state: CaseState
    drill: bool
    opened_at: str
    due_at: str | None
    due_why: str | None
    priority: float
    why: tuple[str, ...]
    version: int
    event_class: str | None = None
    jurisdiction: str | None = None
    assigned: str | None = None
    closed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Work for one reviewer on one case.

    Attributes:
        id: 32 hex digits.
        case_id: The case.
        kind: What is asked.
        queue: Where it waits.
        owner: User id of who holds the lease; None if nobody does.
        token: Fencing number of the lease: who lost it cannot submit.
        lease_until: When the lease ends without a heartbeat, RFC 3339 in UTC.
        draft: What the owner has filled in so far, JSON; kept when a lease runs out.
        created_at, done_at: RFC 3339 in UTC.
        done_by: User id of who did it; None if nobody did, or it fell away.
        round: How often the case has been judged anew, and once more.
    """

    id: str
    case_id: str
    kind: TaskKind
    queue: str
    created_at: str
    owner: str | None = None
    token: int = 0
    lease_until: str | None = None
    draft: Mapping[str, Any] = field(default_factory=dict)
    done_at: str | None = None
    done_by: str | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """What a reviewer says of one item.

    Attributes:
        item_id: Which.
        label: What it is.
        industry: A1, A2, B1 or B2, for depictions; None otherwise.
        generative_ai: Whether the reviewer confirms that AI made it.
        rationale: Why, in the reviewer's words; required for every label but `benign`, `canary` and `unsure`.
        vocabulary: Terms of an imported vocabulary (INHOPE Universal Schema), by name.
    """

    item_id: str
    label: Label
    industry: IndustryClass | None = None
    generative_ai: GenerativeAi = GenerativeAi.UNKNOWN
    rationale: str = ""
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of one item, and by whom.

    Attributes:
        id: 32 hex digits.
        case_id, task_id, item_id: Of what. `task_id` is None if it was carried over.
        reviewer: User id; None if it was carried over from `of`.
        label, industry, generative_ai, rationale, vocabulary: As given.
        of: The verdict of an equal or nearly equal item, judged before, that this one repeats unseen.
        at: RFC 3339 in UTC.
    """

    id: str
    case_id: str
    item_id: str
    label: Label
    at: str
    task_id: str | None = None
    reviewer: str | None = None
    industry: IndustryClass | None = None
    generative_ai: GenerativeAi = GenerativeAi.UNKNOWN
    rationale: str = ""
    vocabulary: tuple[str, ...] = ()
    of: str | None = None


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """What a case came to. Never changed: a later one supersedes it.

    Attributes:
        id: 32 hex digits.
        case_id: The case.
        outcome: What it came to.
        effects: What follows, by kind.
        policy: Hash of the verification policy that it was made under.
        first, second: User ids of those who judged; `second` is None if one person was enough.
        reasons: Ids of rules or policy clauses, at least one unless nothing was wrong.
        at: RFC 3339 in UTC.
        supersedes: The decision that this one replaces.
        drill: As the case.
    """

    id: str
    case_id: str
    outcome: Outcome
    effects: tuple[EffectKind, ...]
    policy: str
    first: str
    at: str
    second: str | None = None
    reasons: tuple[str, ...] = ()
    supersedes: str | None = None
    drill: bool = False
