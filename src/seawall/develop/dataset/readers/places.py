"""Where a dataset's files are: a local directory, or a prefix in an object store.

A place lists, describes and opens what is under its root, and nothing outside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from seawall.develop.dataset.readers.entries import Entry
from seawall.errors import UsageError

PROTOCOLS = frozenset(
    {"file", "local", "memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "hdfs", "webhdfs"}
)
"""Protocols that are read without being asked twice; the operator's own stores, not the open web."""


class Place(Protocol):
    """A directory or prefix, and what is under it. Names are relative, with `/`; `""` is the root."""

    @property
    def location(self) -> str:
        """What opens the same place again."""

    def entries(self, folder: str) -> Iterator[Entry]:
        """List one directory, sorted by name; raises OSError."""

    def describe(self, name: str) -> Entry:
        """Describe one file, links followed; raises OSError, NotRegular."""

    def open(self, name: str) -> BinaryIO:
        """Open one regular file, links followed; raises OSError, NotRegular."""

    def path(self, name: str) -> Path | None:
        """Return the local path of a file, if there is one."""

    def inside(self, folder: str, name: str) -> str:
        """Return the name under the root of what `folder` calls `name`; raises PathEscapes if it leads out of it."""


def open_place(location: str, storage: Mapping[str, Any] | None = None) -> Place:
    """Return the place at an absolute local path or a URL.

    Args:
        location: `Place.location`, or any directory or prefix.
        storage: Options of the fsspec file system.
    """
    if "://" in location:
        from seawall.develop.dataset.readers.remote import RemotePlace

        return RemotePlace(location, storage or {})
    from seawall.develop.dataset.readers.local import LocalPlace

    return LocalPlace(location)


def check_protocol(location: str, *, allow_http: bool) -> None:
    """Refuse a URL that seawall does not read.

    Raises:
        UsageError: If the protocol is not read, or protocols are chained.
    """
    protocol = location.partition("://")[0].lower()
    if "::" in location:
        raise UsageError("chained URLs are not read", hint="name the archive itself: archives are opened anyway")
    if protocol in ("http", "https"):
        if not allow_http:
            raise UsageError(f"{protocol} locations are not read", hint="copy the data to storage of your own first")
    elif protocol not in PROTOCOLS:
        raise UsageError(f"no reader for {protocol} locations", hint=f"one of: {', '.join(sorted(PROTOCOLS))}")
