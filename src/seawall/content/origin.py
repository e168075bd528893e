"""Where an item came from: the source chain that makes a hit actionable.

A field that is not known stays `None` and is written as null: unknown is shown, never guessed or left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """The source chain of one item.

    Attributes:
        dataset: Name or location of the dataset, as the operator gave it.
        shard: File within the dataset that holds the item (tar, Parquet, manifest), or None for loose files.
        offset: Byte offset (archives) or row number (tables) of the item in its shard.
        row: The dataset's own key for the row, where it has one.
        url: Address from which the item was crawled.
        crawled_at: Moment of the crawl, as the dataset states it.
        licensor: Who licensed the item to the dataset.
        collection: Collection or upstream dataset id named by the row.
    """

    dataset: str | None = None
    shard: str | None = None
    offset: int | None = None
    row: str | None = None
    url: str | None = None
    crawled_at: str | None = None
    licensor: str | None = None
    collection: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return every field, unknown ones as None."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Origin:
        """Rebuild an origin from `to_dict`; fields not known here are ignored."""
        return cls(**{field.name: data.get(field.name) for field in fields(cls)})

    @property
    def actionable(self) -> bool:
        """Whether someone could trace the item: a crawl address, or a licensor with the dataset's own key."""
        return self.url is not None or (self.licensor is not None and self.row is not None)
