"""What can be wrong with a source, each with the code that its problem item carries."""

from __future__ import annotations

from seawall.errors import SourceError


class BadArchive(SourceError):
    """The archive is damaged, or is not an archive of this kind."""

    code = "bad_archive"


class TruncatedArchive(BadArchive):
    """The archive ends before its end."""

    code = "truncated_archive"


class Bomb(SourceError):
    """The data grow out of all proportion when they are decompressed."""

    code = "bomb"


class BadTable(SourceError):
    """The table is damaged, or is not a table of this kind."""

    code = "bad_table"


class PathEscapes(SourceError):
    """The path leads out of its dataset."""

    code = "path_escapes"


class NotRegular(SourceError):
    """This is a device, pipe or socket; it was not opened."""

    code = "special_file"


class Unreadable(SourceError):
    """The source cannot be read."""

    code = "unreadable"
