"""Zip archives: ranges, damage, encryption, bombs."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from seawall.develop.dataset.readers import plan, streams
from seawall.develop.dataset.readers import zip as zips

MEMBERS = [(f"d/{number}.bin", bytes([number]) * (1000 + number)) for number in range(40)]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_are_items(readers: Any, tmp_path: Path, compression: int) -> None:
    (tmp_path / "z.zip").write_bytes(readers.zip_bytes([*MEMBERS, ("d/", b"")], compression))
    got = readers.read_all(tmp_path)
    assert [(each.key, each.data) for each in got] == [(f"z.zip::{name}", body) for name, body in MEMBERS]
    assert [each.item.size for each in got] == [len(body) for _, body in MEMBERS]


def test_a_long_archive_is_divided_and_keys_stay_the_same(readers: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = readers.zip_bytes([*MEMBERS, *MEMBERS[:5]], zipfile.ZIP_STORED)
    (tmp_path / "z.zip").write_bytes(data)
    whole = readers.read_all(tmp_path / "z.zip")
    parts = readers.read_all(tmp_path / "z.zip", shard_bytes=5000)
    assert len(list(plan([str(tmp_path / "z.zip")], shard_bytes=5000))) > 5
    assert [each.key for each in parts] == [each.key for each in whole]
    assert len(whole) == 45
    assert whole[-1].key.endswith("#2")


def test_traversal_names_and_links_write_nothing(readers: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("../../up", b"up")
        archive.writestr("/abs", b"abs")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
    got = readers.read_all(tmp_path / "z.zip")
    assert [(each.data, each.code) for each in got] == [(b"up", None), (b"abs", None), (None, "link")]


def test_encrypted_members_are_counted(readers: Any, tmp_path: Path) -> None:
    data = bytearray(readers.zip_bytes([("a", b"secret"), ("b", b"open")]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "z.zip").write_bytes(bytes(data))
    assert [each.code for each in readers.read_all(tmp_path / "z.zip")] == ["encrypted", None]


def test_a_damaged_member_costs_itself_alone(readers: Any, tmp_path: Path) -> None:
    data = bytearray(readers.zip_bytes(MEMBERS[:5], zipfile.ZIP_STORED))
    data[data.index(MEMBERS[2][1]) + 100] ^= 0xFF
    (tmp_path / "z.zip").write_bytes(bytes(data))
    codes = [each.code for each in readers.read_all(tmp_path / "z.zip")]
    assert codes == [None, None, "bad_archive", None, None]


def test_a_cut_archive_is_one_problem(readers: Any, tmp_path: Path) -> None:
    data = readers.zip_bytes(MEMBERS)
    for cut in (0, 3, 30, len(data) // 2, len(data) - 22, len(data) - 1):
        (tmp_path / "z.zip").write_bytes(data[:cut])
        (got,) = readers.read_all(tmp_path)
        assert got.code == ("truncated_archive" if cut >= 30 else "bad_archive"), cut


def test_bombs_are_refused_unopened(readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RATIO_FROM", 1 << 20)
    (tmp_path / "z.zip").write_bytes(readers.zip_bytes([("fine", b"fine"), ("zeros", bytes(4 << 20)), ("last", b"x")]))
    got = readers.read_all(tmp_path / "z.zip")
    assert [each.code for each in got][:2] == [None, "bomb"]


def test_overlapping_members_cannot_multiply(readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RATIO_FROM", 1 << 20)
    kernel = readers.zip_bytes([("a", bytes(900_000))])
    at = kernel.index(b"PK\x01\x02")
    entry, end = kernel[at : kernel.index(b"PK\x05\x06")], bytearray(kernel[kernel.index(b"PK\x05\x06") :])
    count = 300
    end[8:10] = end[10:12] = count.to_bytes(2, "little")
    end[12:16] = (len(entry) * count).to_bytes(4, "little")
    (tmp_path / "z.zip").write_bytes(kernel[:at] + entry * count + bytes(end))
    got = readers.read_all(tmp_path / "z.zip")
    assert len(got) == count
    assert sum(len(each.data or b"") for each in got) < 40 << 20
    assert got[-1].code is not None


def test_a_directory_of_too_many_members_is_refused(
    readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "MAX_MEMBERS", 10)
    (tmp_path / "z.zip").write_bytes(readers.zip_bytes(MEMBERS))
    (got,) = readers.read_all(tmp_path / "z.zip")
    assert got.code == "bad_archive"
    monkeypatch.setattr(zips, "MAX_MEMBERS", 1000)
    monkeypatch.setattr(zips, "MAX_DIRECTORY", 10)
    (got,) = readers.read_all(tmp_path / "z.zip")
    assert got.code == "bad_archive"


def test_an_empty_archive_has_no_items(readers: Any, tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(readers.zip_bytes([]))
    assert readers.read_all(tmp_path) == []
