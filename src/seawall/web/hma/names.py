"""Names of lists as HMA writes names of banks: capitals, digits and underscores."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OTHER = re.compile(r"[^A-Z0-9_]")


def bank_of(name: str) -> str:
    """Return the name of a list as that of a bank."""
    bank = _OTHER.sub("_", name.upper())
    return f"_{bank}" if bank[:1].isdigit() else bank


def lists_of(banks: Iterable[str], names: Iterable[str]) -> set[str]:
    """Return the lists of banks; a bank that there is not stands for no list."""
    wanted = set(banks)
    return {name for name in names if name in wanted or bank_of(name) in wanted}
