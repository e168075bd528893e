"""An installation in a temporary directory, with the folder and the keyring that its backups go to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, select

from seawall.backup import back_up
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import VaultObject, open_vault


class Place:
    """An installation, its backup's folder and its keyring."""

    def __init__(self, root: Path, url: str | None) -> None:
        self.settings = Settings(root / "home", url or f"sqlite:///{root / 'home' / 'seawall.db'}")
        self.folder, self.keyring = root / "backup", root / "keyring"

    def back_up(self, **rest: Any) -> Any:
        return back_up(self.settings, self.folder, self.keyring, **rest)

    def put(self, data: bytes) -> VaultObject:
        with open_vault(self.settings) as vault:
            return vault.put(io.BytesIO(data), purpose="canary", person="ada")

    def destroy(self, item: VaultObject) -> None:
        with open_vault(self.settings) as vault:
            vault.destroy(item.id, person="ada", reason="test")

    def rows(self) -> dict[str, list[Any]]:
        with Store.open(self.settings.database_url) as store, store.read() as connection:
            metadata = MetaData()
            metadata.reflect(connection)
            return {
                table.name: [
                    tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
                ]
                for table in metadata.sorted_tables
            }
