"""Backups: everything that seawall keeps, without the keys; what was destroyed stays destroyed.

A backup is a folder: the database's rows, the files of the home, and the vault's ciphertext. It holds no key. The
wrapped keys of the vault's objects are in the *keyring*, a small file that is written anew at every backup: of an
object that was destroyed since, the newest keyring knows nothing, and so no older backup can bring it back.
"""

from seawall.backup.errors import BackupDamaged, BackupInUse, BackupMismatch
from seawall.backup.make import Made, back_up
from seawall.backup.manifest import Manifest
from seawall.backup.restore import Restored, restore
from seawall.backup.verify import verify_backup

__all__ = [
    "BackupDamaged",
    "BackupInUse",
    "BackupMismatch",
    "Made",
    "Manifest",
    "Restored",
    "back_up",
    "restore",
    "verify_backup",
]
