"""From a row that names things to an item: bytes of its own, a file beside the table, or an address not fetched."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from seawall.content.item import Item, Problem
from seawall.content.media import TEXT
from seawall.content.origin import Origin
from seawall.develop.dataset.readers.columns import Facts
from seawall.develop.dataset.readers.entries import EntryKind
from seawall.develop.dataset.readers.places import Place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.source import SourceFile

NOT_FETCHED = Problem("not_fetched", "the row holds an address alone; seawall does not fetch it")
NO_CONTENT = Problem("no_content", "the row holds neither bytes nor a path nor an address")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """Opens the file that a row names, and says which one it is.

    Attributes:
        place: Where it is.
        name: Its name there.
    """

    place: Place
    name: str

    def __call__(self) -> BinaryIO:
        """Open the file."""
        return self.place.open(self.name)


def is_address(said: str) -> bool:
    """Say whether a field that should hold a path holds a web address."""
    return said[:8].lower().startswith(("http://", "https://"))


def settle_address(facts: Facts) -> tuple[str | None, str | None]:
    """Return (path, url): an address in the path's place is an address."""
    if facts.path is not None and is_address(facts.path):
        return None, facts.url or facts.path
    return facts.path, facts.url


def named_item(file: SourceFile, key: str, origin: Origin, path: str | None, caption: str | None) -> Item:
    """Return the item of a row that holds no bytes of its own.

    Args:
        file: The manifest or table; paths are relative to its folder and may not leave it.
        key: Key of the item.
        origin: Its source chain, the address included.
        path: The path that the row names, if any.
        caption: Text of the row.
    """
    if path is None:
        problem = NOT_FETCHED if origin.url is not None else NO_CONTENT
        return Item(key, origin, None, problem=problem, caption=caption)
    try:
        name = file.place.inside(file.folder, path)
        entry = file.place.describe(name)
    except FileNotFoundError:
        problem = Problem("not_found", "the row names a file that is not there")
        return Item(key, origin, None, problem=problem, caption=caption)
    except EXPECTED as error:
        return Item(key, origin, None, problem=problem_of(error), caption=caption)
    if entry.kind is not EntryKind.FILE:
        return problem_item(key, Problem("unreadable", "the row names a folder"), origin)
    opener = NamedFile(file.place, name)
    return Item(key, origin, opener, size=entry.size, path=file.place.path(name), caption=caption)


def text_item(key: str, origin: Origin, body: str) -> Item:
    """Return the item of a row that is a text."""
    data = body.encode("utf-8", "replace")
    return Item(key, origin, partial(io.BytesIO, data), size=len(data), kind=TEXT)


def stamp_of(file: SourceFile, path: str | None) -> tuple[str, int]:
    """Return what changes when the file that a row names does, and the file's length."""
    if path is None or file.place.path("") is None:
        return "", 0
    try:
        entry = file.place.describe(file.place.inside(file.folder, path))
    except EXPECTED as error:
        return problem_of(error).code, 0
    return f"{entry.size}:{entry.stamp}", entry.size or 0
