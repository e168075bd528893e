"""Parquet and Arrow: bytes, paths, addresses; damage; memory."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from seawall.develop.dataset.readers import Columns, plan, read


def _parquet(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path.with_suffix(".parquet"), row_group_size=4)
    return path.with_suffix(".parquet")


def _arrow_file(table: pa.Table, path: Path) -> Path:
    path = path.with_suffix(".arrow")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=4)
    return path


def _arrow_stream(table: pa.Table, path: Path) -> Path:
    path = path.with_suffix(".arrow")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=4)
    return path


def _feather(table: pa.Table, path: Path) -> Path:
    feather.write_feather(table, path.with_suffix(".feather"), chunksize=4)
    return path.with_suffix(".feather")


Write = Callable[[pa.Table, Path], Path]
every_format = pytest.mark.parametrize("write", [_parquet, _arrow_file, _arrow_stream, _feather])


@every_format
def test_huggingface_images_are_items_with_their_source_chain(readers: Any, tmp_path: Path, write: Write) -> None:
    table = pa.table(
        {
            "image": [{"bytes": bytes([n]) * n, "path": f"{n}.jpg"} for n in range(10)],
            "URL": [f"https://example.org/{n}" for n in range(10)],
            "TEXT": [f"words {n}" for n in range(10)],
            "license": ["CC0"] * 10,
            "id": list(range(100, 110)),
            "crawled_at": [datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)] * 10,
            "phash": [b"12345678"] * 10,
        }
    )
    path = write(table, tmp_path / "t")
    got = readers.read_all(tmp_path)
    assert [(each.key, each.data) for each in got] == [(f"{path.name}::{n}", bytes([n]) * n) for n in range(10)]
    origin = got[7].item.origin
    assert (origin.shard, origin.offset, origin.row) == (path.name, 7, "107")
    assert (origin.url, origin.licensor) == ("https://example.org/7", "CC0")
    assert (origin.crawled_at or "").startswith("2024-01-02T00:00:00")
    assert got[7].item.caption == "words 7"


@every_format
def test_plain_binary_columns_are_items(readers: Any, tmp_path: Path, write: Write) -> None:
    path = write(pa.table({"jpg": pa.array([b"one", None, b"three"], pa.large_binary())}), tmp_path / "t")
    got = readers.read_all(path)
    assert [(each.data, each.code) for each in got] == [(b"one", None), (None, "no_content"), (b"three", None)]


def test_every_byte_string_of_a_row_is_an_item(readers: Any, tmp_path: Path) -> None:
    file = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {
            "jpg_0": pa.array([b"a", b"b"]),
            "jpg_1": pa.array([b"c", None]),
            "images": pa.array([[{"bytes": b"d", "path": None}, {"bytes": b"e", "path": "p"}], []], pa.list_(file)),
            "nested": pa.array([{"x": {"y": b"f"}}, None], pa.struct([("x", pa.struct([("y", pa.binary())]))])),
            "pairs": pa.array([[("k", b"g")], None], pa.map_(pa.string(), pa.binary())),
        }
    )
    got = readers.read_all(_parquet(table, tmp_path / "t"))
    assert {each.key.partition("::")[2]: each.data for each in got} == {
        "0/jpg_0": b"a",
        "0/jpg_1": b"c",
        "0/images/0": b"d",
        "0/images/1": b"e",
        "0/nested/x/y": b"f",
        "0/pairs/0/1": b"g",
        "1/jpg_0": b"b",
    }


@every_format
def test_paths_are_read_beside_the_table_and_nowhere_else(readers: Any, tmp_path: Path, write: Write) -> None:
    (tmp_path / "data/img").mkdir(parents=True)
    (tmp_path / "data/img/a.jpg").write_bytes(b"a")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "data/out").symlink_to(tmp_path / "secret")
    paths = ["img/a.jpg", "../secret", str(tmp_path / "secret"), "out", "img", "nothing", None, "https://e.org/x"]
    path = write(pa.table({"file_name": paths}), tmp_path / "data/t")
    got = readers.read_all(path)
    codes = [each.code for each in got]
    escapes = ["path_escapes"] * 3
    assert codes == [None, *escapes, "unreadable", "not_found", "no_content", "not_fetched"]
    assert (got[0].data, got[0].item.path) == (b"a", tmp_path / "data/img/a.jpg")
    assert got[7].item.origin.url == "https://e.org/x"
    before = [spec.id for spec in plan([str(path)])]
    os.utime(tmp_path / "data/img/a.jpg", ns=(1, 1))
    assert [spec.id for spec in plan([str(path)])] != before


@every_format
def test_a_huggingface_row_without_bytes_names_a_file(readers: Any, tmp_path: Path, write: Write) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    rows = [{"bytes": None, "path": "a.jpg"}, {"bytes": b"b", "path": "b.jpg"}, {"bytes": None, "path": "/etc/passwd"}]
    path = write(pa.table({"image": rows}), tmp_path / "t")
    assert [(e.data, e.code) for e in readers.read_all(path)] == [(b"a", None), (b"b", None), (None, "path_escapes")]
    before = [spec.id for spec in plan([str(path)])]
    os.utime(tmp_path / "a.jpg", ns=(1, 1))
    assert [spec.id for spec in plan([str(path)])] != before


@every_format
def test_addresses_alone_are_not_fetched_and_are_counted(readers: Any, tmp_path: Path, write: Write) -> None:
    path = write(pa.table({"url": ["https://e.org/1", None, ""], "caption": ["x", "y", "z"]}), tmp_path / "t")
    assert [each.code for each in readers.read_all(path)] == ["not_fetched", "no_content", "no_content"]


@every_format
def test_a_table_that_names_no_items_is_a_document(readers: Any, tmp_path: Path, write: Write) -> None:
    path = write(pa.table({"weight": [3, 4], "score": [1.0, 2.0]}), tmp_path / "t")
    (got,) = readers.read_all(path)
    assert (got.key, got.data) == (path.name, path.read_bytes())
    (got,) = readers.read_all(tmp_path)
    assert got.key == path.name


@every_format
def test_sources_are_read_without_media(tmp_path: Path, write: Write) -> None:
    path = write(pa.table({"image": [b"x" * 100] * 9, "url": [f"https://e.org/{n}" for n in range(9)]}), tmp_path / "t")
    urls = [item.origin.url for spec in plan([str(path)]) for item in read(spec, media=False)]
    assert urls == [f"https://e.org/{n}" for n in range(9)]


def test_columns_may_be_named(readers: Any, tmp_path: Path) -> None:
    table = pa.table({"a": [b"1"], "b": [b"2"], "link": ["https://e.org"], "url": ["https://other.org"]})
    path = _parquet(table, tmp_path / "t")
    (got,) = readers.read_all(path, columns=Columns(image="b", url="link"))
    assert (got.data, got.item.origin.url) == (b"2", "https://e.org")
    (got,) = readers.read_all(path, columns=Columns(image="nosuch"))
    assert got.code == "bad_table"


def test_row_groups_are_shards_and_rows_keep_their_numbers(readers: Any, tmp_path: Path) -> None:
    table = pa.table({"image": [bytes([n]) for n in range(100)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=8)
    specs = list(plan([str(tmp_path)], shard_items=1))
    assert sum(spec.items or 0 for spec in specs) == 100
    assert len(specs) == 7
    got = readers.read_all(tmp_path, shard_items=1)
    assert [(each.item.origin.offset, each.data) for each in got] == [(n, bytes([n])) for n in range(100)]


@every_format
def test_broken_tables_are_problems(readers: Any, tmp_path: Path, write: Write) -> None:
    path = write(pa.table({"image": [os.urandom(500) for _ in range(12)]}), tmp_path / "t")
    whole = path.read_bytes()
    for cut in (0, 3, 8, 100, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        got = readers.read_all(tmp_path)
        assert [each.code for each in got if each.code] == ["bad_table"], (cut, [each.code for each in got])
    path.write_bytes(b"\0" * 1000)
    assert [each.code for each in readers.read_all(tmp_path)] == ["bad_table"]


def test_a_damaged_row_group_is_one_problem_and_the_others_are_read(readers: Any, tmp_path: Path) -> None:
    rows = [os.urandom(300) for _ in range(12)]
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"image": rows}), path, row_group_size=4, compression="snappy", use_dictionary=False)
    at = pq.read_metadata(path).row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(bytes(data))
    got = readers.read_all(path)
    assert [each.data for each in got if each.code is None] == rows[:4] + rows[8:]
    assert [each.code for each in got if each.code] == ["bad_table"]


def test_the_first_feather_format_is_named(readers: Any, tmp_path: Path) -> None:
    (tmp_path / "t.feather").write_bytes(b"FEA1" + bytes(100))
    (got,) = readers.read_all(tmp_path)
    assert got.code == "bad_table"
    assert "Feather" in (got.item.problem.message if got.item.problem else "")


def test_few_rows_are_in_memory_at_a_time(tmp_path: Path) -> None:
    rows = [bytes(1 << 20) for _ in range(96)]
    table = pa.table({"image": rows})
    pq.write_table(table, tmp_path / "t.parquet", use_dictionary=False, compression="zstd", write_batch_size=4)
    del rows, table
    base = pa.total_allocated_bytes()
    peak = count = 0
    for spec in plan([str(tmp_path)]):
        for item in read(spec):
            assert item.open is not None
            count += 1
            peak = max(peak, pa.total_allocated_bytes() - base)
    assert count == 96
    assert peak < 80 << 20
