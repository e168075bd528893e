"""What the pages of the console show, from what is recorded: words and ids, never content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from seawall.cases.model import Case, EffectKind, Item, Label, Outcome, Severity, Task, Viewed

Words = Callable[..., str]
"""Returns words of the reader's language by their key."""

LABELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "harm",
        (
            Label.CSAM,
            Label.AIG_CSAM,
            Label.CSEM_SEXUALISED_MEDIA,
            Label.CSEM_GROOMING,
            Label.CSEM_SEXTORTION,
            Label.CSEM_ADVERTISING,
            Label.CSEM_SOLICITATION,
            Label.CSEM_PROMOTION,
        ),
    ),
    ("other", (Label.NCII_ADULT, Label.ADULT, Label.OTHER_VIOLATION)),
    ("none", (Label.BENIGN, Label.CANARY, Label.UNSURE)),
)
"""The labels as the form groups them."""

_TONES = {Severity.CRITICAL: "bad", Severity.HIGH: "care", Severity.MEDIUM: "info"}
_HASHES = frozenset({"pdq", "vpdq", "pdqf", "md5", "sha1", "sha256", "chroma", "hash", "hashes"})
_SHORT = 8
_LINES = 40


def label_groups(*, drill: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the labels that may be chosen: in a drill, nothing but what a drill's items can be.

    `canary` is among those of every case: a golden task, whose answer it may be, looks like any other.
    """
    if drill:
        return (("none", (Label.CANARY, Label.BENIGN, Label.UNSURE)),)
    return LABELS


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as pages name it."""

    id: str
    short: str
    subject_kind: str
    subject: str
    severity: int
    severity_tone: str
    category: str
    drill: bool
    state: str
    queue: str
    opened: str
    due: str | None
    due_why: str | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RungView:
    """A step of the ladder as a button: `first` is where this person begins, `locked` says why it cannot be taken."""

    name: str
    full: bool
    first: bool
    locked: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What was asked for last: an exposure that was recorded, and how it is shown.

    Attributes:
        id: The exposure.
        rung: The step.
        how: `picture`, `text` or `player`.
        hide: After how many seconds it covers itself again.
        hold: Whether it shows only while it is held.
        volume: Loudest volume in percent.
        muted: Whether sound is off until it is asked for.
    """

    id: str
    rung: str
    how: str
    hide: int
    hold: bool
    volume: int
    muted: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a lineage."""

    words: str
    here: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as the page of a task shows it."""

    id: str
    kind: str
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    lineage: tuple[Step, ...]
    rungs: tuple[RungView, ...]
    shown: Shown | None
    viewed: str
    known: str | None
    asked: bool
    alike: int | None
    depicts: bool
    rung_words: str
    proposal: str | None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as its page names it."""

    id: str
    kind: str
    token: int
    lease_until: str
    until: str


def short(identity: str) -> str:
    """Return the part of an id that people compare: the end, which differs."""
    return identity[-_SHORT:]


def moment(text: str | None) -> str:
    """Return a moment as people read it."""
    return f"{text[:10]} {text[11:16]} UTC" if text else ""


def case_view(case: Case) -> CaseView:
    """Return a case as pages name it."""
    return CaseView(
        case.id,
        short(case.id),
        case.subject_kind.value,
        case.subject,
        int(case.severity),
        _TONES.get(case.severity, "quiet"),
        case.category,
        case.drill,
        case.state.value,
        case.queue,
        case.opened_at,
        case.due_at,
        case.due_why,
        case.why,
    )


def task_view(task: Task) -> TaskView:
    """Return a task as its page names it."""
    until = task.lease_until or ""
    return TaskView(task.id, task.kind.value, task.token, until, f"{until[11:16]} UTC")


def item_facts(item: Item, t: Words) -> tuple[tuple[str, str], ...]:
    """Return what is told of an item on the lowest rung."""
    told = [
        ("ref", item.ref),
        ("sha256", f"{item.sha256[:12]}…" if item.sha256 else None),
        ("stage", item.stage),
        ("decision", short(item.decision_id) if item.decision_id else None),
        ("notice", short(item.notice_id) if item.notice_id else None),
        ("added", f"{item.added_at[:10]} {item.added_at[11:16]} UTC"),
        ("file", None if item.vault else t("review.item.not_here")),
    ]
    return tuple((t(f"review.item.{name}"), value) for name, value in told if value is not None)


def evidence_lines(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what detectors and lists said as lines: names, labels, scores, opaque ids. Hash values are left out.

    In order of their names, as a golden task keeps them.
    """
    return tuple(islice(_lines("", evidence), _LINES))


def lineage(item: Item, items: Sequence[Item], t: Words) -> tuple[Step, ...]:
    """Return the chain of edits that an item is part of, from its origin on; nothing if it stands alone."""
    by_key = {each.key: each for each in items}
    chain: list[Item] = []
    at: Item | None = item
    while at is not None and at not in chain:
        chain.append(at)
        at = by_key.get(at.parent) if at.parent is not None else None
    chain.reverse()
    child = next((each for each in items if each.parent == item.key and each not in chain), None)
    while child is not None and child not in chain:
        chain.append(child)
        last = child
        child = next((each for each in items if each.parent == last.key), None)
    if len(chain) < 2:
        return ()
    return tuple(Step(_step(each, t), each is item) for each in chain)


def viewed_words(viewed: Viewed, t: Words) -> str:
    """Return in words what somebody saw of a file."""
    return t(f"review.viewed.{viewed.value}")


def label_words(label: Label, t: Words) -> str:
    """Return a label in words."""
    return t(f"review.labels.{label.value.replace('.', '_')}")


def outcomes(t: Words) -> list[tuple[str, str]]:
    """Return the outcomes that may be chosen."""
    return [("", t("review.decide.choose")), *((each.value, t(f"review.outcome.{each.value}")) for each in Outcome)]


def effects(t: Words) -> list[tuple[str, str]]:
    """Return the effects that may be chosen."""
    return [(each.value, t(f"review.effect.{each.value}")) for each in EffectKind]


def _step(item: Item, t: Words) -> str:
    kind = t(f"review.item.kinds.{item.kind.value}")
    return f"{kind} · {item.stage}" if item.stage else kind


def _lines(prefix: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, each in sorted(value.items()):
            if name not in _HASHES:
                yield from _lines(f"{prefix}{name} ", each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _lines(prefix, each)
    elif value is not None:
        shown = f"{value:.2f}" if isinstance(value, float) else str(value)[:120]
        yield f"{prefix.strip()}: {shown}" if prefix else shown
