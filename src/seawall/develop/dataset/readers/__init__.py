"""Dataset readers: `plan` divides datasets into shards, `read` yields the items of one.

Every regular file, archive member and table row is an item; what cannot be read is an item with a problem. Nothing is
skipped in silence, nothing is extracted to disk, and nothing is fetched from the web.
"""

from __future__ import annotations

from collections.abc import Iterator

from seawall.content.item import Item
from seawall.content.origin import Origin
from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.planning import plan
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.registry import Reader, reader_named
from seawall.develop.dataset.shards import ShardSpec

__all__ = ["Columns", "Reader", "plan", "read"]


def read(spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
    """Yield the items of a shard.

    Args:
        spec: A shard of a plan.
        media: Whether bytes are wanted; without them, tables are not read but for what rows say.

    Yields:
        Items, in an order that never changes. An item's bytes are good until the next item is drawn.

    Raises:
        SourceError: If the shard is not one that this version reads.
    """
    reader = reader_named(spec.reader)
    try:
        yield from reader.read(spec, media=media)
    except EXPECTED as error:
        key = str(spec.selector.get("key") or spec.label)
        dataset = spec.selector.get("dataset")
        yield problem_item(key, problem_of(error), Origin(dataset=dataset if isinstance(dataset, str) else None))
