"""Which language a text is in, or that nobody can tell. Short texts are guessed badly, so they are not guessed."""

from __future__ import annotations

import pycld2

_LONGEST = 4096
_FEWEST_PERCENT = 60
# Codes that BCP 47 has replaced since the library's tables were made.
_REPLACED = {"iw": "he", "jw": "jv", "sr-ME": "cnr", "tl": "fil", "xxx": None, "tlh": None, "un": None}
# Tables for scripts, and languages that are jokes or ciphers.
_NO_LANGUAGE = ("xx", "zz")


def language_of(text: str) -> str | None:
    """Return the BCP 47 tag of a text's language, or None if it is not sure. Never raises.

    Args:
        text: The text; of a long one, the beginning is looked at.
    """
    # The library refuses control characters and lone surrogates, so they are spaces.
    clean = "".join(character if character.isprintable() else " " for character in text[:_LONGEST])
    try:
        sure, _, found = pycld2.detect(clean.encode("utf-8", "replace"), isPlainText=True)
    except (pycld2.error, ValueError, OverflowError):
        return None
    _, code, percent, _ = found[0]
    if not sure or percent < _FEWEST_PERCENT or code.startswith(_NO_LANGUAGE):
        return None
    return _REPLACED.get(code, code)
