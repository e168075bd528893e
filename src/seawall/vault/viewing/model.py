"""An exposure, and what a person saw of a file: computed from exposures, never stated by anybody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.spans import Span


class Viewed(StrEnum):
    """What a person saw of a file. The order is that of the definitions: later is more."""

    UNVIEWED = "unviewed"
    REDUCED = "reduced"
    """Less than the whole file: reduced derivatives, or the file itself but not all of it."""
    FULL_IMAGE = "full_image"
    """The whole picture, or the whole text, as it is."""
    FULL_DURATION = "full_duration"
    """The video or the sound itself, from its beginning to its end."""

    @property
    def place(self) -> int:
        """Its place in the order, from 0."""
        return list(Viewed).index(self)

    @property
    def entire(self) -> bool:
        """Whether the entire file was viewed: what a report to an authority asks (`fileViewedByEsp`)."""
        return self in (Viewed.FULL_IMAGE, Viewed.FULL_DURATION)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One showing.

    Attributes:
        id: 32 hex digits.
        object: The vault object.
        sha256: Digest of its bytes, in hex.
        user: Who it was shown to.
        case, task: What for.
        rung: How much of it.
        severity: How grave its case is, 0 to 4.
        shown_at: When, before the bytes left; RFC 3339 in UTC.
        visible_ms: For how long it was visible, as far as the page has told.
        spans: What was played of it, in seconds, merged and in order.
        sound: Whether it was heard.
    """

    id: str
    object: str
    sha256: str
    user: str
    case: str
    task: str | None
    rung: Rung
    severity: int
    shown_at: str
    visible_ms: int = 0
    spans: tuple[Span, ...] = ()
    sound: bool = False
