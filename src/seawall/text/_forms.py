"""The forms that a term takes in the views of texts.

A term is folded by the same functions as texts are. A term of another script that would fold to plain Latin letters is
looked for as written alone, or it would be found in English words.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntFlag

from seawall.text._bare import EVERY, skeleton_of
from seawall.text._classes import holds_number
from seawall.text.views import folded_text, raw_text, without_separators

_SHORTEST_SKELETON = 3
_LETTER = re.compile(rf"[{EVERY}]")


class Form(IntFlag):
    """Which view a form of a term belongs to."""

    RAW = 1
    FOLDED = 2


def forms(text: str, *, exact: bool = False) -> dict[str, Form]:
    """Return the forms of a term in the raw and folded views; an exact one has none in the folded view."""
    text = without_separators(text)
    found = {raw: Form.RAW} if (raw := raw_text(text).strip(" ")) else {}
    for folded in () if exact else _folded_forms(text):
        found[folded] = found.get(folded, Form(0)) | Form.FOLDED
    return found


def spellings(text: str) -> list[str]:
    """Return the folded forms of a term that can be looked for in the bare view: with spaces, and without."""
    return [
        each
        for folded in _folded_forms(without_separators(text))
        if _LETTER.search(folded) is not None and not holds_number(folded)
        for each in dict.fromkeys((folded, folded.replace(" ", "")))
        if len(skeleton_of(each)) >= _SHORTEST_SKELETON
    ]


def _folded_forms(text: str) -> list[str]:
    raw = raw_text(text)
    if text.isascii():
        return [plain] if (plain := raw.strip(" ")) else []
    foreign = any(
        unicodedata.category(letter)[0] == "L" and not unicodedata.name(letter, "").startswith("LATIN")
        for letter in raw
    )
    # Capitals can look like other letters than their small ones do.
    folded = dict.fromkeys(folded_text(each).strip(" ") for each in (text, text.upper()))
    return [each for each in folded if each and not (foreign and each.isascii())]
