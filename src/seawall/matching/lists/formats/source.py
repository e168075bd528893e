"""A list file as text: what encoding it is in, and its lines, however long, in bounded memory.

A file that is not text at all (a picture, a database, an archive) is refused before anything is parsed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from seawall.errors import ListFormatError, NotFound
from seawall.matching.lists.rows import BadRow, Tally

MAX_LINE = 1 << 16
_PREFIX = 1 << 16
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list file that is text.

    Attributes:
        path: The file.
        encoding: Python name of its encoding.
        prefix: Its first characters, without the byte order mark.
    """

    path: Path
    encoding: str
    prefix: str

    @classmethod
    def examine(cls, path: Path) -> ListFile:
        """Look at the first bytes of a file.

        Raises:
            NotFound: If there is no such file.
            ListFormatError: If it is empty, is not text, or cannot be read.
        """
        if not path.is_file():
            raise NotFound(f"no such list file: {path.name}")
        try:
            with path.open("rb") as file:
                head = file.read(_PREFIX)
        except OSError as problem:
            raise ListFormatError(f"{path.name} cannot be read: {problem.strerror}") from problem
        encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
        prefix = codecs.getincrementaldecoder(encoding)("replace").decode(head)
        if not prefix.strip():
            raise ListFormatError(f"{path.name} is empty")
        if _CONTROL.search(prefix):
            raise ListFormatError(f"{path.name} is not a hash list: it is not text")
        return cls(path, encoding, prefix)

    def open_text(self) -> TextIO:
        """Open the file as text; bytes that are not in its encoding become U+FFFD."""
        return self.path.open("r", encoding=self.encoding, errors="replace", newline=None)

    def lines(self, tally: Tally) -> Iterator[tuple[int, str]]:
        """Yield numbers (from 1) and texts of the lines that hold something; comments (#) and blank lines do not.

        Lines longer than `MAX_LINE` characters are tallied as bad.
        """
        with self.open_text() as file:
            number = 0
            while text := file.readline(MAX_LINE):
                number += 1
                if len(text) == MAX_LINE and not text.endswith("\n"):
                    tally.reject(BadRow.TOO_LONG, number)
                    while (rest := file.readline(MAX_LINE)) and not rest.endswith("\n"):
                        continue
                    continue
                if (content := text.strip()) and not content.startswith("#"):
                    yield number, content
