"""Where state lives: `SEAWALL_HOME` and `SEAWALL_DATABASE_URL`.

The home directory is private to its owner (directories 0700, files 0600); nothing is created until it is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one seawall process.

    Attributes:
        home: Directory of keys, lists and the default database.
        database_url: SQLAlchemy URL; SQLite under `home` unless `SEAWALL_DATABASE_URL` is set.
    """

    home: Path
    database_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read settings from the environment (default: this process's)."""
        env = os.environ if env is None else env
        home = Path(env.get("SEAWALL_HOME") or _platform_data_dir(env)).expanduser().absolute()
        return cls(home, env.get("SEAWALL_DATABASE_URL") or f"sqlite:///{home / 'seawall.db'}")

    def directory(self, *parts: str) -> Path:
        """Return a directory under `home`, created private (0700) if missing."""
        path = self.home.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        self.home.chmod(PRIVATE_DIR)
        return path


def _platform_data_dir(env: Mapping[str, str]) -> str:
    if sys.platform == "darwin":
        return "~/Library/Application Support/seawall"
    if sys.platform == "win32":
        return env.get("LOCALAPPDATA", "~/AppData/Local") + "/seawall"
    return env.get("XDG_DATA_HOME", "~/.local/share") + "/seawall"


def write_private(path: Path, data: bytes, *, exclusive: bool = False) -> None:
    """Write `data` to a file that only its owner can read.

    Args:
        path: Destination; its directory must exist.
        data: The bytes.
        exclusive: Refuse to replace an existing file.

    Raises:
        FileExistsError: If `exclusive` and the file exists.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if exclusive else os.O_TRUNC)
    descriptor = os.open(path, flags, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
