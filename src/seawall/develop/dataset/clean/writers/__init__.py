"""Writers: a file that holds items, written again without some of them.

A writer is told the places of what goes and copies all else as it stands. Whether it did is not taken on trust: what it
wrote is read back by the readers before it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import BinaryIO, Protocol

from seawall.develop.dataset.readers.source import SourceFile

from .arrow import write_arrow
from .lines import write_lines
from .parquet import write_parquet
from .tar import write_tar
from .zip import write_zip

__all__ = ["WRITERS", "Writer"]


class Writer(Protocol):
    """Writes one kind of file."""

    def __call__(self, source: SourceFile, removed: Collection[int], out: BinaryIO, /) -> int:
        """Copy a file without what is removed.

        Args:
            source: The file.
            removed: Places of what goes, as `Origin.offset` counts them.
            out: Written from beginning to end, never sought in.

        Returns:
            How many pieces that no item stands for were left out besides.
        """


WRITERS: Mapping[str, Writer] = {
    "tar": write_tar,
    "zip": write_zip,
    "parquet": write_parquet,
    "arrow": write_arrow,
    "manifest": write_lines,
    "lines": write_lines,
}
"""Writer by name of the reader."""
