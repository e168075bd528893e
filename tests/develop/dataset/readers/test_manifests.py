"""JSONL manifests."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from seawall.develop.dataset.readers import Columns, manifest, plan


def _write(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("field", ["path", "file", "file_name", "image", "FILE_NAME"])
def test_a_row_names_a_file_and_its_source(readers: Any, tmp_path: Path, field: str) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img/a.jpg").write_bytes(b"a")
    row = {
        field: "img/a.jpg",
        "source_url": "https://e.org/a",
        "licensor": "Someone",
        "dataset": "laion/x",
        "timestamp": "2024-01-01",
        "key": 7,
        "caption": "words",
    }
    (got,) = readers.read_all(_write(tmp_path / "m.jsonl", row))
    origin = got.item.origin
    assert (got.key, got.data, got.item.path, got.item.size) == ("m.jsonl::1", b"a", tmp_path / "img/a.jpg", 1)
    assert (origin.shard, origin.offset, origin.row) == ("m.jsonl", 1, "7")
    assert (origin.url, origin.licensor, origin.collection) == ("https://e.org/a", "Someone", "laion/x")
    assert (origin.crawled_at, got.item.caption) == ("2024-01-01", "words")


def test_what_is_unknown_stays_unknown(readers: Any, tmp_path: Path) -> None:
    (got,) = readers.read_all(_write(tmp_path / "m.jsonl", {"url": "https://e.org", "license": None, "caption": ""}))
    assert (got.code, got.item.origin.licensor, got.item.origin.row, got.item.caption) == ("not_fetched", *[None] * 3)


def test_paths_may_not_leave_the_manifest(readers: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "in/a").write_bytes(b"a")
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    (root / "fine").symlink_to("in/a")
    os.mkfifo(root / "pipe")
    paths = ["../secret", str(tmp_path / "secret"), "out/secret", "in/../../secret", "a\0b", "pipe", "in", "nope",
             "fine", "./in/a"]  # fmt: skip
    got = readers.read_all(_write(root / "m.jsonl", *({"path": path} for path in paths)))
    codes = ["path_escapes"] * 5 + ["special_file", "unreadable", "not_found", None, None]
    assert [each.code for each in got] == codes
    (got,) = readers.read_all(_write(root / "m.jsonl", {"path": "loop"}))
    assert got.code is not None


def test_bad_rows_are_counted_with_their_line(readers: Any, tmp_path: Path) -> None:
    rows = ['{"url": "https://e.org"}', "", "not json", "[1]", "{}", "[" * 100_000, "\x00\xff", '{"url": 3}']
    got = readers.read_all(_write(tmp_path / "m.jsonl", *rows))
    assert [(each.key, each.code) for each in got] == [
        ("m.jsonl::1", "not_fetched"),
        ("m.jsonl::3", "bad_row"),
        ("m.jsonl::4", "bad_row"),
        ("m.jsonl::5", "bad_row"),
        ("m.jsonl::6", "bad_row"),
        ("m.jsonl::7", "bad_row"),
        ("m.jsonl::8", "not_fetched"),
    ]
    assert "line 3" in got[1].item.problem.message


def test_byte_order_marks_line_ends_and_lone_surrogates(readers: Any, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(
        b'\xef\xbb\xbf{"url": "https://e.org/1"}\r\n{"url": "https://e.org/\\ud800"}\r\n{"url": "https://e.org/3"}'
    )
    got = readers.read_all(tmp_path / "m.jsonl")
    assert [each.item.origin.url for each in got] == ["https://e.org/1", "https://e.org/?", "https://e.org/3"]


def test_a_line_without_end_is_passed_over_in_bounded_memory(
    readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MAX_LINE", 1000)
    _write(tmp_path / "m.jsonl", {"url": "https://e.org/1"}, "x" * 12_345, {"url": "https://e.org/3"})
    got = readers.read_all(tmp_path / "m.jsonl")
    assert [each.code for each in got] == ["not_fetched", "bad_row", "not_fetched"]


@pytest.mark.parametrize("name", ["m.jsonl.gz", "m.ndjson.gz"])
def test_compressed_manifests(readers: Any, tmp_path: Path, name: str) -> None:
    body = b"".join(b'{"url": "https://e.org/%d"}\n' % n for n in range(1000))
    (tmp_path / name).write_bytes(gzip.compress(body))
    assert len(readers.read_all(tmp_path / name)) == 1000
    (tmp_path / name).write_bytes(gzip.compress(body)[:-500])
    got = readers.read_all(tmp_path / name)
    assert got[-1].code == "truncated_archive"
    assert {each.code for each in got[:-1]} <= {"not_fetched", "bad_row"}


def test_lines_are_shards_and_keep_their_numbers(readers: Any, tmp_path: Path) -> None:
    _write(tmp_path / "m.jsonl", *({"url": f"https://e.org/{n}"} if n % 5 else "" for n in range(100)))
    specs = list(plan([str(tmp_path / "m.jsonl")], shard_items=7))
    assert [spec.items for spec in specs] == [7] * 11 + [3]
    got = readers.read_all(tmp_path / "m.jsonl", shard_items=7)
    assert [each.item.origin.offset for each in got] == [n + 1 for n in range(100) if n % 5]


def test_a_changed_file_makes_another_shard_of_its_row_alone(tmp_path: Path) -> None:
    for n in range(30):
        (tmp_path / f"{n}.bin").write_bytes(b"x")
    path = _write(tmp_path / "m.jsonl", *({"path": f"{n}.bin"} for n in range(30)))
    before = {spec.id for spec in plan([str(path)], shard_items=5)}
    assert {spec.id for spec in plan([str(path)], shard_items=5)} == before
    os.utime(tmp_path / "17.bin", ns=(1, 1))
    assert len(before - {spec.id for spec in plan([str(path)], shard_items=5)}) == 1


def test_a_manifest_within_a_folder_is_a_document(readers: Any, tmp_path: Path) -> None:
    path = _write(tmp_path / "m.jsonl", {"url": "https://e.org"})
    (got,) = readers.read_all(tmp_path)
    assert (got.key, got.data) == ("m.jsonl", path.read_bytes())
    got = readers.read_all(tmp_path, path)
    assert len(got) == 2


def test_fields_may_be_named(readers: Any, tmp_path: Path) -> None:
    path = _write(tmp_path / "m.jsonl", {"where": "https://e.org", "url": "https://other.org"})
    (got,) = readers.read_all(path, columns=Columns(url="where"))
    assert got.item.origin.url == "https://e.org"
