"""Verifying a backup: every part against its digest, nothing more and nothing less than the manifest names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from seawall.backup import copies
from seawall.backup.errors import BackupDamaged
from seawall.backup.keyring import Keyring
from seawall.backup.manifest import Manifest


def verify_backup(
    folder: Path, keyring: Path | None = None, *, progress: Callable[[str, int, int], None] | None = None
) -> Manifest:
    """Read every part of a backup.

    Args:
        folder: The backup.
        keyring: Its keyring, to be looked at too.
        progress: Is told how far it is.

    Raises:
        BackupDamaged: If a part is missing or was changed; the message names it.
        BackupMismatch: If the keyring is of another folder, or older.
    """
    manifest = Manifest.load(folder)
    for place, (name, part) in enumerate(sorted(manifest.parts.items())):
        if progress is not None:
            progress("parts", place, len(manifest.parts))
        try:
            found = copies.measure(folder / name)
        except OSError:
            raise BackupDamaged(f"{name} is missing from the backup") from None
        if found != part:
            raise BackupDamaged(f"{name} was changed after the backup was written")
    if keyring is not None:
        Keyring.load(keyring).expect(manifest.id, manifest.number)
    return manifest
