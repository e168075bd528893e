"""Tokens in place of identifiers: HMAC-SHA-256 by a key for each kind and epoch, cut to 128 bits.

A plain hash of an address or a number can be undone by trying all of them; a keyed one only by who has the key. Keys
are files outside the database. A new epoch starts a new key; until the old one is retired, tokens are made with both,
so that accounts seen before and after the change still meet.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path

from seawall.accounts.errors import LinkError
from seawall.accounts.links.kinds import Kinds, shipped_kinds
from seawall.files import installation_secret
from seawall.settings import Settings

TOKEN_HEX = 32

_CONTEXT = b"seawall/link/1\0"
_FILE = re.compile(r"epoch-([0-9]{4})\.key")
_TOKEN = re.compile(r"([0-9]{1,4}):([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Token:
    """What stands for an identifier.

    Attributes:
        kind: What sort of identifier.
        epoch: Which key made it.
        value: 32 hex digits.
    """

    kind: str
    epoch: int
    value: str = field(repr=False)

    @classmethod
    def parse(cls, kind: str, text: str) -> Token:
        """Read `EPOCH:HEX`, as a host computes it.

        Raises:
            LinkError: If it is not that.
        """
        found = _TOKEN.fullmatch(text.strip())
        if found is None:
            raise LinkError("a token is EPOCH:HEX, with 32 hex digits")
        return cls(kind, int(found[1]), found[2])


def token_of(key: bytes, canonical: str) -> str:
    """Return the token of a value in its canonical form, by the key of its kind and epoch."""
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()[:TOKEN_HEX]


class TokenKeys:
    """The keys of one installation, a file for each epoch under `HOME/keys/links`.

    Args:
        folder: Where they are.
        kinds: The kinds of identifiers.
    """

    def __init__(self, folder: Path, kinds: Kinds | None = None) -> None:
        self._folder = folder
        self.kinds = kinds or shipped_kinds()

    @classmethod
    def of(cls, settings: Settings) -> TokenKeys:
        """Return the keys that the settings name."""
        return cls(settings.home / "keys" / "links")

    def epochs(self) -> list[int]:
        """Return the epochs that have a key, the newest last; the first call makes the first."""
        found = self._found()
        if not found:
            self._master(1)
            found = self._found()
        return found

    def tokens(self, kind: str, value: str) -> list[Token]:
        """Return what stands for an identifier, in every epoch that has a key. The value is not kept.

        Raises:
            LinkError: If there is no such kind, or the value is none of it.
            SecretUnusable: If a key cannot be read.
        """
        canonical = self.kinds.get(kind).canonical(value)
        return [Token(kind, epoch, token_of(self.key(kind, epoch), canonical)) for epoch in self.epochs()]

    def key(self, kind: str, epoch: int) -> bytes:
        """Return the key of a kind and epoch; a host that has it can compute tokens by itself.

        Raises:
            LinkError: If there is no such kind or epoch.
        """
        self.kinds.get(kind)
        if epoch not in self.epochs():
            raise LinkError(f"there is no key of epoch {epoch}")
        return hmac.new(self._master(epoch), _CONTEXT + kind.encode(), hashlib.sha256).digest()

    def rotate(self) -> int:
        """Start a new epoch and return it; the old ones go on beside it until they are retired."""
        new = self.epochs()[-1] + 1
        self._master(new)
        return new

    def retire(self, epoch: int) -> None:
        """Delete the key of an epoch: its tokens can be made no more. Their rows are deleted by `Links.retire`.

        Raises:
            LinkError: If it is the newest, or there is none.
        """
        epochs = self.epochs()
        if epoch not in epochs:
            raise LinkError(f"there is no key of epoch {epoch}")
        if epoch == epochs[-1]:
            raise LinkError("the newest epoch cannot be retired", hint="rotate first")
        self._path(epoch).unlink()

    def _found(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return sorted(int(found[1]) for path in self._folder.iterdir() if (found := _FILE.fullmatch(path.name)))

    def _master(self, epoch: int) -> bytes:
        return installation_secret(self._path(epoch))

    def _path(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch:04d}.key"
