"""Text corpora: rows of JSONL, of tables and of plain text files are items whose bytes are the text."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.content.item import Item
from seawall.content.media import Medium
from seawall.develop.dataset.readers import Columns, plan, read
from seawall.hashing.examiner import Examiner


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _items(path: Path, **options: Any) -> list[Item]:
    return [item for spec in plan([str(path)], **options) for item in read(spec)]


def test_a_jsonl_row_that_is_a_text_is_an_item(readers: Any, tmp_path: Path) -> None:
    path = _jsonl(tmp_path / "c.jsonl", [{"id": "one", "text": "a wooden boat"}, {"prompt": "a barn"}, {"n": 1}])
    got = readers.read_all(path)
    assert [each.data for each in got] == [b"a wooden boat", b"a barn", None]
    assert [each.key for each in got] == ["c.jsonl::1", "c.jsonl::2", "c.jsonl::3"]
    assert got[0].item.origin.row == "one"
    assert got[2].code == "bad_row"


def test_a_text_keeps_its_length_and_every_character(readers: Any, tmp_path: Path) -> None:
    long = "päivää " * 20_000
    (got,) = readers.read_all(_jsonl(tmp_path / "c.jsonl", [{"text": long}]))
    assert got.data == long.encode()


def test_a_row_that_names_a_file_is_the_file_unless_a_text_column_is_named(readers: Any, tmp_path: Path) -> None:
    (tmp_path / "boat.bin").write_bytes(b"bytes of the file")
    path = _jsonl(tmp_path / "c.jsonl", [{"file": "boat.bin", "caption": "a boat"}])
    assert [each.data for each in readers.read_all(path)] == [b"bytes of the file"]
    named = readers.read_all(path, columns=Columns(text="caption"))
    assert [each.data for each in named] == [b"a boat"]


@pytest.mark.parametrize("form", ["parquet", "feather"])
def test_a_column_of_texts_makes_rows_items(readers: Any, tmp_path: Path, form: str) -> None:
    table = pa.table({"text": ["a boat", None, "a barn"], "url": ["https://e.org/1", "https://e.org/2", None]})
    path = tmp_path / f"t.{form}"
    write = {"parquet": pq.write_table, "feather": feather.write_feather}[form]
    write(table.drop_columns(["url"]), path)
    assert [each.data or each.code for each in readers.read_all(path)] == [b"a boat", "bad_row", b"a barn"]
    write(table, path)
    assert {each.code for each in readers.read_all(path)} == {"not_fetched", "no_content"}
    named = readers.read_all(path, columns=Columns(text="text"))
    assert [each.data for each in named] == [b"a boat", None, b"a barn"]
    assert named[0].item.origin.url == "https://e.org/1"


def test_a_text_file_given_by_itself_is_a_corpus_and_in_a_folder_a_document(readers: Any, tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"\xef\xbb\xbfa boat\r\n\n  \nlatin \xe9\na barn")
    got = readers.read_all(path)
    assert [(each.key, each.data or each.code) for each in got] == [
        ("corpus.txt::1", b"a boat"),
        ("corpus.txt::4", "bad_row"),
        ("corpus.txt::5", b"a barn"),
    ]
    assert [each.data for each in readers.read_all(tmp_path)] == [path.read_bytes()]
    packed = tmp_path / "packed.txt.gz"
    packed.write_bytes(gzip.compress(b"a boat\na barn\n"))
    assert [each.data for each in readers.read_all(packed)] == [b"a boat", b"a barn"]


def test_a_text_that_begins_like_a_picture_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("P6 is the name of a motor\nBM\x0c\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00\x00\n")
    with Examiner() as examiner:
        examined = [examiner.examine(item) for item in _items(path)]
    assert [each.kind.medium for each in examined] == [Medium.TEXT, Medium.TEXT]
    assert all(each.problem is None for each in examined)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n"), max_size=40)),
    size=st.integers(1, 60),
)
def test_ranges_of_lines_make_up_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "corpus.txt"
    path.write_bytes("\n".join(texts).encode())
    whole, parts = _items(path), _items(path, shard_bytes=size)
    assert [item.key for item in whole] == [item.key for item in parts]
    said = [item.open().read() for item in parts if item.open]
    expected = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert said == [line.decode().rstrip("\r\n").encode() for line in expected if line.strip()]
