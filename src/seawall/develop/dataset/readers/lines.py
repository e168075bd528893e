"""Text corpora of one text a line: given as a location, each line of a `.txt` file that is not blank is an item.

Inside a folder a `.txt` file is one document, like any other file. Line numbers begin at 1.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from seawall.content.item import Item, Problem
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.rows import text_item
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.streams import decompressed
from seawall.develop.dataset.shards import ShardSpec

MAX_LINE = 16 << 20
"""Longest line that is read."""

_LINES_PER_SHARD = 64
"""Lines for each loose file that a shard may hold: a line is much less work than a file."""

_BOM = b"\xef\xbb\xbf"
_PACKED = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `data` is None if it is too long."""

    number: int
    start: int
    end: int
    data: bytes | None


class LinesReader:
    """Reads text files that are given as locations; ranges of lines are shards, a compressed file is one."""

    name = "lines"
    suffixes: tuple[str, ...] = tuple(".txt" + packed for packed in ("", ".gz", ".zst"))

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield ranges of lines."""
        if file.name.lower().endswith(_PACKED):
            yield file.shard(self.name, {})
            return
        start, first, count, end = 0, 1, 0, 0
        with file.open() as raw:
            for line in lines(raw, 0, 1):
                count += line.data is None or bool(line.data.strip())
                end = line.end
                if count >= limits.items * _LINES_PER_SHARD or end - start >= limits.size_bytes:
                    yield _shard(file, start, end, first, count)
                    start, first, count = end, line.number + 1, 0
        if count:
            yield _shard(file, start, end, first, count)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield an item for each line of the range that is not blank."""
        file = SourceFile.of(spec, open_place(spec.location))
        start, end = spec.selector.get("start", 0), spec.selector.get("end")
        number = spec.selector.get("line", 1)
        try:
            with file.open() as raw:
                stream = decompressed(raw) if start == 0 else raw
                if start:
                    raw.seek(start)
                for line in lines(stream, start, number):
                    if end is not None and line.start >= end:
                        return
                    number = line.number + 1
                    if line.data is None or line.data.strip():
                        yield _item(file, line)
        except EXPECTED as error:
            yield problem_item(f"{file.key}::{number}", problem_of(error), replace(file.origin, offset=number))


def lines(raw: BinaryIO, start: int, number: int) -> Iterator[Line]:
    """Read lines within bounds, from where the stream is.

    Args:
        raw: The stream.
        start: Its place in the file, bytes.
        number: Number of the line that begins there.
    """
    stream = raw if isinstance(raw, io.BufferedReader | io.BytesIO) else io.BufferedReader(raw)  # type: ignore[type-var]
    while data := stream.readline(MAX_LINE + 1):
        end = start + len(data)
        line: bytes | None = data
        if len(data) > MAX_LINE and not data.endswith(b"\n"):
            line = None
            while (more := stream.readline(MAX_LINE)) and not more.endswith(b"\n"):
                end += len(more)
            end += len(more)
        yield Line(number, start, end, line)
        start, number = end, number + 1


def _shard(file: SourceFile, start: int, end: int, first: int, count: int) -> ShardSpec:
    chosen = {"start": start, "end": end, "line": first}
    return file.shard("lines", chosen, part=f"from line {first}", size_bytes=end - start, items=count)


def _item(file: SourceFile, line: Line) -> Item:
    key = f"{file.key}::{line.number}"
    origin = replace(file.origin, offset=line.number)
    if line.data is None:
        said = f"line {line.number} is longer than {MAX_LINE >> 20} MiB"
        return problem_item(key, Problem("bad_row", said), origin)
    data = line.data.removeprefix(_BOM) if line.start == 0 else line.data
    try:
        return text_item(key, origin, data.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError:
        return problem_item(key, Problem("bad_row", f"line {line.number} is not UTF-8"), origin)
