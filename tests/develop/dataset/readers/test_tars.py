"""Tar archives: samples, damage, hostile headers."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from seawall.develop.dataset.readers import plan, read, streams, tar

MEMBERS = [(f"{number:03}.jpg", bytes([number]) * (number * 300)) for number in range(8)]


def _pack(data: bytes, suffix: str) -> bytes:
    if suffix.endswith("gz"):
        return gzip.compress(data)
    return pa.compress(data, codec="zstd", asbytes=True) if suffix.endswith("zst") else data


def _special(kind: bytes, name: str, **facts: Any) -> bytes:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in facts.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.zst"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_items_with_their_offsets(readers: Any, tmp_path: Path, suffix: str, form: int) -> None:
    data = readers.tar_bytes(MEMBERS, format=form)
    (tmp_path / f"s{suffix}").write_bytes(_pack(data, suffix))
    got = readers.read_all(tmp_path)
    assert [(each.key, each.data) for each in got] == [(f"s{suffix}::{name}", body) for name, body in MEMBERS]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [each.item.origin.offset for each in got] == [member.offset for member in archive]
    assert {each.item.origin.shard for each in got} == {f"s{suffix}"}
    assert [each.item.size for each in got] == [len(body) for _, body in MEMBERS]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_odd_names_are_names_and_nothing_more(readers: Any, tmp_path: Path, form: int) -> None:
    names = ["../../etc/passwd", "/abs/olute", "d" * 300 + "/x", "ünï\n☃", "a::b", "..", "C:\\x"]
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes([(name, name.encode()) for name in names], format=form))
    got = readers.read_all(tmp_path / "s.tar")
    assert [each.data for each in got] == [name.encode() for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.tar"]


def test_members_of_one_name_are_all_items(readers: Any, tmp_path: Path) -> None:
    names = ["a", "a", "a#2", "a", "b", "a#2"]
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes([(name, bytes([n])) for n, name in enumerate(names)]))
    got = readers.read_all(tmp_path / "s.tar")
    assert [each.data for each in got] == [bytes([n]) for n in range(6)]
    assert [each.key.partition("::")[2] for each in got][:2] == ["a", "a#2"]


def test_links_and_devices_are_counted_and_never_made(readers: Any, tmp_path: Path) -> None:
    blocks = [
        _special(tarfile.SYMTYPE, "sym", linkname="/etc/passwd"),
        _special(tarfile.LNKTYPE, "hard", linkname="file"),
        _special(tarfile.CHRTYPE, "tty"),
        _special(tarfile.FIFOTYPE, "pipe"),
        _special(tarfile.DIRTYPE, "folder"),
        readers.tar_bytes([("file", b"data")]),
    ]
    (tmp_path / "s.tar").write_bytes(b"".join(blocks))
    got = readers.read_all(tmp_path / "s.tar")
    codes = [(each.key.partition("::")[2], each.code) for each in got]
    expected = [("sym", "link"), ("hard", "link"), ("tty", "special_file"), ("pipe", "special_file"), ("file", None)]
    assert codes == expected


@pytest.mark.parametrize("order", ["before", "after", "between"])
def test_a_sidecar_tells_of_its_whole_sample(readers: Any, tmp_path: Path, order: str) -> None:
    said = {
        "url": "https://example.org/a.jpg",
        "license": "CC0",
        "key": "k-1",
        "dataset": "laion/x",
        "timestamp": 1700000000,
    }
    picture, sidecar, words = ("d/1.jpg", b"jpg"), ("d/1.json", json.dumps(said).encode()), ("d/1.txt", b" a pier \n")
    members = {
        "before": [sidecar, words, picture],
        "after": [picture, words, sidecar],
        "between": [words, picture, sidecar],
    }
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes([*members[order], ("d/2.jpg", b"other")]))
    got = readers.by_key(readers.read_all(tmp_path / "s.tar"))
    item = got["s.tar::d/1.jpg"].item
    assert (item.origin.url, item.origin.licensor, item.origin.row) == ("https://example.org/a.jpg", "CC0", "k-1")
    assert (item.origin.collection, item.origin.crawled_at) == ("laion/x", "1700000000")
    assert item.caption == "a pier"
    other = got["s.tar::d/2.jpg"].item
    assert (other.origin.url, other.caption, other.origin.row) == (None, None, "d/2")
    assert len(got) == 4


def test_damaged_sidecars_say_nothing_and_stay_items(readers: Any, tmp_path: Path) -> None:
    members = [("1.jpg", b"j"), ("1.json", b"{" * 5000), ("2.json", b"[" * 200_000), ("3.json", b'"x"'), ("4.txt", b"")]
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes(members))
    assert [each.code for each in readers.read_all(tmp_path / "s.tar")] == [None] * 5


def test_a_sample_too_long_to_hold_is_streamed(readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "HELD_BYTES", 1000)
    members = [("1.json", b'{"url": "http://e.org/1"}'), ("1.mp4", bytes(5000)), ("1.txt", b"late"), ("2.bin", b"2")]
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes(members))
    got = readers.read_all(tmp_path / "s.tar")
    assert [each.data for each in got] == [body for _, body in members]
    assert got[1].item.origin.url == "http://e.org/1"
    (spec,) = plan([str(tmp_path / "s.tar")])
    assert [item.key for item in read(spec)] == [each.key for each in got], "items need not be read"
    for item in read(spec):
        if item.size == 5000 and item.open is not None:
            with item.open() as stream:
                assert stream.read(10) == bytes(10)
            with pytest.raises(Exception, match="once"):
                item.open()


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.zst"])
def test_what_comes_before_a_cut_is_read_and_the_loss_is_one_item(readers: Any, tmp_path: Path, suffix: str) -> None:
    noise = [(f"{n}.bin", bytes((n * 7 + i * i) % 251 for i in range(2000))) for n in range(20)]
    whole = _pack(readers.tar_bytes(noise), suffix)
    for cut in (len(whole) // 3, len(whole) // 2, len(whole) * 3 // 4):
        path = tmp_path / f"s{suffix}"
        path.write_bytes(whole[:cut])
        got = readers.read_all(path)
        assert [each.data for each in got[:-1]] == [body for _, body in noise[: len(got) - 1]]
        assert got[-1].code == "truncated_archive"
        if suffix == ".tar":
            assert len(got) == cut // 2560 + 1


@pytest.mark.parametrize("held", [1 << 20, 100])
def test_a_cut_at_any_byte_is_noticed(readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(tar, "HELD_BYTES", held)
    members = [("a", bytes(700)), ("b", b"b" * 512)]
    whole = readers.tar_bytes(members)
    for cut in (*range(0, 512 * 5, 97), 512, 1024, 1536, 2048, 2560):
        (tmp_path / "s.tar").write_bytes(whole[:cut])
        got = readers.read_all(tmp_path / "s.tar")
        assert [each.code is None for each in got].count(False) == 1, cut
        assert got[-1].code in ("truncated_archive", "bad_archive")


def test_a_damaged_header_ends_the_archive_in_one_problem_not_in_silence(readers: Any, tmp_path: Path) -> None:
    data = bytearray(readers.tar_bytes([(f"{n}", bytes(512)) for n in range(6)]))
    data[1024 * 3 + 5] ^= 0xFF
    (tmp_path / "s.tar").write_bytes(bytes(data))
    assert [each.code for each in readers.read_all(tmp_path / "s.tar")] == [None, None, None, "bad_archive"]


def test_an_archive_that_goes_on_after_its_end_is_read_on(readers: Any, tmp_path: Path) -> None:
    one, two = readers.tar_bytes([("a", b"1")]), readers.tar_bytes([("b", b"2")])
    (tmp_path / "s.tar").write_bytes(one + two)
    assert [each.data for each in readers.read_all(tmp_path / "s.tar")] == [b"1", b"2"]
    (tmp_path / "s.tar").write_bytes(one + b"not a header at all" * 100)
    assert [each.code for each in readers.read_all(tmp_path / "s.tar")] == [None, "bad_archive"]


def test_empty_archives(readers: Any, tmp_path: Path) -> None:
    (tmp_path / "none.tar").write_bytes(b"")
    (tmp_path / "blank.tar").write_bytes(bytes(10240))
    (tmp_path / "text.tar").write_bytes(b"this is no archive, whatever it is called\n" * 40)
    (tmp_path / "half.tar.gz").write_bytes(gzip.compress(b"")[:5])
    got = readers.by_key(readers.read_all(tmp_path))
    assert {key.partition("::")[0]: each.code for key, each in got.items()} == {
        "none.tar": "bad_archive",
        "text.tar": "bad_archive",
        "half.tar.gz": "truncated_archive",
    }


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_header_bombs_are_refused_before_they_are_read(readers: Any, tmp_path: Path, kind: bytes) -> None:
    header = _special(kind, "bomb", size=1 << 30)
    with (tmp_path / "s.tar").open("wb") as file:
        file.write(header)
        file.truncate((1 << 30) + 4096)
    chain = b"".join(_special(kind, "x", size=512) + b"11 path=abc\n".ljust(512, b"\0") for _ in range(3000))
    (tmp_path / "chain.tar").write_bytes(chain)
    tracemalloc.start()
    try:
        codes = [each.code for each in readers.read_all(tmp_path)]
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert codes == ["bad_archive", "bad_archive"]


def test_impossible_lengths_are_refused(readers: Any, tmp_path: Path) -> None:
    huge = _special(tarfile.REGTYPE, "huge", size=1 << 62)
    negative = bytearray(_special(tarfile.REGTYPE, "less"))
    negative[124:136] = b"\xff" * 12
    checksum = sum(negative[:148]) + 8 * 32 + sum(negative[156:])
    negative[148:156] = f"{checksum:06o}\0 ".encode()
    (tmp_path / "huge.tar").write_bytes(huge + bytes(4096))
    (tmp_path / "less.tar").write_bytes(bytes(negative) + bytes(4096))
    got = readers.by_key(readers.read_all(tmp_path))
    assert {key.partition("::")[0]: each.code for key, each in got.items()} == {
        "huge.tar": "truncated_archive",
        "less.tar": "bad_archive",
    }


def test_sparse_members_are_not_unfolded(readers: Any, tmp_path: Path) -> None:
    sparse = _special(tarfile.GNUTYPE_SPARSE, "sparse", size=512) + b"x" * 512
    pax = tarfile.TarInfo("pax-sparse")
    pax.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 50)}
    body = sparse + pax.tobuf(tarfile.PAX_FORMAT) + readers.tar_bytes([("after", b"a")])
    (tmp_path / "s.tar").write_bytes(body)
    assert [each.code for each in readers.read_all(tmp_path / "s.tar")] == ["sparse", "sparse", None]


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.zst"])
def test_a_bomb_is_refused_in_bounded_memory(
    readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(streams, "RATIO_FROM", 8 << 20)
    inside = readers.tar_bytes([("first", b"fine"), ("zeros", bytes(48 << 20))])
    (tmp_path / f"s{suffix}").write_bytes(_pack(inside, suffix))
    del inside
    tracemalloc.start()
    try:
        (spec,) = plan([str(tmp_path / f"s{suffix}")])
        codes = []
        for item in read(spec):
            codes.append("fine" if item.problem is None else item.problem.code)
            if item.open is not None:
                try:
                    with item.open() as stream:
                        while stream.read(1 << 16):
                            pass
                except streams.SourceError as error:
                    codes[-1] = error.code
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert codes == ["fine", "bomb"]


def test_a_nested_archive_is_an_ordinary_item(readers: Any, tmp_path: Path) -> None:
    inner = readers.tar_bytes([("x", b"x")])
    (tmp_path / "s.tar").write_bytes(readers.tar_bytes([("inner.tar", inner)]))
    assert [each.data for each in readers.read_all(tmp_path / "s.tar")] == [inner]
