"""What a scan leaves on disk: content-addressed files, and receipts that commit them.

A receipt is created once, whole or not at all, and is the only thing that makes a file count. Work is done at
least once; its effect is counted exactly once, because one receipt wins and the loser's files are orphans.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from seawall.errors import StateLocked
from seawall.files import storage
from seawall.settings import PRIVATE_DIR


@dataclass(frozen=True, slots=True)
class Folder:
    """Receipts of one step, and the files that they commit.

    Attributes:
        path: Directory; created when first written to.
        suffix: Suffix of the committed files.
    """

    path: Path
    suffix: str

    def read(self, shard: str) -> dict[str, Any] | None:
        """Return a shard's receipt if it is committed and its file is there."""
        try:
            receipt: dict[str, Any] = json.loads((self.path / f"{shard}.json").read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            (self.path / f"{shard}.json").unlink(missing_ok=True)
            return None
        if receipt.get("file") is not None and not (self.path / receipt["file"]).is_file():
            (self.path / f"{shard}.json").unlink(missing_ok=True)
            return None
        return receipt

    def temporary(self) -> Path:
        """Return a fresh name to write the shard's file under."""
        with storage(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path, prefix=".tmp-", suffix=self.suffix)
        os.close(descriptor)
        return Path(name)

    def commit(self, shard: str, written: Path | None, facts: dict[str, Any]) -> dict[str, Any]:
        """Give the written file its content's name, then create the receipt.

        Args:
            shard: Shard id.
            written: File from `temporary`, or None when the step has nothing to store.
            facts: What the receipt says besides the file's name and digest.

        Returns:
            The receipt that holds: this one, or the one that another attempt created first.
        """
        with storage(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            receipt = {"shard": shard, "file": None, "sha256": None, **facts}
            if written is not None:
                digest = _sync_and_digest(written)
                receipt |= {"file": f"{shard}.{digest[:16]}{self.suffix}", "sha256": digest}
                written.replace(self.path / receipt["file"])
            if not create_whole(self.path / f"{shard}.json", json.dumps(receipt, sort_keys=True).encode()):
                return self.read(shard) or receipt
        return receipt

    def discard(self, shard: str) -> None:
        """Withdraw a receipt whose facts no longer hold; the shard's work is done again."""
        (self.path / f"{shard}.json").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what attempts that were cut short left behind. Only the owner of the scan's lock may."""
        for path in self.path.glob(".tmp-*"):
            path.unlink(missing_ok=True)


def create_whole(path: Path, data: bytes) -> bool:
    """Create a file, whole or not at all; return whether there was none.

    Raises:
        StorageFull: If the disk is full.
    """
    with storage(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError:
            return False
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
        _sync_directory(path.parent)
    return True


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a directory for one scan, until the process ends or the block does.

    Args:
        path: The directory; made if missing.
        shared: Hold it together with others that hold it so: the parts of one scan.

    Raises:
        StateLocked: If another scan holds it.
    """
    import fcntl

    with _lock_file(path, "lock") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            raise StateLocked(f"another scan is using {path.parent}") from None
        yield


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let the parts of one scan through one after another; the system lets the next in when one dies."""
    import fcntl

    with _lock_file(path, "opening") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock_file(directory: Path, name: str) -> IO[str]:
    with storage(directory):
        directory.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        directory.mkdir(exist_ok=True, mode=PRIVATE_DIR)
        return (directory / name).open("a")


def _sync_and_digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
