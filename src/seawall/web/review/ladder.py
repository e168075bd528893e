"""The ladder of an item: which steps there are, which may be taken, and which one is taken first.

A step is taken by a request of its own, recorded before a byte leaves. The original comes after a reduced form.
"""

from __future__ import annotations

from collections.abc import Sequence

from seawall.cases.model import Item, ItemKind
from seawall.maintain.review.wellness import Preset
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure
from seawall.web.review.views import RungView, Words

_WORDS = (Rung.CAPTION, Rung.TILE, Rung.FULL)
_SOUND = (Rung.CAPTION, Rung.TILE, Rung.FULL)
_SIGHT = (Rung.CAPTION, Rung.TILE, Rung.STYLISED, Rung.GREY_FULL, Rung.FULL)
_OF = {
    ItemKind.PROMPT: _WORDS,
    ItemKind.TEXT: _WORDS,
    ItemKind.CONVERSATION: _WORDS,
    ItemKind.AUDIO: _SOUND,
    ItemKind.IMAGE: _SIGHT,
    ItemKind.VIDEO: _SIGHT,
    ItemKind.FILE: _SIGHT,
}
_WITHOUT_PICTURE = (Rung.CAPTION,)

PLAYED = frozenset({ItemKind.VIDEO, ItemKind.AUDIO})
DEPICTIONS = frozenset({ItemKind.IMAGE, ItemKind.VIDEO, ItemKind.AUDIO, ItemKind.FILE})
"""What may be classified as a depiction, and made by AI."""

READ = frozenset({ItemKind.PROMPT, ItemKind.TEXT, ItemKind.CONVERSATION})


def rung_words(item: Item) -> str:
    """Return under which name the catalogue calls the steps of an item: a text is blacked out, not blurred."""
    if item.kind in READ:
        return "rungs_text"
    return "rungs_sound" if item.kind is ItemKind.AUDIO else "rungs"


def steps(item: Item) -> tuple[Rung, ...]:
    """Return the steps that there are of an item; none if its bytes are not here."""
    return _OF.get(item.kind, _WITHOUT_PICTURE) if item.vault is not None else ()


def locked(item: Item, rung: Rung, preset: Preset, shown: Sequence[Exposure], *, may_open: bool) -> str | None:
    """Return why a step cannot be taken now, as a word of the catalogue; None if it can.

    Args:
        item: The item.
        rung: The step.
        preset: How things of its category are shown to this person.
        shown: What was shown to them in this task.
        may_open: Whether they may open evidence at all.
    """
    if rung not in steps(item):
        return "missing"
    if not may_open:
        return "grant"
    if rung.place > preset.top.place:
        return "top"
    if rung is Rung.FULL and not any(each.object == item.vault and each.rung.shows_content for each in shown):
        return "reduced_first"
    return None


def buttons(item: Item, preset: Preset, shown: Sequence[Exposure], t: Words, *, may_open: bool) -> tuple[RungView, ...]:
    """Return the steps of an item as buttons; the one where this person begins is marked."""
    there = steps(item)
    first = next((each for each in there if each.place >= preset.start.place), None)
    made = []
    for rung in there:
        why = locked(item, rung, preset, shown, may_open=may_open)
        words = t(f"review.locked.{why}") if why is not None else None
        made.append(RungView(rung.value, rung is Rung.FULL, rung is first, words))
    return tuple(made)
