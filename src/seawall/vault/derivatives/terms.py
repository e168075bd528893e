"""The places of a text that term packs know: what is hidden of it until the last rung."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from seawall.text import Matches
from seawall.vault.derivatives.model import Mark


class Finder(Protocol):
    """Finds terms, as `seawall.text.Matcher` does."""

    def match(self, texts: Sequence[str]) -> list[Matches]:
        """Return what is found in each text."""
        ...


class TermMarker:
    """A `Marker` that asks what finds the terms of packs.

    Args:
        matcher: Of the installed packs, or of the canaries.
    """

    def __init__(self, matcher: Finder) -> None:
        self._matcher = matcher

    def marks(self, text: str) -> Sequence[Mark] | None:
        """Return the places of all hits; None if not all of the text was looked at, so that none of it is shown."""
        (found,) = self._matcher.match([text])
        if found.abstained is not None or found.truncated:
            return None
        return [Mark(hit.start, hit.end, hit.category) for hit in found.hits]
