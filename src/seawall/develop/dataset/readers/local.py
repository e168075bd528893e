"""Local directories: nothing is followed out of the root, and nothing but regular files is opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from seawall.develop.dataset.readers.entries import Entry, EntryKind
from seawall.develop.dataset.readers.errors import NotRegular, PathEscapes

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class LocalPlace:
    """A local directory.

    Args:
        root: Its absolute path.
    """

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._real: Path | None = None

    @property
    def location(self) -> str:
        """The absolute path."""
        return str(self._root)

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._root / name if name else self._root

    def entries(self, folder: str) -> Iterator[Entry]:
        """List one directory, sorted by name; links and special files are described, never followed or opened."""
        with os.scandir(self.path(folder)) as listing:
            found = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        for place, entry in enumerate(found):
            found[place] = None  # type: ignore[call-overload]  # a long listing is let go of as it is used
            name = f"{folder}/{entry.name}" if folder else entry.name
            try:
                yield self._entry(entry, name)
            except OSError as error:
                yield Entry(name, EntryKind.PROBLEM, problem=("unreadable", _reason(error)))

    def _entry(self, entry: os.DirEntry[str], name: str) -> Entry:
        if entry.is_symlink():
            return self._link(name)
        if entry.is_dir(follow_symlinks=False):
            return Entry(name, EntryKind.FOLDER)
        if not entry.is_file(follow_symlinks=False):
            return Entry(name, EntryKind.PROBLEM, problem=(NotRegular.code, _message(NotRegular)))
        facts = entry.stat(follow_symlinks=False)
        return Entry(name, EntryKind.FILE, facts.st_size, str(facts.st_mtime_ns))

    def _link(self, name: str) -> Entry:
        try:
            target = self.path(name).resolve(strict=True)
        except (OSError, RuntimeError):
            return Entry(name, EntryKind.PROBLEM, problem=("link", "the link leads nowhere"))
        if not self._holds(target):
            return Entry(name, EntryKind.PROBLEM, problem=("link", "the link leads out of the dataset"))
        if target.is_dir() or target.is_file():
            return Entry(name, EntryKind.DUPLICATE)
        return Entry(name, EntryKind.PROBLEM, problem=(NotRegular.code, _message(NotRegular)))

    def _holds(self, target: Path) -> bool:
        if self._real is None:
            self._real = self._root.resolve()
        return target.is_relative_to(self._real)

    def describe(self, name: str) -> Entry:
        """Describe one file, links followed."""
        facts = self.path(name).stat()
        if stat.S_ISDIR(facts.st_mode):
            return Entry(name, EntryKind.FOLDER)
        if not stat.S_ISREG(facts.st_mode):
            raise NotRegular
        return Entry(name, EntryKind.FILE, facts.st_size, str(facts.st_mtime_ns))

    def open(self, name: str) -> BinaryIO:
        """Open one regular file; never waits for the other end of a pipe."""
        descriptor = os.open(self.path(name), _FLAGS)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotRegular
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise

    def inside(self, folder: str, name: str) -> str:
        """Return the name under the root; `folder`, not the root, is what the name may not leave."""
        parts = PurePosixPath(name)
        if "\0" in name or parts.is_absolute() or ".." in parts.parts:
            raise PathEscapes
        try:
            base = self.path(folder).resolve()
            if not (base / parts).resolve().is_relative_to(base):
                raise PathEscapes
        except RuntimeError:
            raise PathEscapes("the path is a loop of links") from None
        return f"{folder}/{parts}" if folder else str(parts)


def _message(kind: type[NotRegular]) -> str:
    return kind().message


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno is not None else "it cannot be read"
