"""What a backup holds, with the digest of every part; it is written last, so a folder without one is no backup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from seawall.backup.errors import BackupDamaged
from seawall.files import write_whole

FORMAT = "seawall-backup-1"
NAME = "manifest.json"
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a backup.

    Attributes:
        sha256: Of its bytes, in hex.
        size: In bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        id: 32 hex digits; the folder keeps it from backup to backup, and keyrings name it.
        number: Counts the backups into this folder.
        at: When it was made, RFC 3339 in UTC.
        version: seawall's.
        schema: Version of the database's schema.
        tables: Rows, by table.
        parts: Files, by path inside the folder.
        home: Which part each file of the home is, by its path inside the home.
        objects: Objects of the vault that were not destroyed.
        key_ids: Keys that wrapped them: without these a restored vault cannot be opened.
    """

    id: str
    number: int
    at: str
    version: str
    schema: str
    tables: Mapping[str, int]
    parts: Mapping[str, Part]
    home: Mapping[str, str]
    objects: int
    key_ids: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Write it into a folder, in place of the one before."""
        data = {"format": FORMAT, **asdict(self)}
        write_whole(folder / NAME, json.dumps(data, indent=1, sort_keys=True).encode() + b"\n")

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read it.

        Raises:
            BackupDamaged: If there is none, or it cannot be read.
        """
        try:
            with (folder / NAME).open("rb") as file:
                data = json.loads(file.read(_LARGEST))
            return _manifest(data)
        except FileNotFoundError:
            raise BackupDamaged(
                f"{folder} holds no backup", hint="name the folder that 'seawall backup' wrote"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BackupDamaged(f"the manifest of {folder} cannot be read") from None


def _manifest(data: Any) -> Manifest:
    if data["format"] != FORMAT:
        raise ValueError
    parts = {str(path): Part(str(part["sha256"]), int(part["size"])) for path, part in data["parts"].items()}
    home = {str(path): str(part) for path, part in data["home"].items()}
    if not all(_inside(path) for path in (*parts, *home)) or not parts.keys() >= set(home.values()):
        raise ValueError
    return Manifest(
        str(data["id"]),
        int(data["number"]),
        str(data["at"]),
        str(data["version"]),
        str(data["schema"]),
        {str(name): int(rows) for name, rows in data["tables"].items()},
        parts,
        home,
        int(data["objects"]),
        tuple(map(str, data["key_ids"])),
    )


def _inside(path: str) -> bool:
    """Say whether a path stays in its folder, on every system."""
    steps = PurePosixPath(path).parts
    return bool(steps) and not path.startswith("/") and ".." not in steps and "\\" not in path and "\0" not in path
