"""What goes wrong with backups."""

from seawall.errors import SeawallError


class BackupDamaged(SeawallError):
    """The backup is not what was written."""

    code = "backup_damaged"
    hint = "use another backup; this one cannot be trusted"


class BackupMismatch(SeawallError):
    """The keyring does not belong to this backup."""

    code = "backup_mismatch"
    hint = "use the newest keyring that was written for this folder"


class BackupInUse(SeawallError):
    """The place to restore into is not empty."""

    code = "backup_in_use"
    hint = "restore into a new home and an empty database; nothing was changed"
