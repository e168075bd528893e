"""Rotating the vault's key: a new one wraps from now on, every object's key is wrapped anew, no file is touched.

It may be interrupted at any moment and run again; every object can be opened all the while, also by servers that run.
What was copied away before, database and old key together, stays open to whoever has both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seawall.errors import UsageError
from seawall.vault.file_keys import FileKeyProvider
from seawall.vault.keys import PREVIOUS, VARIABLE, KeyRing
from seawall.vault.vault import Vault

KEPT = timedelta(days=1)
"""For how long a key that wraps nothing any more is kept at least: a server may have begun to write with it."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did.

    Attributes:
        key_id: The key that wraps now.
        renewed: Whether that key was made by this run. If not, it is in the environment, or an earlier rotation was
            brought to its end.
        rewrapped: How many objects' keys were wrapped anew.
        kept: Keys before it whose files are kept.
    """

    key_id: str
    renewed: bool
    rewrapped: int
    kept: tuple[str, ...]


def rotate(vault: Vault, progress: Callable[[int, int], None] | None = None) -> Rotation:
    """Let a new key wrap, and wrap every object's key with it; or go on with a rotation that was interrupted.

    Args:
        vault: Whose key.
        progress: Called with how many objects are done, and of how many.

    Raises:
        VaultKeyError: If a key is missing, or cannot be written.
        UsageError: If the key is in the environment, and nothing says which one was before it.
    """
    keys = vault.keys
    current = keys.key_id() or keys.create()
    renewed = False
    if not vault.count(but=current):
        if isinstance(keys, FileKeyProvider):
            current, renewed = keys.renew(), True
        elif not isinstance(keys, KeyRing):
            raise UsageError(
                f"the vault's key is in {VARIABLE}, so another one is put there",
                hint=f"set {VARIABLE} to a new key and {PREVIOUS} to the old one, for every process; then run it again",
            )
    vault.record("vault.key_renewed", f"vault/key/{current}", {"key_id": current})
    done = vault.rewrap(keys, progress)
    kept = tuple(keys.older()) if isinstance(keys, FileKeyProvider) else ()
    return Rotation(current, renewed, done, kept)


def forget(vault: Vault) -> list[str]:
    """Delete the files of keys before this one that wrap nothing any more, and for long enough; return their ids.

    A backup from before is closed for good then, unless a copy of the key is kept elsewhere.

    Args:
        vault: Whose keys.
    """
    keys = vault.keys
    if not isinstance(keys, FileKeyProvider):
        return []
    gone = []
    for key_id in keys.older():
        path = keys.kept(key_id)
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if vault.count(key=key_id) or vault.store.clock() - since < KEPT:
            continue
        vault.record("vault.key_forgotten", f"vault/key/{key_id}/forgotten", {"key_id": key_id})
        path.unlink(missing_ok=True)
        gone.append(key_id)
    return gone
