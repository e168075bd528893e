"""The distinct sets of labels of a list, encrypted at rest.

Entries hold the number of a set; sets are only ever added, so a number keeps its meaning.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.errors import IndexCorrupt

_NONCE = 12
_PURPOSE = b"seawall-labels-1"

MAX_LABELS = 32
"""Labels kept for an entry."""

_MAX_LENGTH = 200

Labels = tuple[str, ...]


def printable(text: str) -> str:
    """Return text that somebody else wrote in a form that can be printed: bounded, without control characters."""
    short = text[:_MAX_LENGTH]
    return short if short.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in short)


def merged(*groups: Iterable[str]) -> Labels:
    """Return the distinct labels of some groups in order, printable, at most `MAX_LABELS`."""
    found = dict.fromkeys(printable(label) for group in groups for label in group)
    return tuple(found)[:MAX_LABELS]


class LabelSets:
    """Sets of labels by number; number 0 is the empty set."""

    def __init__(self, sets: Iterable[Labels] = ((),)) -> None:
        self._sets = list(sets)
        self._numbers = {labels: number for number, labels in enumerate(self._sets)}
        self.changed = False

    def __len__(self) -> int:
        return len(self._sets)

    def __getitem__(self, number: int) -> Labels:
        return self._sets[number]

    def find(self, labels: Labels) -> int:
        """Return the number of a set, -1 if there is no such set."""
        return self._numbers.get(labels, -1)

    def number(self, labels: Labels) -> int:
        """Return the number of a set, adding it if it is new."""
        found = self._numbers.setdefault(labels, len(self._sets))
        if found == len(self._sets):
            self._sets.append(labels)
            self.changed = True
        return found

    def sealed(self, key: bytes) -> bytes:
        """Return the sets encrypted with AES-256-GCM under a fresh nonce."""
        nonce = secrets.token_bytes(_NONCE)
        text = json.dumps(self._sets, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return nonce + AESGCM(key).encrypt(nonce, text, _PURPOSE)

    @classmethod
    def opened(cls, data: bytes, key: bytes, name: str) -> LabelSets:
        """Decrypt the sets of the list `name`.

        Raises:
            IndexCorrupt: If they were changed, or encrypted with another key.
        """
        try:
            text = AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], _PURPOSE)
        except (InvalidTag, ValueError) as problem:
            raise IndexCorrupt(
                f"the labels of the list {name} were changed, or belong to another key",
                hint="restore keys/labels.key, or delete the list and import it again",
            ) from problem
        return cls(tuple(labels) for labels in json.loads(text.decode("utf-8", "surrogatepass")))
