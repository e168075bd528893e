"""One file for an auditor: a header, every event on a line of its own, and the checkpoint that signs them.

A line of an event is its canonical form, so hashing the line gives the leaf. The public key is not in the file: a
key that travels with the evidence proves nothing.
"""

import errno
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from seawall.errors import StorageFull, UsageError
from seawall.ledger import _tree
from seawall.ledger.errors import LedgerDamaged
from seawall.ledger.events import canonical
from seawall.ledger.merkle import Frontier, leaf_hash
from seawall.ledger.notes import Checkpoint
from seawall.store import Store

FORMAT = "seawall-ledger-export"
VERSION = 1
CLOSING = b'{"checkpoint":'


def header(origin: str, size: int) -> bytes:
    """Return the first line, without its end."""
    return canonical({"format": FORMAT, "v": VERSION, "origin": origin, "size": size})


def write_export(store: Store, path: Path, checkpoint: Checkpoint, note: str) -> None:
    """Write the events under a checkpoint; the file appears whole or not at all.

    Args:
        store: The database.
        path: The file, 0600, replaced if it exists. A pipe or device is written to directly.
        checkpoint: What the file ends with.
        note: The same, signed.

    Raises:
        LedgerDamaged: If the stored events do not lead to the checkpoint.
        UsageError: If the file cannot be written.
        StorageFull: If there is no space left.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                _write(store, stream, checkpoint, note)
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _write(store, file, checkpoint, note)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(f"no space left to write {path}") from None
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _write(store: Store, file: BinaryIO, checkpoint: Checkpoint, note: str) -> None:
    frontier = Frontier()
    file.write(header(checkpoint.origin, checkpoint.size) + b"\n")
    with store.read() as connection:
        for leaf in _tree.leaves(connection, 0, checkpoint.size):
            frontier.append(leaf_hash(leaf.data))
            file.write(leaf.data + b"\n")
    if frontier.size != checkpoint.size or frontier.root() != checkpoint.root:
        raise LedgerDamaged("the stored events do not lead to the signed root; the export is not complete")
    file.write(canonical({"checkpoint": note}) + b"\n")
