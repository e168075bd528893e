"""Facts about entries that are kept in plain arrays, by entry id, and the log of withdrawals.

Both files only grow; the manifest states how many records count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt

ENTRIES_FILE = "entries.bin"
WITHDRAWN_FILE = "withdrawn.bin"

RECORD = np.dtype([("labels", "<u4"), ("type", "u1"), ("keyed", "u1"), ("unused", "<u2")])
"""An entry: number of its label set, number of its type, whether it has an external key."""

NO_TYPE = 255
"""Type of an id that an interrupted change used up: there is no such entry."""

ENTRY_ID = np.dtype("<u8")


def padding(count: int) -> NDArray[Any]:
    """Return records of ids that are used up."""
    records = np.zeros(count, RECORD)
    records["type"] = NO_TYPE
    return records


def mapped(path: Path, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Map the first `count` records of a file read-only.

    Raises:
        IndexCorrupt: If the file is shorter or missing.
    """
    if count == 0:
        return np.empty(0, dtype)
    try:
        return np.memmap(path, dtype, mode="r", shape=(count,))
    except (OSError, ValueError) as problem:
        raise IndexCorrupt(f"{path.parent.name}/{path.name} is cut or missing") from problem
