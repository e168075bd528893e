"""Manifests and corpora of lines: only lines that go are missing, and files that they name stay behind."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.develop.dataset.clean.conftest import Cleaner, finding

BAD = b"these bytes go"


def test_a_manifest_loses_lines_and_the_files_that_they_name(cleaner: Cleaner) -> None:
    for name, data in (("1.bin", b"one"), ("2.bin", BAD), ("3.bin", b"three"), ("unnamed.bin", b"not named")):
        (cleaner.data / name).write_bytes(data)
    lines = [
        b'{"path": "1.bin",   "caption": "odd  spacing"}\r\n',
        b"\n",
        b'{"path": "2.bin"}\n',
        b'{"url": "https://example.org/4"}\n',
        b"no JSON\n",
        b'{"path": "3.bin"}',
    ]
    manifest = cleaner.data / "m.jsonl"
    manifest.write_bytes(b"".join(lines))
    summary = cleaner.run([finding("m.jsonl::3", BAD)], sources=[manifest])
    assert (summary["kept"], summary["removed"]["list"], summary["removed"]["unreadable"]) == (2, 1, 2)
    assert (cleaner.out / "m.jsonl").read_bytes() == lines[0] + lines[1] + lines[5]
    assert {path.name for path in cleaner.out.iterdir()} == {"clean-manifest.jsonl", "m.jsonl", "1.bin", "3.bin"}
    assert cleaner.evidence == {BAD}
    assert cleaner.verify().as_signed


def test_a_manifest_within_a_folder_that_is_cleaned_too_is_cleaned_line_by_line(cleaner: Cleaner) -> None:
    for name, data in (("1.bin", b"one"), ("2.bin", BAD)):
        (cleaner.data / name).write_bytes(data)
    manifest = cleaner.data / "m.jsonl"
    manifest.write_text('{"path": "1.bin"}\n{"path": "2.bin"}\n')
    cleaner.run([finding("data/2.bin", BAD)], sources=[cleaner.data, manifest])
    assert (cleaner.out / "data/m.jsonl").read_text() == '{"path": "1.bin"}\n'
    assert not (cleaner.out / "data/2.bin").exists()
    assert cleaner.verify().as_signed


@pytest.mark.parametrize("packed", [False, True])
def test_a_corpus_of_texts_loses_lines(cleaner: Cleaner, packed: bool) -> None:
    rows = [json.dumps({"text": text, "id": text}) + "\n" for text in ("a boat", "zorblax", "a barn")]
    path = cleaner.data / ("c.jsonl.gz" if packed else "c.jsonl")
    body = "".join(rows).encode()
    path.write_bytes(gzip.compress(body) if packed else body)
    cleaner.run([finding(f"{path.name}::2", b"zorblax")], sources=[path])
    written = (cleaner.out / path.name).read_bytes()
    assert (gzip.decompress(written) if packed else written).decode() == rows[0] + rows[2]
    assert cleaner.evidence == {b"zorblax"}
    assert cleaner.verify().as_signed


def test_a_text_file_given_by_itself_loses_lines(cleaner: Cleaner) -> None:
    path = cleaner.data / "c.txt"
    path.write_bytes(b"\xef\xbb\xbfa boat\r\nzorblax\r\n\r\nnot \xff UTF-8\na barn")
    summary = cleaner.run([finding("c.txt::2", b"zorblax")], sources=[path])
    assert summary["removed"]["unreadable"] == 1
    assert (cleaner.out / "c.txt").read_bytes() == b"\xef\xbb\xbfa boat\r\n\r\na barn"
    assert cleaner.verify().as_signed
