"""Where something found in a view stands in the text as written; the maps are made when first needed."""

from __future__ import annotations

from seawall.text._bare import Skeleton, trace
from seawall.text._classes import is_inside_word, kind_of
from seawall.text.views import Traced, View, bidi_view, folded_view, raw_view, without_separators

_VIEWS = {View.RAW: raw_view, View.FOLDED: folded_view, View.BIDI: bidi_view}

_WIDEST_GUARD = 256


class Placer:
    """The maps of one text."""

    def __init__(self, text: str) -> None:
        """Take a text; nothing is mapped yet."""
        self._text = without_separators(text)
        self._traced: dict[View, Traced] = {}
        self._skeletons: dict[View, Skeleton] = {}

    def span(self, view: View, start: int, end: int, length: int) -> tuple[int, int]:
        """Return where a part of a view stands in the text.

        Args:
            view: The view: raw, folded or bidi.
            start: First character in it.
            end: Character behind the last.
            length: Characters of the view; if the map disagrees, the whole text is meant.
        """
        traced = self._of(view)
        return traced.span(start, end) if len(traced.text) == length else (0, len(self._text))

    def is_word(self, view: View, start: int, end: int) -> bool:
        """Return whether a part of a view is a word of its own."""
        text = self._of(view).text
        return _ends(text, start) and _ends(text, end)

    def is_after(self, view: View, start: int, words: tuple[str, ...]) -> bool:
        """Return whether one of some words stands before a place in a view."""
        return _is_after(self._of(view).text, start, words)

    def bare_span(
        self, source: View, start: int, end: int, *, spelling: str, whole: bool, not_after: tuple[str, ...] = ()
    ) -> tuple[int, int] | None:
        """Return where a part of a bare view stands in the text, or None if it does not spell the term.

        Args:
            source: The view that the bare view was made of.
            start: First character.
            end: Character behind the last.
            spelling: The term.
            whole: Whether it must be a word of its own. Where letters stood apart, nobody knows where words end.
            not_after: Words that may not stand before it.
        """
        bare = self._skeletons.get(source)
        if bare is None:
            bare = self._skeletons[source] = trace(self._of(source).text)
        if whole and not (_ends_bare(bare, start) and _ends_bare(bare, end)):
            return None
        if not_after and _is_after(bare.text, start, not_after):
            return None
        if not bare.spells(start, end, spelling):
            return None
        return self._of(source).span(*bare.folded_places(start, end))

    def _of(self, view: View) -> Traced:
        traced = self._traced.get(view)
        if traced is None:
            # The two views of a plain text are one, and the raw one is made sooner.
            made = View.RAW if view is View.FOLDED and self._text.isascii() else view
            traced = self._traced[view] = _VIEWS[made](self._text)
        return traced


def _is_after(text: str, start: int, words: tuple[str, ...]) -> bool:
    before = text[max(start - _WIDEST_GUARD, 0) : start]
    return any(before.endswith(word) and _ends(before, len(before) - len(word)) for word in words)


def _ends_bare(bare: Skeleton, place: int) -> bool:
    """Return whether a word can end or begin at a place; where letters stood apart, it can anywhere."""
    if 0 < place < len(bare.text) and bare.apart[place] and bare.apart[place - 1] == bare.apart[place]:
        return True
    return _ends(bare.text, place)


def _ends(text: str, place: int) -> bool:
    """Return whether a word can end or begin at a place."""
    if place in (0, len(text)):
        return True
    return not is_inside_word(kind_of(text[place - 1]), kind_of(text[place]), whole=True)
