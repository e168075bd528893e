"""JSONL: a row is a JSON object that names a file beside the manifest, an address, or both, or is a text itself.

Line numbers begin at 1. Every line that is not blank is an item; one that cannot be read is a problem item that says
which line it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from seawall.content.item import Item, Problem
from seawall.develop.dataset.readers.columns import Columns, Facts, corpus_text
from seawall.develop.dataset.readers.errors import BadTable
from seawall.develop.dataset.readers.lines import MAX_LINE, Line, lines
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.rows import named_item, settle_address, stamp_of, text_item
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.streams import decompressed
from seawall.develop.dataset.shards import ShardSpec

_BOM = b"\xef\xbb\xbf"
_PACKED = (".gz", ".zst")


class ManifestReader:
    """Reads manifests that are given as locations; ranges of lines are shards, a compressed manifest is one."""

    name = "manifest"
    suffixes: tuple[str, ...] = tuple(
        suffix + packed for suffix in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst")
    )

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield ranges of lines; files that the rows name are looked at, so that a changed one makes another shard."""
        chosen = {"columns": limits.columns.to_dict()}
        if file.name.lower().endswith(_PACKED):
            yield file.shard(self.name, chosen)
            return
        with file.open() as raw:
            part = _Range(limits.columns)
            for line in lines(raw, 0, 1):
                part.add(file, line)
                if part.rows >= limits.items or part.referenced >= limits.size_bytes:
                    yield part.shard(file, chosen)
                    part = _Range(limits.columns, part.end, line.number + 1)
            if part.rows:
                yield part.shard(file, chosen)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield a row's item for each line of the range."""
        file = SourceFile.of(spec, open_place(spec.location))
        columns = Columns.from_dict(spec.selector.get("columns"))
        start, end = spec.selector.get("start", 0), spec.selector.get("end")
        first = number = spec.selector.get("line", 1)
        try:
            with file.open() as raw:
                stream = decompressed(raw) if start == 0 else raw
                if start:
                    raw.seek(start)
                for line in lines(stream, start, first):
                    if end is not None and line.start >= end:
                        return
                    number = line.number + 1
                    if line.data is None or line.data.strip():
                        yield _item(file, line, columns)
        except EXPECTED as error:
            yield problem_item(f"{file.key}::{number}", problem_of(error), replace(file.origin, offset=number))


class _Range:
    """The lines of a shard, as they are gathered."""

    def __init__(self, columns: Columns, start: int = 0, line: int = 1) -> None:
        self._columns = columns
        self._start, self._line = start, line
        self._stamps = hashlib.sha256()
        self.end = start
        self.rows = 0
        self.referenced = 0

    def add(self, file: SourceFile, line: Line) -> None:
        """Take a line in."""
        self.end = line.end
        if line.data is not None and not line.data.strip():
            return
        self.rows += 1
        try:
            path, _ = settle_address(Facts.of(_parse(line), self._columns))
        except BadTable:
            return
        stamp, size = stamp_of(file, path)
        self._stamps.update(f"{line.number} {stamp}\n".encode())
        self.referenced += size

    def shard(self, file: SourceFile, chosen: dict[str, Any]) -> ShardSpec:
        """Return the shard of these lines."""
        lines = {"start": self._start, "end": self.end, "line": self._line, "referenced": self._stamps.hexdigest()}
        size = self.referenced + self.end - self._start
        return file.shard("manifest", chosen | lines, part=f"from line {self._line}", size_bytes=size, items=self.rows)


def _parse(line: Line) -> dict[str, Any]:
    if line.data is None:
        raise BadTable(f"line {line.number} is longer than {MAX_LINE >> 20} MiB")
    try:
        row = json.loads(line.data.removeprefix(_BOM) if line.start == 0 else line.data)
    except (ValueError, RecursionError):
        raise BadTable(f"line {line.number} is not JSON") from None
    if not isinstance(row, dict):
        raise BadTable(f"line {line.number} is not a JSON object")
    return row


def _item(file: SourceFile, line: Line, columns: Columns) -> Item:
    key = f"{file.key}::{line.number}"
    try:
        row = _parse(line)
        facts = Facts.of(row, columns)
    except BadTable as error:
        return problem_item(key, Problem("bad_row", error.message), replace(file.origin, offset=line.number))
    path, url = settle_address(facts)
    if columns.text is not None or (path is None and url is None):
        body = corpus_text(row, columns)
        if body is not None:
            return text_item(key, facts.origin(file.origin, offset=line.number), body)
        problem = Problem("bad_row", f"line {line.number} names no path and no address, and has no text")
        return problem_item(key, problem, facts.origin(file.origin, offset=line.number))
    base = replace(file.origin, row=printable(path) if path else None)
    origin = replace(facts, url=url).origin(base, offset=line.number)
    return named_item(file, key, origin, path, facts.caption)
