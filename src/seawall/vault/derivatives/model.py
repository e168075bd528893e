"""The steps of disclosure, and what is shown on each: values that every part agrees on.

A rung shows less than the next one. Only the last one is the object itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from seawall.content.media import Medium


class Rung(StrEnum):
    """How much of an object is shown, from the least to all."""

    METADATA = "metadata"
    """What its row says; it is not opened."""
    CAPTION = "caption"
    """Format, size and length in words; of a text, categories and how many places."""
    TILE = "tile"
    """Sixty-four pixels, grey, blurred; the waveform of sound; a text with its places blacked out."""
    STYLISED = "stylised"
    """Small, flat areas in few dull colours."""
    GREY_FULL = "grey_full"
    """Grey, made smaller if it is large."""
    FULL = "full"
    """The bytes themselves."""

    @property
    def place(self) -> int:
        """Its place in the order, from 0."""
        return list(Rung).index(self)

    @property
    def shows_content(self) -> bool:
        """Whether something of the content is to be seen on it, not only words about it."""
        return self.place >= Rung.TILE.place


@dataclass(frozen=True, slots=True)
class Derivative:
    """What is shown. Nothing stores it.

    Attributes:
        media_type: What `data` is, found from the bytes; never what somebody stated.
        data: The bytes.
        width, height: Of a picture, in pixels.
        moments: Of a sheet of a video: when each picture is, in seconds.
        flags: `damaged` or `partial` where not all of the object could be seen.
    """

    media_type: str
    data: bytes = field(repr=False)
    width: int | None = None
    height: int | None = None
    moments: tuple[float, ...] = ()
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MediumFacts:
    """What a decoder found of a file.

    Attributes:
        medium: What it is by its bytes.
        format: Short name of the format.
        width, height: Of a picture or a video, upright, in pixels.
        frames: Frames or pages of a picture; None for others.
        duration: Length of a video or a sound in seconds; None if it is unknown.
    """

    medium: Medium
    format: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text that something was found at.

    Attributes:
        start, end: Where, in characters.
        category: What for.
    """

    start: int
    end: int
    category: str


class Marker(Protocol):
    """Finds the places of a text that are not to be shown at first."""

    def marks(self, text: str) -> Sequence[Mark] | None:
        """Return them, in any order; None if the text could not be looked at: then all of it stays covered."""


class Transcripts(Protocol):
    """Where the words of sounds and videos are kept, if somebody writes them down."""

    def transcript(self, object_id: str) -> str | None:
        """Return the words, or None if there are none."""
