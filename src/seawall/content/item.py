"""One item under examination, before anything is known of it but its place.

Readers yield items; an item's bytes are read once, as a stream, and are never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from seawall.content.media import Sniffed
from seawall.content.origin import Origin


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an item, or a part of a source, could not be read.

    Attributes:
        code: Stable code (`unreadable`, `not_fetched`, `bad_row`, `truncated_archive`, ...).
        message: One line for a person; never content bytes.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """One regular file, archive member or table row.

    Attributes:
        key: Identifies the item within the scan: path, `shard.tar::member`, `table.parquet::row`; unique per source.
        origin: The source chain.
        open: Opens the bytes as a binary stream; may raise OSError or SourceError. Valid only until the
            next item is drawn from the reader. None when `problem` says why there are no bytes.
        size: Length in bytes, when known without reading.
        path: The local file that holds exactly this item's bytes, if there is one.
        problem: Set when the row names bytes that cannot be had (a URL that is not fetched, a broken row).
        caption: Text that travels with the item, if the row has any.
        kind: What the bytes are, where the reader knows; otherwise the first bytes tell.
    """

    key: str
    origin: Origin
    open: Callable[[], BinaryIO] | None
    size: int | None = None
    path: Path | None = None
    problem: Problem | None = None
    caption: str | None = field(default=None, repr=False)
    kind: Sniffed | None = None
