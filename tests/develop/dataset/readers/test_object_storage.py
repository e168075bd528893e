"""Object stores: a real S3 protocol server on this machine, and fsspec's memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from seawall.develop.dataset.readers import plan, read, remote
from seawall.errors import NotFound


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(params=["s3", "memory"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new empty prefix."""
    if request.param == "memory":
        return f"memory://{uuid4().hex}"
    for name, value in (
        ("AWS_ENDPOINT_URL", request.getfixturevalue("server")),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    bucket = f"b{uuid4().hex}"
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(bucket)
    fsspec.filesystem("s3").clear_instance_cache()
    return f"s3://{bucket}/data"


def _put(url: str, data: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(data)


@pytest.fixture
def filled(store: str, readers: Any) -> str:
    _put(f"{store}/a.bin", b"a")
    _put(f"{store}/deep/b.bin", b"b" * 5000)
    _put(f"{store}/s.tar", readers.tar_bytes([(f"{n}.bin", bytes([n]) * 3000) for n in range(30)]))
    _put(f"{store}/z.zip", readers.zip_bytes([("m", b"m" * 100)]))
    table = io.BytesIO()
    pq.write_table(pa.table({"image": [b"one", b"two"], "url": ["https://e.org/1", "https://e.org/2"]}), table)
    _put(f"{store}/t.parquet", table.getvalue())
    rows = [{"path": "a.bin"}, {"path": "../a.bin"}, {"path": "nothing"}, {"url": "https://e.org"}, {"path": "deep"}]
    _put(f"{store}/m.jsonl", "\n".join(map(json.dumps, rows)).encode())
    return store


def test_a_prefix_is_read_like_a_folder(readers: Any, filled: str) -> None:
    got = readers.by_key(readers.read_all(filled))
    assert got["a.bin"].data == b"a"
    assert got["deep/b.bin"].data == b"b" * 5000
    assert got["s.tar::7.bin"].data == bytes([7]) * 3000
    assert got["z.zip::m"].data == b"m" * 100
    assert got["t.parquet::1"].data == b"two"
    assert got["t.parquet::1"].item.origin.url == "https://e.org/2"
    assert len(got) == 2 + 30 + 1 + 2 + 1
    assert {each.item.origin.dataset for each in got.values()} == {filled}


@pytest.mark.parametrize("name", ["s.tar", "z.zip", "t.parquet"])
def test_long_objects_are_read_by_ranges(readers: Any, filled: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    whole = readers.read_all(f"{filled}/{name}")
    monkeypatch.setattr(remote, "SMALL_BYTES", 10)
    monkeypatch.setattr(remote, "BLOCK_BYTES", 4096)
    ranged = readers.read_all(f"{filled}/{name}")
    assert [(each.key, each.data) for each in ranged] == [(each.key, each.data) for each in whole]
    assert all(each.code is None for each in ranged)
    assert ranged[0].key.startswith(f"{name}::")


def test_a_manifest_in_a_store_names_objects_beside_it(readers: Any, filled: str) -> None:
    got = readers.read_all(f"{filled}/m.jsonl")
    assert [each.code for each in got] == [None, "path_escapes", "not_found", "not_fetched", "unreadable"]
    assert got[0].data == b"a"


def test_a_changed_object_makes_another_shard(filled: str) -> None:
    before = {spec.id for spec in plan([filled])}
    assert {spec.id for spec in plan([filled])} == before
    _put(f"{filled}/s.tar", bytes(10240))
    assert len({spec.id for spec in plan([filled])} - before) == 1


def test_missing_objects_are_named(store: str) -> None:
    with pytest.raises(NotFound):
        list(plan([f"{store}/nothing.tar"]))


def test_an_object_that_goes_away_is_a_problem(readers: Any, filled: str) -> None:
    (spec,) = plan([f"{filled}/s.tar"])
    fs, path = fsspec.core.url_to_fs(f"{filled}/s.tar")
    fs.rm(path)
    (item,) = read(spec)
    assert item.problem is not None


def test_a_store_that_does_not_answer_is_one_problem_and_shows_no_secret(
    readers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(fsspec.AbstractFileSystem):  # type: ignore[misc]
        def info(self, path: str, **_: Any) -> Any:
            raise RuntimeError("no such host: user:password")

    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url, **_: (Silent(), url))
    (got,) = readers.read_all("s3://user:password@bucket/x.tar?signature=secret")
    assert got.code == "unreadable"
    said = f"{got.key} {got.item.problem} {got.item.origin}"
    assert "password" not in said
    assert "signature" not in said
