"""Rows of Arrow data as items: which columns hold content, and what else a row says.

A value is content if it is a byte string, or holds one: plain binary columns, HuggingFace's `{bytes, path}`, lists and
nested structures of these. Nothing is guessed from the first rows; the schema decides.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from seawall.content.item import Item, Problem
from seawall.develop.dataset.readers.columns import Columns, Facts, text
from seawall.develop.dataset.readers.errors import BadTable
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.problems import problem_item
from seawall.develop.dataset.readers.rows import is_address, named_item, settle_address, stamp_of, text_item
from seawall.develop.dataset.readers.source import SourceFile

_DIGEST_NAMES = ("sha1", "sha256", "sha512", "md5", "blake3", "hash", "phash", "pdq", "digest", "checksum")
_DIGEST_BYTES = 64
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are.

    Attributes:
        content: Columns that hold bytes.
        files: Those of them that are `{bytes, path}`.
        single: Whether each row holds one byte string at most, so that its number is key enough.
        roles: Column by meaning.
        text: Column whose texts are the items: the one that was named, or the caption of a table that has no media.
    """

    content: tuple[str, ...]
    files: tuple[str, ...]
    single: bool
    roles: dict[str, str]
    text: str | None = None

    @property
    def names_items(self) -> bool:
        """Whether rows are items; if not, the table is a document like any other file."""
        return bool(self.content) or self.text is not None or "path" in self.roles or "url" in self.roles

    @property
    def columns(self) -> list[str]:
        """Every column that is read."""
        texts = () if self.text is None else (self.text,)
        return list(dict.fromkeys((*self.content, *self.roles.values(), *texts)))

    def without_content(self) -> Layout:
        """Return the layout that reads what rows say, and no media."""
        return replace(self, content=(), files=())

    @property
    def references(self) -> list[str]:
        """Columns, as `column` or `column.path`, that may name files beside the table."""
        inner = [f"{name}.path" for name in self.files]
        return inner if self.content else [self.roles["path"]] if "path" in self.roles else []

    @classmethod
    def of(cls, schema: Any, columns: Columns) -> Layout:
        """Read a schema.

        Raises:
            BadTable: If a column that the operator named is not there.
        """
        for role, name in columns.to_dict().items():
            if name not in schema.names:
                raise BadTable(f"the table has no column for {role} under the name given")
        content = [field for field in schema if _holds_bytes(field.type)]
        if columns.image is not None:
            content = [field for field in content if field.name == columns.image]
        else:
            content = [field for field in content if not field.name.lower().endswith(_DIGEST_NAMES)]
        names = {field.name for field in content}
        others = [field.name for field in schema if field.name not in names and _is_plain(field.type)]
        single = len(content) == 1 and (_is_bytes(content[0].type) or _is_file(content[0].type))
        files = tuple(field.name for field in content if _is_file(field.type))
        roles = columns.assign(others)
        if columns.text is not None:
            return cls((), (), True, roles, columns.text)
        if content or "path" in roles or "url" in roles:
            return cls(tuple(field.name for field in content), files, single, roles)
        caption = roles.get("caption")
        text = caption if caption is not None and _is_text(schema.field(caption).type) else None
        return cls((), (), True, roles, text)


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns rows into items.

    Attributes:
        file: The table.
        layout: Its columns.
        wanted: Whether media are wanted; without them, a row is one item with its source chain.
    """

    file: SourceFile
    layout: Layout
    wanted: bool = True

    def items(self, batch: Any, first_row: int) -> Iterator[Item]:
        """Yield the items of a batch.

        Args:
            batch: `pyarrow.RecordBatch` with the layout's columns.
            first_row: Number of its first row in the table.
        """
        present = set(batch.schema.names)
        said = {role: batch.column(name) for role, name in self.layout.roles.items() if name in present}
        held = {name: batch.column(name) for name in self.layout.content} if self.wanted else {}
        for place in range(batch.num_rows):
            facts = Facts(**{role: _said(column, place) for role, column in said.items()})
            if self.layout.text is None:
                yield from self._row(first_row + place, place, facts, held)
            else:
                yield self._text(first_row + place, facts, batch.column(self.layout.text)[place])

    def _text(self, row: int, facts: Facts, value: Any) -> Item:
        key = f"{self.file.key}::{row}"
        path, url = settle_address(facts)
        base = replace(self.file.origin, row=printable(path) if path else None)
        origin = replace(facts, url=url).origin(base, offset=row)
        try:
            body = value.as_py()
        except ValueError:
            body = None
        if not isinstance(body, str):
            return problem_item(key, Problem("bad_row", "the row has no text"), origin)
        return text_item(key, origin, body)

    def _row(self, row: int, place: int, facts: Facts, held: dict[str, Any]) -> Iterator[Item]:
        path, url = settle_address(facts)
        base = replace(self.file.origin, row=printable(path) if path else None)
        origin = replace(facts, url=url).origin(base, offset=row)
        key = f"{self.file.key}::{row}"
        found = False
        for name, column in held.items():
            for where, value in _leaves(column[place].as_py(), printable(name)):
                found = True
                own = key if self.layout.single else f"{key}/{where}"
                yield self._leaf(own, origin, value, facts.caption)
        if not found:
            yield named_item(self.file, key, origin, path, facts.caption)

    def _leaf(self, key: str, origin: Any, value: bytes | str, caption: str | None) -> Item:
        if isinstance(value, str):
            if origin.row is None:
                origin = replace(origin, row=printable(value))
            return named_item(self.file, key, origin, value, caption)
        return Item(key, origin, partial(io.BytesIO, value), size=len(value), caption=caption)


def referenced(file: SourceFile, batches: Iterable[Any], layout: Layout) -> str:
    """Return a digest that changes when a file beside the table does that one of its rows may name."""
    stamps = hashlib.sha256()
    for batch in batches:
        for reference in layout.references:
            name, _, inner = reference.rpartition(".") if layout.content else (reference, "", "")
            column = batch.column(name)
            for value in column.field(inner) if inner else column:
                path = text(value.as_py())
                stamp, _ = stamp_of(file, None if path is None or is_address(path) else path)
                stamps.update(f"{stamp}\n".encode())
    return stamps.hexdigest()


def batch_rows(rows: int, size: int) -> int:
    """Return how many rows to hold at a time, given the rows and uncompressed bytes of a part of a table."""
    return max(1, min(64, (32 << 20) // max(1, size // max(1, rows))))


def _said(column: Any, place: int) -> str | None:
    try:
        return text(column[place].as_py())
    except (ValueError, OverflowError):
        return None


def _leaves(value: Any, where: str, depth: int = 0) -> Iterator[tuple[str, bytes | str]]:
    """Yield every byte string in a value with its place; a path stands in where a file has no bytes of its own."""
    if isinstance(value, bytes):
        yield where, value
    elif depth > _MAX_DEPTH:
        return
    elif isinstance(value, dict):
        if set(value) == {"bytes", "path"}:
            content = value["bytes"] if value["bytes"] is not None else value["path"]
            if content is not None:
                yield where, content
            return
        for name, inner in value.items():
            yield from _leaves(inner, f"{where}/{printable(str(name))}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{where}/{number}", depth + 1)


def _is_bytes(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _is_file(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_struct(kind)) and {field.name for field in kind} == {"bytes", "path"}


def _holds_bytes(kind: Any, depth: int = 0) -> bool:
    import pyarrow.types as types

    if _is_bytes(kind) or depth > _MAX_DEPTH:
        return True
    if types.is_dictionary(kind):
        return _holds_bytes(kind.value_type, depth + 1)
    if isinstance(kind, _extension_type()):
        return _holds_bytes(kind.storage_type, depth + 1)
    return any(_holds_bytes(kind.field(number).type, depth + 1) for number in range(kind.num_fields))


def _extension_type() -> Any:
    import pyarrow as pa

    return pa.BaseExtensionType


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_plain(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_temporal(kind)
    )


@contextmanager
def translated(kind: str) -> Iterator[None]:
    """Turn Arrow's errors into BadTable; they may quote the file, so their texts go no further.

    Args:
        kind: What the table should be, with its article.
    """
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise BadTable(f"the table is damaged, or is not {kind}") from error
    except OSError as error:
        if error.errno is None:
            raise BadTable("the table is damaged or cut") from error
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise BadTable("the table is damaged") from error
