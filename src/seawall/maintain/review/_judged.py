"""What was judged, as values and rows: how a row becomes a verdict, and which of several verdicts stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seawall.cases.model import GenerativeAi, IndustryClass, Item, Label, NewVerdict, Verdict
from seawall.maintain.review.repeats import NEVER
from seawall.store.tables import judged, judged_repeat

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping

CHUNK = 500
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Print:
    """What an item is found again by.

    Attributes:
        sha256: Digest of its bytes, in hex.
        pdq: PDQ of its picture, in hex, if it says enough to be compared.
    """

    sha256: str | None
    pdq: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A verdict that holds for an item which nobody has seen.

    Attributes:
        verdict: What was said of the item that was judged.
        distance: In bits; None for the same bytes.
        number: Number of what was judged.
        vault: Vault object of what was judged.
    """

    verdict: Verdict
    distance: int | None
    number: int
    vault: str | None = None

    @property
    def why(self) -> str:
        """In words."""
        return "the same bytes were judged before" if self.distance is None else "nearly the same was judged before"

    @property
    def generative_ai(self) -> GenerativeAi:
        """Whether AI made it, known of equal bytes alone: what a resemblance means is for a person to weigh."""
        return self.verdict.generative_ai if self.distance is None else GenerativeAi.UNKNOWN

    def verdict_on(self, item_id: str) -> NewVerdict:
        """Return what holds for an item, as somebody submits it who has not seen it."""
        said = self.verdict
        return NewVerdict(item_id, said.label, said.industry, self.generative_ai, self.why, said.vocabulary)


@dataclass(frozen=True, slots=True)
class Repeated:
    """An item that was decided unseen by a verdict which was withdrawn: somebody must look.

    Attributes:
        verdict: Id of its own verdict.
        case_id, item_id: Which.
    """

    verdict: str
    case_id: str
    item_id: str


def repeatable(label: Label, *, drill: bool) -> bool:
    # A real item that somebody calls a canary is odd enough for the next person to look.
    return label not in NEVER and (drill or label is not Label.CANARY)


def settled(said: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict that stands among those of one item: all agree, or more than half with the last one."""
    last = max(said, key=lambda each: (each.at, each.id))
    same = sum(each.label is last.label for each in said)
    return last if same == len(said) or same * 2 > len(said) else None


def repetition(known: Known, item: Item, verdict: str, at: str) -> Verdict:
    return Verdict(
        id=verdict,
        case_id=item.case_id,
        item_id=item.id,
        label=known.verdict.label,
        at=at,
        industry=known.verdict.industry,
        generative_ai=known.generative_ai,
        rationale=known.why,
        of=known.verdict.id,
    )


def verdict_of(row: RowMapping) -> Verdict:
    return Verdict(
        id=row["verdict"],
        case_id=row["case_id"],
        item_id=row["item_id"],
        label=Label(row["label"]),
        at=row["at"],
        industry=IndustryClass(row["industry"]) if row["industry"] else None,
        generative_ai=GenerativeAi(row["generative_ai"]),
    )


def repeated_from(connection: Connection, numbers: Sequence[int]) -> list[Repeated]:
    found = []
    for start in range(0, len(numbers), CHUNK):
        query = judged_repeat.select().where(judged_repeat.c.judged.in_(numbers[start : start + CHUNK]))
        rows = connection.execute(query.order_by(judged_repeat.c.verdict)).mappings()
        found += [Repeated(row["verdict"], row["case_id"], row["item_id"]) for row in rows]
    return found


def behind(connection: Connection, *where: ColumnElement[bool]) -> list[tuple[RowMapping, int | None]]:
    """Return what was judged, holds, and was repeated, with the distance; `where` is of `judged_repeat`."""
    repeats = connection.execute(judged_repeat.select().where(*where)).mappings()
    distances = {row["judged"]: row["distance"] for row in repeats}
    numbers, found = sorted(distances), []
    for start in range(0, len(numbers), CHUNK):
        chunk = judged.c.id.in_(numbers[start : start + CHUNK])
        rows = connection.execute(judged.select().where(chunk, judged.c.withdrawn_at.is_(None))).mappings()
        found += [(row, distances[row["id"]]) for row in rows]
    return found


def said_again(connection: Connection, rows: Sequence[RowMapping]) -> set[int]:
    """Return the numbers of those of which a verdict that holds says the same of the same item."""
    found = set()
    for row in rows:
        same = (judged.c.item_id == row["item_id"], judged.c.label == row["label"], judged.c.withdrawn_at.is_(None))
        if connection.execute(judged.select().where(*same)).first() is not None:
            found.add(row["id"])
    return found


def is_known(connection: Connection, verdict: str) -> bool:
    return connection.execute(judged.select().where(judged.c.verdict == verdict)).first() is not None


def pdq_of(item: Item) -> tuple[str | None, int | None]:
    """Return PDQ and its quality from an item's evidence: `pdq` as hex or as value and quality, or `pdq_quality`."""
    said: Any = item.evidence.get("pdq")
    quality: Any = item.evidence.get("pdq_quality")
    if isinstance(said, Mapping):
        said, quality = said.get("value"), said.get("quality", quality)
    whole = quality if isinstance(quality, int) and not isinstance(quality, bool) else None
    return (hex_of(said) if isinstance(said, str) else None), whole


def hex_of(text: str | None) -> str | None:
    return text if text is not None and _HEX.fullmatch(text) else None


def distance_of(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
