"""Reading hash lists: the formats, how one is told from another, and one entry point that yields rows.

Parsers stream in bounded memory and touch nothing but the file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from seawall.errors import ListFormatError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import ListRow, Tally, ValueBlock

__all__ = ["Format", "detect", "read_list"]

_LINES_LOOKED_AT = 50
_HEX = re.compile(r"[0-9A-Fa-f]{16,}(\s*#.*)?")
_TYPED = re.compile(r"([A-Za-z][A-Za-z0-9_]{1,31})\s+\S.*")


class Format(StrEnum):
    """File formats of hash lists."""

    PLAIN = "plain"
    TYPED = "typed"
    CSV = "csv"
    VPDQ = "vpdq"
    NCMEC = "ncmec"
    STOPNCII = "stopncii"


def detect(file: ListFile, types: SignalTypes) -> Format:
    """Tell the format of a file from its content.

    Raises:
        ListFormatError: If it is in none of the formats.
    """
    from seawall.matching.lists.formats.table import REQUIRED, columns_of
    from seawall.matching.lists.formats.vpdq import FRAME_LINE

    start = file.prefix.lstrip()
    if start.startswith("<"):
        if re.match(r"<(!doctype\s+html|html)\b", start, re.IGNORECASE):
            raise ListFormatError(f"{file.path.name} is not a hash list: it is a web page")
        return Format.NCMEC
    if start.startswith(("{", "[")):
        return Format.STOPNCII
    stripped = (line.strip() for line in file.prefix.splitlines())
    lines = list(itertools.islice((line for line in stripped if line and not line.startswith("#")), _LINES_LOOKED_AT))
    if lines and set(REQUIRED) <= set(columns_of(lines[0])):
        return Format.CSV
    for line in lines:
        if FRAME_LINE.fullmatch(line):
            return Format.VPDQ
        if _HEX.fullmatch(line):
            return Format.PLAIN
        typed = _TYPED.fullmatch(line)
        if typed and typed[1].lower() in types:
            return Format.TYPED
    raise ListFormatError(
        f"{file.path.name} is not a hash list in a known format", hint="name it with --format: " + ", ".join(Format)
    )


def read_list(
    path: Path, types: SignalTypes, tally: Tally, *, format: Format | None = None, type: str | None = None
) -> tuple[Format, Iterator[ListRow | ValueBlock]]:
    """Open a hash list.

    Args:
        path: The file.
        types: Installed signal types; rows of other types are tallied as unsupported.
        tally: Filled while the rows are read.
        format: Format of the file; None tells it from the content.
        type: Signal type of every value of a plain list; None infers it from each value's length.

    Returns:
        The format and the rows. Reading them may raise ListFormatError if the file turns out to be damaged.

    Raises:
        NotFound: If there is no such file.
        ListFormatError: If the file is empty, is not text or is in no known format.
        UsageError: If `type` is not installed.
    """
    if type is not None:
        types[type]
    file = ListFile.examine(path)
    chosen = format or (Format.PLAIN if type is not None and _looks_plain(file) else detect(file, types))
    return chosen, _parse(chosen, file, types, tally, type)


def _looks_plain(file: ListFile) -> bool:
    return not file.prefix.lstrip().startswith(("<", "{", "["))


def _parse(
    chosen: Format, file: ListFile, types: SignalTypes, tally: Tally, type_name: str | None
) -> Iterator[ListRow | ValueBlock]:
    if chosen is Format.PLAIN:
        from seawall.matching.lists.formats.plain import parse_plain

        return parse_plain(file, types, tally, type_name)
    if chosen is Format.TYPED:
        from seawall.matching.lists.formats.typed import parse_typed as parse
    elif chosen is Format.CSV:
        from seawall.matching.lists.formats.table import parse_table as parse
    elif chosen is Format.VPDQ:
        from seawall.matching.lists.formats.vpdq import parse_vpdq as parse
    elif chosen is Format.NCMEC:
        from seawall.matching.lists.formats.ncmec import parse_ncmec as parse
    else:
        from seawall.matching.lists.formats.stopncii import parse_stopncii as parse
    return parse(file, types, tally)
