"""Keys of items: printable, valid UTF-8, and one for each item.

File names are bytes, and archives may name anything; escapes are reversible, so that two names never share a key.
"""

from __future__ import annotations

import re
from hashlib import blake2b

MAX_NAMES = 1_000_000
"""Names remembered to number duplicates; past it, every key of an archive ends in its member's offset."""


def printable(name: str) -> str:
    r"""Return `name` with control characters, undecodable bytes, backslashes and `::` escaped.

    Backslashes are doubled and everything else becomes `\xNN`, `\uNNNN` or `\UNNNNNNNN`: no two names have one result.
    """
    if name.isprintable() and "\\" not in name and ":" not in name:
        return name
    out = []
    for place, char in enumerate(name):
        if char == "\\":
            out.append("\\\\")
        elif char == ":" and (place in (0, len(name) - 1) or name[place - 1] == ":"):
            out.append("\\x3a")
        elif char.isprintable():
            out.append(char)
        else:
            out.append(_escape(char))
    return "".join(out)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode carries it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def original(text: str) -> str:
    """Return the name of which `printable` made `text`."""
    return _ESCAPED.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    byte, short, long = found.groups()
    if byte is not None:
        code = int(byte, 16)
        return chr(code if code < 0x80 else code + 0xDC00)
    return chr(int(short or long, 16)) if short or long else "\\"


class Names:
    """Numbers the members of one archive that share a name: `a`, `a#2`, `a#3`."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def unique(self, name: str, offset: int) -> str:
        """Return a name that was not returned before.

        Args:
            name: The member's printable name.
            offset: Where the member begins; no two members of an archive begin at one place.
        """
        if len(self._seen) >= MAX_NAMES:
            return f"{name}#@{offset}"
        times = self._seen.get(_digest(name), 0) + 1
        candidate = name if times == 1 else f"{name}#{times}"
        while times > 1 and _digest(candidate) in self._seen:
            times += 1
            candidate = f"{name}#{times}"
        self._seen[_digest(name)] = times
        if times > 1:
            self._seen[_digest(candidate)] = 1
        return candidate


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=8).digest()
