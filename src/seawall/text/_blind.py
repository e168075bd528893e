"""Finding the terms of blind packs: each one to four words of a text are digested and looked up. Slow, and exact."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.text._forms import Form
from seawall.text.hits import Hit
from seawall.text.packs.blind import MOST_WORDS, digest, words
from seawall.text.packs.pack import Blind
from seawall.text.views import Traced, View, views


class BlindFinder:
    """Finds the terms of one blind pack."""

    def __init__(self, name: str, blind: Blind) -> None:
        """Take the digests of a pack."""
        self._name = name
        self._blind = blind

    def find(self, text: str) -> Iterator[Hit]:
        """Give what is found in a text, in its raw, folded and bidi views."""
        traced = [view for view in views(text) if view.view is not View.BARE]
        has_folded = any(view.view is View.FOLDED for view in traced)
        known: dict[str, bytes] = {}
        for view in traced:
            for start, end, gram in _grams(view.text):
                key = known.get(gram)
                if key is None:
                    key = known[gram] = digest(self._blind.key, gram)
                for term, form in self._blind.grams.get(key, ()):
                    seen = _seen_in(view, Form(form), has_folded)
                    if seen is not None:
                        span = view.span(start, end)
                        yield Hit(self._name, term.number, term.category, term.language, term.weight, seen, *span)


def _seen_in(view: Traced, form: Form, has_folded: bool) -> View | None:
    if view.view is not View.RAW:
        return view.view if Form.FOLDED in form else None
    if Form.RAW in form:
        return View.RAW
    return View.FOLDED if not has_folded else None


def _grams(text: str) -> Iterator[tuple[int, int, str]]:
    spans = list(words(text))
    for first in range(len(spans)):
        gram = ""
        for start, end in spans[first : first + MOST_WORDS]:
            gram = f"{gram} {text[start:end]}" if gram else text[start:end]
            yield spans[first][0], end, gram
