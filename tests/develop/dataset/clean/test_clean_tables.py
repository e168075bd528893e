"""Tables: values, schema, order, row groups and compression stay; bytes of rows that go are nowhere in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from tests.develop.dataset.clean.conftest import Cleaner, contents, finding

BAD = b"these bytes go, and are found nowhere"


def _table(rows: int = 10, bad: int = 4) -> pa.Table:
    image = [{"bytes": BAD if row == bad else b"picture %d" % row, "path": None} for row in range(rows)]
    schema = pa.schema(
        [
            pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]), metadata={"of": "field"}),
            pa.field("n", pa.int16(), nullable=False),
            pa.field("when", pa.timestamp("ms", tz="UTC")),
        ],
        metadata={"huggingface": '{"info": {}}'},
    )
    return pa.table({"image": image, "n": list(range(rows)), "when": [None, *range(1, rows)]}, schema=schema)


def test_parquet_keeps_schema_values_order_groups_and_codecs(cleaner: Cleaner) -> None:
    table, path = _table(), cleaner.data / "t.parquet"
    codecs = {"image.bytes": "NONE", "image.path": "ZSTD", "n": "GZIP", "when": "SNAPPY"}
    pq.write_table(table, path, row_group_size=3, compression=codecs, use_dictionary=["n"])
    cleaner.run([finding("t.parquet::4", BAD)])
    written = pq.ParquetFile(cleaner.out / "t.parquet")
    expected = table.filter(pa.array([row != 4 for row in range(10)]))
    assert written.read().equals(expected, check_metadata=True)
    assert written.schema_arrow.equals(table.schema, check_metadata=True)
    groups = [written.metadata.row_group(number) for number in range(written.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [3, 2, 3, 1]
    columns = {groups[0].column(number).path_in_schema: groups[0].column(number) for number in range(4)}
    assert {name: column.compression for name, column in columns.items()} == {
        name: "UNCOMPRESSED" if codec == "NONE" else codec for name, codec in codecs.items()
    }
    assert BAD not in (cleaner.out / "t.parquet").read_bytes()
    assert cleaner.evidence == {BAD}
    assert [line["item"] for line in cleaner.lines() if "item" in line] == [f"t.parquet::{row}" for row in range(9)]
    assert cleaner.verify().as_signed


def test_a_table_that_loses_nothing_is_copied_byte_for_byte(cleaner: Cleaner) -> None:
    pq.write_table(_table(), cleaner.data / "t.parquet")
    cleaner.run()
    assert (cleaner.out / "t.parquet").read_bytes() == (cleaner.data / "t.parquet").read_bytes()


def test_a_row_goes_whole_when_one_of_its_pictures_does(cleaner: Cleaner) -> None:
    pairs = {"before": [b"a", b"b", b"c"], "after": [b"d", BAD, b"f"]}
    pq.write_table(pa.table(pairs), cleaner.data / "t.parquet")
    summary = cleaner.run([finding("t.parquet::1/after", BAD)])
    assert (summary["removed"]["list"], summary["removed"]["companion"]) == (1, 1)
    assert cleaner.evidence == {BAD, b"b"}
    assert pq.read_table(cleaner.out / "t.parquet").to_pydict() == {"before": [b"a", b"c"], "after": [b"d", b"f"]}


@pytest.mark.parametrize("form", ["feather", "file", "stream"])
def test_arrow_files_and_streams_stay_what_they_are(cleaner: Cleaner, form: str) -> None:
    table = _table()
    path = cleaner.data / ("t.feather" if form == "feather" else "t.arrow")
    if form == "feather":
        feather.write_feather(table, str(path), chunksize=3)
    else:
        make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=3)
    cleaner.run([finding(f"{path.name}::4", BAD)])
    written = cleaner.out / path.name
    opened = pa.ipc.open_stream if form == "stream" else pa.ipc.open_file
    with pa.OSFile(str(written)) as source:
        read = opened(source).read_all()
    assert read.equals(table.filter(pa.array([row != 4 for row in range(10)])), check_metadata=True)
    assert [chunk.num_rows for batch in [read] for chunk in batch.to_batches()] == [3, 2, 3, 1]
    assert BAD not in written.read_bytes()
    assert cleaner.verify().as_signed


def _shared(kind: str) -> Any:
    values = [b"one", BAD, b"one", b"four"]
    if kind == "dictionary":
        return pa.array(values).dictionary_encode()
    if kind == "view":
        return pa.array(values, pa.binary_view())
    return pa.array([[value] for value in values], pa.list_(pa.dictionary(pa.int8(), pa.binary())))


@pytest.mark.parametrize("kind", ["dictionary", "view", "nested"])
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_shared_buffers_hold_nothing_of_rows_that_went(cleaner: Cleaner, kind: str, suffix: str) -> None:
    table = pa.table({"image": _shared(kind), "n": [1, 2, 3, 4]})
    path = cleaner.data / f"t.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path, compression="NONE")
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    (key,) = [key for key, data in contents(cleaner.data).items() if data == BAD]
    cleaner.run([finding(key, BAD)])
    written = cleaner.out / path.name
    assert BAD not in written.read_bytes()
    assert list(contents(written).values()) == [b"one", b"one", b"four"]


def test_a_damaged_table_is_not_copied_and_its_named_rows_are_evidence(cleaner: Cleaner) -> None:
    path = cleaner.data / "t.parquet"
    pq.write_table(_table(), path, row_group_size=5, compression="SNAPPY", use_dictionary=False)
    place = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[place : place + 30] = bytes(30)
    path.write_bytes(bytes(data))
    summary = cleaner.run([finding("t.parquet::4", BAD)])
    assert (summary["kept"], summary["removed"]["list"]) == (0, 1)
    assert summary["removed"]["unreadable"] == summary["items"] - 1
    assert not (cleaner.out / "t.parquet").exists()
    assert cleaner.evidence == {BAD}
    assert cleaner.verify().as_signed


def test_a_table_may_name_files_and_those_of_removed_rows_stay_behind(cleaner: Cleaner) -> None:
    (cleaner.data / "images").mkdir()
    for name, data in (("1.jpg", b"one"), ("2.jpg", BAD), ("3.jpg", b"three")):
        (cleaner.data / "images" / name).write_bytes(data)
    path = cleaner.data / "t.parquet"
    pq.write_table(pa.table({"path": ["images/1.jpg", "images/2.jpg", "images/3.jpg", "images/gone.jpg"]}), path)
    summary = cleaner.run([finding("t.parquet::1", BAD)], sources=[path])
    assert (summary["kept"], summary["removed"]["list"], summary["removed"]["unreadable"]) == (2, 1, 1)
    assert pq.read_table(cleaner.out / "t.parquet")["path"].to_pylist() == ["images/1.jpg", "images/3.jpg"]
    assert {each.name for each in (cleaner.out / "images").iterdir()} == {"1.jpg", "3.jpg"}
    assert cleaner.evidence == {BAD}
    assert cleaner.verify().as_signed


def test_a_large_row_group_is_written_in_parts(
    cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("seawall.develop.dataset.clean.writers.parquet.MOST_BYTES", 1 << 16)
    values = [BAD if row == 70 else bytes([row]) * 4000 for row in range(100)]
    pq.write_table(pa.table({"image": values}), cleaner.data / "t.parquet")
    cleaner.run([finding("t.parquet::70", BAD)])
    written = pq.ParquetFile(cleaner.out / "t.parquet")
    assert written.metadata.num_row_groups > 1
    assert written.read()["image"].to_pylist() == [value for value in values if value != BAD]
