"""Small datasets of every kind, and the shortest way to read one."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seawall.content.item import Item
from seawall.develop.dataset.readers import plan, read
from seawall.develop.dataset.shards import ShardSpec


@dataclass(frozen=True)
class Got:
    """One item, read to its end."""

    item: Item
    data: bytes | None
    code: str | None

    @property
    def key(self) -> str:
        return self.item.key


def take(item: Item) -> Got:
    """Read an item as an examiner would: what goes wrong is a code."""
    from seawall.errors import SeawallError

    if item.problem is not None:
        assert item.open is None
        return Got(item, None, item.problem.code)
    assert item.open is not None
    try:
        with item.open() as stream:
            data = b""
            while chunk := stream.read(1 << 16):
                data += chunk
    except SeawallError as error:
        return Got(item, None, error.code)
    except (OSError, EOFError, ValueError):
        return Got(item, None, "unreadable")
    return Got(item, data, None)


def read_all(*locations: str | Path, **options: Any) -> list[Got]:
    """Plan and read locations; keys must be unique and storable."""
    specs = [ShardSpec.from_dict(spec.to_dict()) for spec in plan([str(each) for each in locations], **options)]
    got = [take(item) for spec in specs for item in read(spec)]
    keys = [each.key for each in got]
    assert len(set(keys)) == len(keys), "keys must be unique"
    for each in got:
        assert each.key.isprintable()
        each.key.encode()
        for said in (each.item.origin.row, each.item.origin.url, each.item.origin.shard, each.item.origin.dataset):
            (said or "").encode()
    return got


def tar_bytes(members: Iterable[tuple[str, bytes]], **options: Any) -> bytes:
    """Return a tar archive of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_bytes(members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=compression)
    return buffer.getvalue()


def by_key(got: Sequence[Got]) -> Mapping[str, Got]:
    return {each.key: each for each in got}


@pytest.fixture
def readers() -> Any:
    """The functions above; test folders are no packages."""

    class Kit:
        take = staticmethod(take)
        read_all = staticmethod(read_all)
        tar_bytes = staticmethod(tar_bytes)
        zip_bytes = staticmethod(zip_bytes)
        by_key: Callable[..., Any] = staticmethod(by_key)

    return Kit
