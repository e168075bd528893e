"""The shard: the unit of work, of retry, of commit and of audit.

A shard's id follows from everything that says what will be read, sizes and times of change included. The same data
has the same id on every run; changed data has another, so that an old receipt no longer counts for it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from seawall.errors import SourceError

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ShardSpec:
    """A part of a dataset that one worker reads.

    Attributes:
        id: 32 hex digits over reader, location and selector.
        reader: Name of the reader.
        location: Directory or URL prefix under which the shard's files are.
        label: For people; no part of the identity.
        selector: JSON-able: which files, rows or byte ranges, with their sizes and stamps.
        size_bytes: Bytes to read, if known.
        items: Number of items, if known before reading.
    """

    id: str
    reader: str
    location: str
    label: str
    selector: Mapping[str, Any] = field(hash=False)
    size_bytes: int | None = None
    items: int | None = None

    @classmethod
    def of(
        cls,
        reader: str,
        location: str,
        selector: Mapping[str, Any],
        *,
        label: str,
        size_bytes: int | None = None,
        items: int | None = None,
    ) -> Self:
        """Make a shard and give it its id.

        Raises:
            TypeError: If the selector is not JSON-able.
        """
        canonical = json.dumps([reader, location, selector], sort_keys=True, separators=(",", ":"))
        identity = hashlib.sha256(canonical.encode()).hexdigest()[:32]
        return cls(identity, reader, location, label, json.loads(canonical)[2], size_bytes, items)

    def to_dict(self) -> dict[str, Any]:
        """Return the shard as JSON-able values."""
        return {
            "id": self.id,
            "reader": self.reader,
            "location": self.location,
            "label": self.label,
            "selector": dict(self.selector),
            "size_bytes": self.size_bytes,
            "items": self.items,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a shard from `to_dict`.

        Raises:
            SourceError: If the data are not those of a shard.
        """
        try:
            spec = cls(
                data["id"],
                data["reader"],
                data["location"],
                data["label"],
                data["selector"],
                data.get("size_bytes"),
                data.get("items"),
            )
        except (KeyError, TypeError, AttributeError):
            raise SourceError("a shard of the plan is damaged") from None
        texts = (spec.id, spec.reader, spec.location, spec.label)
        if not all(isinstance(text, str) for text in texts) or not isinstance(spec.selector, Mapping):
            raise SourceError("a shard of the plan is damaged")
        if not _ID.fullmatch(spec.id):
            raise SourceError("a shard of the plan has an impossible id")
        return spec
