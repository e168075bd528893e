"""The keyring: the wrapped keys of the objects that live, and of no others. Worthless without the vault's own key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from seawall.backup.errors import BackupDamaged, BackupMismatch
from seawall.files import write_whole
from seawall.store.tables import vault_object

FORMAT = "seawall-keyring-1"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Wrapped keys.

    Attributes:
        backup: Id of the backup's folder.
        number: Of the backup that it was written with.
        keys: Key id and wrapped key, by object.
    """

    backup: str
    number: int
    keys: Mapping[str, tuple[str, bytes]]

    def save(self, path: Path) -> None:
        """Write it, in place of the one before: an older one would know what was destroyed since."""
        rows = {name: [key_id, base64.b64encode(data).decode()] for name, (key_id, data) in sorted(self.keys.items())}
        body = json.dumps({"format": FORMAT, "backup": self.backup, "number": self.number, "keys": rows})
        digest = hashlib.sha256(body.encode()).hexdigest()
        write_whole(path, f"{body}\n{digest}\n".encode())

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read it.

        Raises:
            BackupDamaged: If it cannot be read.
        """
        try:
            body, digest, _ = path.read_text("utf-8").split("\n")
            if hashlib.sha256(body.encode()).hexdigest() != digest:
                raise ValueError
            data = json.loads(body)
            if data["format"] != FORMAT:
                raise ValueError
            keys = {str(name): (str(key), base64.b64decode(each)) for name, (key, each) in data["keys"].items()}
            return cls(str(data["backup"]), int(data["number"]), keys)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BackupDamaged(f"the keyring {path} cannot be read") from None

    def expect(self, backup: str, number: int) -> None:
        """Refuse a keyring of another folder, or one that is older than the backup.

        Raises:
            BackupMismatch: If it is one.
        """
        if self.backup != backup:
            raise BackupMismatch
        if self.number < number:
            raise BackupMismatch(f"the keyring is of backup {self.number}, the folder of backup {number}")


def living(connection: Connection) -> dict[str, tuple[str, bytes]]:
    """Return the wrapped keys of all objects that are not destroyed."""
    columns = vault_object.c.id, vault_object.c.key_id, vault_object.c.wrapped_key
    rows = connection.execute(select(*columns).where(vault_object.c.wrapped_key.is_not(None)))
    return {row.id: (row.key_id, bytes(row.wrapped_key)) for row in rows}
