"""What is hidden of a text at first: the terms of installed packs. Where they cannot answer, a text is hidden whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from seawall.clock import Clock
from seawall.vault.derivatives import Mark
from seawall.vault.derivatives.terms import TermMarker

if TYPE_CHECKING:
    from seawall.deploy.guard.text.terms import Terms


class PackMarker:
    """A `Marker` that knows the packs of an installation, and those that are installed while it runs.

    Packs are opened when the first text is shown: most processes show none.

    Args:
        home: seawall's home.
        clock: Tells the day, for packs that expire.
    """

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._lock = Lock()
        self._terms: Terms | None = None

    def marks(self, text: str) -> Sequence[Mark] | None:
        """Return the places that packs know; None if a pack cannot be read, or none is of adult terms."""
        with self._lock:
            terms = self._opened()
        if terms.coverage.states or not terms.coverage.adult:
            return None
        return TermMarker(terms).marks(text)

    def _opened(self) -> Terms:
        from seawall.deploy.guard.text.terms import Terms

        if self._terms is None:
            self._terms = Terms(self._home, clock=self._clock)
        else:
            self._terms.refresh()
        return self._terms
