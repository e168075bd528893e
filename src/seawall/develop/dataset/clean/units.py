"""The unit of work of a clean: one file that holds items, whole, or a run of loose files.

A scan may read a long file in parts; it is written by one hand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from seawall.develop.dataset.readers.names import original, printable
from seawall.develop.dataset.shards import ShardSpec

LOOSE = "files"
PROBLEM = "problem"
_PROTOCOL = re.compile(r"^([a-z0-9]+)://")


@dataclass(frozen=True, slots=True)
class Unit:
    """Shards of one plan that are cleaned together.

    Attributes:
        id: 32 hex digits over what will be read.
        specs: The shards, in the order of the plan.
    """

    id: str
    specs: tuple[ShardSpec, ...]

    @classmethod
    def of(cls, specs: Iterable[ShardSpec]) -> Self:
        """Make a unit and give it its id."""
        every = tuple(specs)
        return cls(hashlib.sha256(" ".join(spec.id for spec in every).encode()).hexdigest()[:32], every)

    @property
    def reader(self) -> str:
        """Name of the reader of its shards."""
        return self.specs[0].reader

    @property
    def label(self) -> str:
        """What people call it."""
        return self.key or self.specs[0].label

    @property
    def key(self) -> str:
        """Key of the file; empty for loose files."""
        return str(self.specs[0].selector.get("key", ""))

    @property
    def size_bytes(self) -> int:
        """Bytes to read, as far as they are known."""
        return sum(spec.size_bytes or 0 for spec in self.specs)

    def to_dict(self) -> dict[str, Any]:
        """Return the unit as JSON-able values."""
        return {"id": self.id, "specs": [spec.to_dict() for spec in self.specs]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a unit from `to_dict`."""
        return cls(data["id"], tuple(ShardSpec.from_dict(spec) for spec in data["specs"]))


def units(specs: Iterable[ShardSpec]) -> Iterator[Unit]:
    """Join the shards of each file; a plan names them one after another."""
    pending: list[ShardSpec] = []
    for spec in specs:
        if pending and (spec.reader in (LOOSE, PROBLEM) or _file(spec) != _file(pending[-1])):
            yield Unit.of(pending)
            pending = []
        pending.append(spec)
    if pending:
        yield Unit.of(pending)


def _file(spec: ShardSpec) -> tuple[str, str, str]:
    return spec.reader, spec.location, str(spec.selector.get("file"))


def out_key(key: str) -> str:
    """Return the key that a file of the source has in the output."""
    return printable(original(_PROTOCOL.sub(r"\1/", key)))


def out_name(key: str) -> str:
    """Return the name of the file whose key is `key` within the output."""
    return original(out_key(key))
