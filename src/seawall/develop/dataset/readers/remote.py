"""Object stores and other fsspec file systems, read by ranges and never copied to disk.

Plug-ins of fsspec raise whatever their client library raises; here all of it becomes an OSError.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeVar

from seawall.develop.dataset.readers.entries import Entry, EntryKind
from seawall.develop.dataset.readers.errors import PathEscapes, Unreadable
from seawall.errors import SourceError, UsageError

SMALL_BYTES = 8 << 20
"""A file up to this size is fetched by one request and held in memory."""
BLOCK_BYTES = 4 << 20
"""Bytes fetched at a time of a longer file."""

_STAMPS = ("ETag", "etag", "md5Hash", "checksum", "mtime", "LastModified", "last_modified", "updated", "created")
_T = TypeVar("_T")


class RemotePlace:
    """A prefix in an object store.

    Args:
        location: Its URL.
        storage: Options of the file system; by default those of fsspec's configuration and the environment.

    Raises:
        UsageError: If the library that reads this kind of store is not installed.
    """

    def __init__(self, location: str, storage: Mapping[str, Any]) -> None:
        import fsspec

        self._location = location
        try:
            options = {"use_listings_cache": False} | dict(storage)
            self._fs, root = fsspec.core.url_to_fs(location, **options)
        except ImportError as error:
            raise UsageError(
                f"{location.partition(':')[0]} locations need a library that is not installed",
                hint="pip install 'seawall[s3]' for S3; others as fsspec's documentation says",
            ) from error
        self._root = root.rstrip("/")

    @property
    def location(self) -> str:
        """The URL."""
        return self._location

    def path(self, name: str) -> None:
        """Nothing here is a local file."""
        return

    def entries(self, folder: str) -> Iterator[Entry]:
        """List one prefix, sorted by name."""
        path = self._full(folder)
        listing = guarded(lambda: self._fs.ls(path, detail=True))
        listing.sort(key=lambda info: info["name"])
        for info in listing:
            name = info["name"].rstrip("/")
            if name == path.rstrip("/") and info["type"] == "directory":
                continue
            relative = self._relative(name)
            if not relative or (info["type"] != "directory" and info["name"].endswith("/") and not info.get("size")):
                continue  # the marker that some tools write for an empty folder
            yield self._entry(relative, info)

    def describe(self, name: str) -> Entry:
        """Describe one object or prefix."""
        path = self._full(name)
        return self._entry(name, guarded(lambda: self._fs.info(path)))

    def open(self, name: str) -> BinaryIO:
        """Open one object."""
        path = self._full(name)
        size = guarded(lambda: self._fs.info(path)).get("size")
        if size is not None and size <= SMALL_BYTES:
            return io.BytesIO(guarded(lambda: self._fs.cat_file(path)))
        raw = guarded(lambda: self._fs.open(path, "rb", block_size=BLOCK_BYTES, cache_type="readahead"))
        return io.BufferedReader(_GuardedFile(raw), 1 << 16)

    def inside(self, folder: str, name: str) -> str:
        """Return the name under the root; `folder`, not the root, is what the name may not leave."""
        parts = PurePosixPath(name)
        if "\0" in name or parts.is_absolute() or ".." in parts.parts or "://" in name:
            raise PathEscapes
        return f"{folder}/{parts}" if folder else str(parts)

    def _full(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root or "/"

    def _relative(self, full: str) -> str:
        name = full.strip("/")
        root = self._root.strip("/")
        return name.removeprefix(root).lstrip("/") if root else name

    @staticmethod
    def _entry(name: str, info: Mapping[str, Any]) -> Entry:
        if info["type"] == "directory":
            return Entry(name, EntryKind.FOLDER)
        stamp = next((info[key] for key in _STAMPS if info.get(key) is not None), "")
        return Entry(name, EntryKind.FILE, info.get("size"), str(stamp))


class _GuardedFile(io.RawIOBase):
    """A remote file whose client's errors are OSErrors."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return guarded(lambda: int(self._file.seek(offset, whence)))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        data = guarded(lambda: self._file.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def guarded(call: Callable[[], _T]) -> _T:
    """Call a file system; whatever it raises becomes an OSError or a SourceError.

    Raises:
        OSError: As the file system raised it.
        Unreadable: For any other error of the client library.
    """
    try:
        return call()
    except (OSError, SourceError):
        raise
    except Exception as error:  # client libraries share no base class
        raise Unreadable(f"the store answered with {type(error).__name__}") from error
