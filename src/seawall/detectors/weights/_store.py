"""Where model files are, and giving them out: a file is digested before it is first used, and again if it changes.

Nothing is written here, nothing is downloaded, and a file of the wrong digest is never given.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable
from weakref import WeakValueDictionary

from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.weights._manifest import LARGEST_MODEL
from seawall.settings import Settings

ENVIRONMENT = "SEAWALL_WEIGHTS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Shared = TypeVar("Shared")


@runtime_checkable
class SharingStore(Protocol):
    """A store that lets detectors of one process load a model once between them."""

    def shared(self, key: str, make: Callable[[], Shared]) -> Shared:
        """Return what was made under this key while somebody still holds it, or make it."""
        ...


def weights_directories(settings: Settings | None = None, env: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the directories where model files may be, in the order in which they are looked for.

    `SEAWALL_WEIGHTS` alone if it is set; otherwise `share/seawall/weights` of the Python installation, then `weights`
    in seawall's home.
    """
    env = os.environ if env is None else env
    if named := env.get(ENVIRONMENT):
        return (Path(named).expanduser().absolute(),)
    home = (settings or Settings.from_env(env)).home
    return (Path(sys.prefix, "share", "seawall", "weights"), home / "weights")


class InstalledWeights:
    """Model files in directories. Implements `WeightStore` and `SharingStore`; safe to use from several threads.

    Args:
        directories: Where to look, in order.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self.directories = tuple(directories)
        self._checked: dict[tuple[Path, str], tuple[int, ...]] = {}
        self._shared: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._lock = threading.Lock()

    def path(self, name: str, sha256: str) -> Path:
        """Return the file, which has been checked against its digest.

        Raises:
            WeightsMissing: If it is not installed.
            WeightsRefused: If its digest is another.
        """
        if not _NAME.fullmatch(name):
            raise WeightsMissing("a model file's name is letters, digits, dots and hyphens")
        for directory in self.directories:
            path = directory / name
            try:
                self._check(path, sha256)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise WeightsRefused(f"the model file {name} cannot be read: {error.strerror}") from None
            return path
        raise WeightsMissing(f"the model file {name} is not installed")

    def shared(self, key: str, make: Callable[[], Shared]) -> Shared:
        """Return what was made under this key while somebody still holds it, or make it."""
        with self._lock:
            found: Shared | None = self._shared.get(key)
            if found is None:
                self._shared[key] = found = make()
            return found

    def _check(self, path: Path, sha256: str) -> None:
        with path.open("rb") as file:
            identity = _identity(os.fstat(file.fileno()))
            if self._checked.get((path, sha256)) == identity:
                return
            if identity[2] > LARGEST_MODEL:
                raise WeightsRefused(f"the model file {path.name} is larger than 2 GB")
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise WeightsRefused(f"the model file {path.name} is not the one that is pinned")
            self._checked[path, sha256] = identity


def installed_weights(settings: Settings | None = None) -> InstalledWeights:
    """Return the store of the model files of this installation."""
    return InstalledWeights(weights_directories(settings))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
