"""Where cleaned data go: a local directory or a prefix in an object store.

Everything is written under a temporary name, read back, and then moved whole: a reader never sees a part of a file.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from seawall.develop.dataset.readers.errors import PathEscapes
from seawall.develop.dataset.readers.places import Place, check_protocol, open_place
from seawall.files import storage

_BLOCK = 1 << 20


class Outlet(Protocol):
    """A place that is written to. Names are relative, with `/`."""

    @property
    def place(self) -> Place:
        """The same place, to be read."""

    def writing(self, name: str) -> Any:
        """Return a context manager over a new file, which is durable when the block ends."""

    def publish(self, temporary: str, name: str, *, changed_ns: int | None = None) -> None:
        """Give a written file its name, in place of one of that name."""

    def size(self, name: str) -> int | None:
        """Return the length of a file, None if there is none."""

    def discard(self, name: str) -> None:
        """Remove a file if it is there."""

    def is_empty(self) -> bool:
        """Whether nothing is there."""

    def clear(self) -> None:
        """Remove everything."""


def open_outlet(location: str) -> Outlet:
    """Return the outlet at an absolute local path or a URL.

    Raises:
        UsageError: If it is a URL that seawall does not write to.
    """
    if "://" in location:
        check_protocol(location, allow_http=False)
        return RemoteOutlet(location)
    return LocalOutlet(location)


def absolute(location: str) -> str:
    """Return a location that means the same in every process."""
    if location.startswith(("file://", "local://")):
        location = location.partition("://")[2]
    return location.rstrip("/") if "://" in location else str(Path(location).expanduser().absolute())


def checked(name: str) -> str:
    """Return a name that stays under its root.

    Raises:
        PathEscapes: If it does not.
    """
    if not name or "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise PathEscapes
    return name


class LocalOutlet:
    """A local directory."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    @property
    def place(self) -> Place:
        """See `Outlet`."""
        return open_place(str(self._root))

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """See `Outlet`; a file whose block fails is removed."""
        path = self._root / checked(name)
        with storage(self._root):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("wb", buffering=_BLOCK) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def publish(self, temporary: str, name: str, *, changed_ns: int | None = None) -> None:
        """See `Outlet`."""
        path = self._root / checked(temporary)
        if changed_ns is not None:
            os.utime(path, ns=(changed_ns, changed_ns))
        path.replace(self._root / checked(name))

    def size(self, name: str) -> int | None:
        """See `Outlet`."""
        try:
            return (self._root / checked(name)).stat().st_size
        except OSError:
            return None

    def discard(self, name: str) -> None:
        """See `Outlet`."""
        (self._root / checked(name)).unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """See `Outlet`."""
        return not self._root.exists() or not any(self._root.iterdir())

    def clear(self) -> None:
        """See `Outlet`."""
        if self._root.exists():
            for path in self._root.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()


class RemoteOutlet:
    """A prefix in an object store or other fsspec file system."""

    def __init__(self, location: str) -> None:
        import fsspec

        from seawall.develop.dataset.readers.remote import guarded

        self._location = location
        self._guarded: Callable[[Callable[[], Any]], Any] = guarded
        self._fs, root = fsspec.core.url_to_fs(location, use_listings_cache=False)
        self._root = root.rstrip("/")

    @property
    def place(self) -> Place:
        """See `Outlet`."""
        return open_place(self._location)

    def _full(self, name: str) -> str:
        return f"{self._root}/{checked(name)}"

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """See `Outlet`; a file whose block fails is removed."""
        path = self._full(name)
        self._guarded(lambda: self._fs.makedirs(path.rpartition("/")[0], exist_ok=True))
        raw = self._guarded(lambda: self._fs.open(path, "wb"))
        try:
            yield raw
            self._guarded(raw.close)
        except BaseException:
            self.discard(name)
            raise

    def publish(self, temporary: str, name: str, *, changed_ns: int | None = None) -> None:
        """See `Outlet`; stores keep no times of their own."""
        source, target = self._full(temporary), self._full(name)
        self._guarded(lambda: self._fs.mv(source, target))

    def size(self, name: str) -> int | None:
        """See `Outlet`."""
        path = self._full(name)
        try:
            size = self._guarded(lambda: self._fs.info(path)).get("size")
        except FileNotFoundError:
            return None
        return None if size is None else int(size)

    def discard(self, name: str) -> None:
        """See `Outlet`."""
        path = self._full(name)
        if self._guarded(lambda: self._fs.exists(path)):
            self._guarded(lambda: self._fs.rm_file(path))

    def is_empty(self) -> bool:
        """See `Outlet`."""
        try:
            return not self._guarded(lambda: self._fs.find(self._root))
        except FileNotFoundError:
            return True

    def clear(self) -> None:
        """See `Outlet`."""
        for path in self._guarded(lambda: self._fs.find(self._root)):
            self._guarded(partial(self._fs.rm_file, path))


class Digesting(io.RawIOBase):
    """Passes on what is written, and knows its length and SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Write and digest."""
        view = memoryview(data).cast("B")
        self._file.write(view)
        self._digest.update(view)
        self.size += len(view)
        return len(view)

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    @property
    def sha256(self) -> bytes:
        """SHA-256 of what was written."""
        return self._digest.digest()
