"""The lines of the manifest that a unit contributes: kept items, files that hold items, and what was removed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO, Any

from .fates import Fate
from .tally import Tally


@dataclass(slots=True)
class Rows:
    """Writes lines, and counts.

    Attributes:
        file: Where lines go.
        tally: The counts.
        outputs: Name and length of each file written.
    """

    file: IO[str]
    tally: Tally
    outputs: list[list[Any]] = field(default_factory=list)

    def fate(self, fate: Fate) -> None:
        """Count an item of the source; write a line if it is removed."""
        self.tally.add(fate)
        if fate.why is not None:
            self.line({"sha256": fate.sha256.hex() if fate.sha256 else None, "why": fate.why.value})

    def item(self, key: str, sha256: bytes, size: int) -> None:
        """Write the line of an item of the output."""
        self.line({"item": key, "sha256": sha256.hex(), "size": size})

    def container(self, key: str, sha256: bytes, size: int) -> None:
        """Write the line of a file that holds items."""
        self.line({"file": key, "sha256": sha256.hex(), "size": size})

    def output(self, name: str, size: int) -> None:
        """Take in that a file was written."""
        self.outputs.append([name, size])
        self.tally.files += 1
        self.tally.written += size

    def line(self, value: dict[str, Any]) -> None:
        """Write a line."""
        self.file.write(json.dumps(value, separators=(",", ":")) + "\n")
