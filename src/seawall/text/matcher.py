"""Finding the terms of packs in texts, in all their views, many texts at a time.

What is found says where, which pack and which category; never which term. A text that is too long is not examined, and
says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seawall.text._blind import BlindFinder
from seawall.text._bulk import Lines, views_of
from seawall.text._forms import Form
from seawall.text._place import Placer
from seawall.text._scan import Found, character_places, scan
from seawall.text._terms import compile_terms
from seawall.text.errors import PackFormat
from seawall.text.hits import Hit, Matches, settled
from seawall.text.packs.pack import Pack
from seawall.text.views import View

LARGEST_TEXT = 1 << 20
"""Most bytes of a text in UTF-8; a longer one is not examined."""

TOO_LARGE = "text_too_large"
"""Why a text that is too long was not examined."""

_BATCH = 1 << 18
_WIDEST = 4
_MANY = 4096
_OF_EACH = 64
_NOTHING, _ABSTAINED = Matches(), Matches(abstained=TOO_LARGE)
_Placers = Callable[[int], Placer]


class Matcher:
    """Finds the terms of packs. Safe to use from several threads."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        """Make packs ready.

        Raises:
            PackFormat: If two have one name.
        """
        if len({pack.name for pack in packs}) < len(packs):
            raise PackFormat("two packs have one name")
        self._terms = compile_terms(packs)
        self._blind = [BlindFinder(pack.name, pack.blind) for pack in packs if pack.blind is not None]

    def match(self, texts: Sequence[str]) -> list[Matches]:
        """Return what is found in each text, in order."""
        results = [_NOTHING] * len(texts)
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        for index in np.flatnonzero(sizes > LARGEST_TEXT // _WIDEST).tolist():
            if sizes[index] > LARGEST_TEXT or len(texts[index].encode("utf-8", "surrogatepass")) > LARGEST_TEXT:
                results[index] = _ABSTAINED
                sizes[index] = -1
        for batch in _batches(sizes):
            for index, matches in self._match(texts, batch).items():
                results[index] = matches
        return results

    def _match(self, texts: Sequence[str], batch: Sequence[int]) -> dict[int, Matches]:
        hits: dict[int, list[Hit]] = {}
        cut: set[int] = set()
        placers: dict[int, Placer] = {}

        def placer(owner: int) -> Placer:
            if owner not in placers:
                placers[owner] = Placer(texts[owner])
            return placers[owner]

        if self._terms.plain is not None:
            for lines in views_of([texts[index] for index in batch], batch):
                bare = lines.view is View.BARE
                found = self._bare(lines, placer, cut) if bare else self._plain(lines, texts, placer, cut)
                for owner, hit in found:
                    hits.setdefault(owner, []).append(hit)
        for finder in self._blind:
            for index in batch:
                hits.setdefault(index, []).extend(finder.find(texts[index]))
        return {owner: Matches(settled(found), truncated=owner in cut) for owner, found in hits.items() if found}

    def _plain(self, lines: Lines, texts: Sequence[str], placer: _Placers, cut: set[int]) -> Iterator[tuple[int, Hit]]:
        """Give what is found in a raw, folded or bidi view."""
        automaton = self._terms.ascii if lines.buffer.isascii() else self._terms.plain
        if automaton is None:
            return
        found = scan(automaton, lines.buffer)
        if not len(found):
            return
        begins, line = _lines(lines, found)
        if len(found) > _MANY:
            few = _first_of_each(line, found.pattern)
            cut.update(lines.owners[index] for index in set(line[~few].tolist()))
            found, line = found.only(few), line[few]
        for place, pattern, start, end, length in _places(lines, begins, line, found):
            owner = lines.owners[place]
            for entry, form, _ in automaton.owners[pattern]:
                view = _seen_in(lines, place, form)
                if view is None:
                    continue
                term = self._terms.entries[entry]
                if term.whole and not automaton.whole[pattern] and not placer(owner).is_word(lines.view, start, end):
                    continue
                if term.not_after and placer(owner).is_after(lines.view, start, term.not_after):
                    continue
                if length == len(texts[owner]) and lines.view is View.RAW and texts[owner].isascii():
                    # Nothing was left out, so every character is where it was.
                    span = start, end
                else:
                    span = placer(owner).span(lines.view, start, end, length)
                yield owner, self._hit(entry, view, span)

    def _bare(self, lines: Lines, placer: _Placers, cut: set[int]) -> Iterator[tuple[int, Hit]]:
        """Give what is found in a bare view and spells a term indeed."""
        automaton = self._terms.bare
        if automaton is None:
            return
        found = scan(automaton, lines.buffer, boundaries=False)
        if not len(found):
            return
        begins, line = _lines(lines, found)
        seen: Counter[tuple[int, int]] = Counter()
        total = 0
        for place, pattern, start, end, _ in _places(lines, begins, line, found):
            owner = lines.owners[place]
            for entry, _, spelling in automaton.owners[pattern]:
                if total > _MANY and seen[owner, entry] >= _OF_EACH:
                    cut.add(owner)
                    continue
                term = self._terms.entries[entry]
                span = placer(owner).bare_span(
                    lines.source, start, end, spelling=spelling, whole=term.whole, not_after=term.not_after
                )
                if span is not None:
                    seen[owner, entry] += 1
                    total += 1
                    yield owner, self._hit(entry, View.BARE, span)

    def _hit(self, entry: int, view: View, span: tuple[int, int]) -> Hit:
        term = self._terms.entries[entry]
        return Hit(
            term.pack, term.number, term.category, term.language, term.weight, view, span[0], span[1], term.drill
        )


def _batches(sizes: NDArray[np.int64]) -> Iterator[list[int]]:
    """Give the numbers of the texts, but those of negative size, in batches of bounded size."""
    chosen = np.flatnonzero(sizes >= 0)
    groups = np.cumsum(sizes[chosen] + 1) // _BATCH
    for batch in np.split(chosen, np.flatnonzero(np.diff(groups)) + 1):
        if len(batch):
            yield batch.tolist()


def _seen_in(lines: Lines, place: int, form: Form) -> View | None:
    """Return the view in which a form counts as found, or None if it does not belong to the view."""
    if lines.view is not View.RAW:
        return lines.view if Form.FOLDED in form else None
    if Form.RAW in form:
        return View.RAW
    return View.FOLDED if lines.also_folded[place] else None


def _lines(lines: Lines, found: Found) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where lines begin, and the line of each pattern found."""
    begins = lines.begins()
    return begins, np.searchsorted(begins, found.start, "right") - 1


def _places(
    lines: Lines, begins: NDArray[np.int64], line: NDArray[np.int64], found: Found
) -> Iterator[tuple[int, int, int, int, int]]:
    """Give line, pattern, first character, character behind the last, and characters of the line."""
    characters = character_places(lines.buffer)
    base = characters[begins[line]]
    ends = np.concatenate([begins[1:] - 1, np.array([len(lines.buffer)])])
    return zip(
        line.tolist(),
        found.pattern.tolist(),
        (characters[found.start] - base).tolist(),
        (characters[found.end] - base).tolist(),
        (characters[ends[line]] - base).tolist(),
        strict=True,
    )


def _first_of_each(line: NDArray[np.int64], pattern: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which are among the first of their pattern in their line."""
    order = np.lexsort((pattern, line))
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(line[order]) != 0) | (np.diff(pattern[order]) != 0)
    begins = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    few = np.zeros(len(order), np.bool_)
    few[order] = np.arange(len(order)) - begins < _OF_EACH
    return few
