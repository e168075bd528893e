"""Which field of a row means what: one vocabulary for manifests, tables and the sidecars of WebDataset samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from seawall.content.origin import Origin

MAX_TEXT = 1 << 16
"""Longest text kept of a field, in characters."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "path": ("path", "file", "file_name", "filename", "filepath", "file_path", "image_path", "image"),
    "url": ("url", "source_url", "image_url", "img_url", "media_url", "src"),
    "caption": ("caption", "text", "alt_text", "alt", "description", "prompt"),
    "licensor": ("licensor", "license", "licence", "rights", "copyright"),
    "collection": ("collection", "dataset", "source_dataset", "subset", "source"),
    "crawled_at": ("crawled_at", "crawl_time", "fetched_at", "downloaded_at", "timestamp", "date"),
    "key": ("key", "id", "uid", "image_id", "item_id", "sample_id", "sha256", "md5"),
}
"""Field names by meaning, most telling first; upper and lower case are one."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that the operator named; None leaves a meaning to be told from the names.

    Attributes:
        image: Column that holds the bytes of the media.
        path: Column that names a file.
        url: Column that holds the address.
        caption: Column that holds the text.
        licensor: Column that says who licensed the item.
        collection: Column that names the upstream collection.
        crawled_at: Column that holds the moment of the crawl.
        key: Column that holds the dataset's own key.
        text: Column whose texts are the items, whatever else the rows name.
    """

    image: str | None = None
    path: str | None = None
    url: str | None = None
    caption: str | None = None
    licensor: str | None = None
    collection: str | None = None
    crawled_at: str | None = None
    key: str | None = None
    text: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the names that were given."""
        return {role: name for role, name in asdict(self).items() if name is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, str] | None) -> Columns:
        """Rebuild from `to_dict`."""
        return cls(**(data or {}))

    def assign(self, fields: Iterable[str], roles: Iterable[str] = NAMES) -> dict[str, str]:
        """Say which of the fields plays which role.

        Args:
            fields: Names of the fields that a row has.
            roles: Roles wanted.

        Returns:
            Field by role; a role that no field plays is left out.
        """
        given = self.to_dict()
        exact = list(fields)
        folded = {name.lower(): name for name in reversed(exact)}
        found = {}
        for role in roles:
            if role in given:
                if given[role] in exact:
                    found[role] = given[role]
                continue
            name = next((folded[name] for name in NAMES[role] if name in folded), None)
            if name is not None:
                found[role] = name
        return found


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row says about its item; None where it says nothing."""

    path: str | None = None
    url: str | None = None
    caption: str | None = None
    licensor: str | None = None
    collection: str | None = None
    crawled_at: str | None = None
    key: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any], columns: Columns) -> Facts:
        """Read a row whose fields are named as `columns` or `NAMES` say.

        A field that holds nothing usable gives way to the next name of the same meaning.
        """
        given = columns.to_dict()
        folded = {name.lower(): value for name, value in row.items()}
        found = {}
        for role, names in NAMES.items():
            values = [row.get(given[role])] if role in given else [folded[name] for name in names if name in folded]
            found[role] = next((said for value in values if (said := text(value)) is not None), None)
        return cls(**found)

    def origin(self, base: Origin, *, offset: int | None) -> Origin:
        """Complete the source chain that all rows of a file share."""
        return Origin(
            dataset=base.dataset,
            shard=base.shard,
            offset=offset,
            row=self.key or base.row,
            url=self.url,
            crawled_at=self.crawled_at,
            licensor=self.licensor,
            collection=self.collection,
        )


NO_FACTS = Facts()


def corpus_text(row: Mapping[str, Any], columns: Columns) -> str | None:
    """Return the whole text of a row of a text corpus, or None if it has none."""
    if columns.text is not None:
        value = row.get(columns.text)
        return value if isinstance(value, str) else None
    folded = {name.lower(): value for name, value in row.items()}
    values = (folded[name] for name in NAMES["caption"] if name in folded)
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


def text(value: Any) -> str | None:
    """Return a field as text that can be stored as UTF-8, or None if it says nothing."""
    if isinstance(value, str):
        said = value[:MAX_TEXT].strip()
        if not said:
            return None
        return said if said.isascii() else said.encode("utf-8", "replace").decode()
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes) and len(value) <= MAX_TEXT:
        return text(value.decode("utf-8", "replace"))
    return None
