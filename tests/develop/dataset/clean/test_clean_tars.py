"""Tar archives: what stays is byte-identical, whole samples go, and what nobody examined goes with them."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.develop.dataset.clean.conftest import Cleaner, contents, finding

BAD = b"these bytes go"


def _add(tar: tarfile.TarFile, name: str, data: bytes = b"", **more: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(data))


def _tar(members: list[tuple[str, bytes]], format: int = tarfile.PAX_FORMAT, **more: Any) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=format, **more) as tar:
        for name, data in members:
            _add(tar, name, data)
    return raw.getvalue()


def _blocks(data: bytes) -> bytes:
    """An archive without its end mark, whose length depends on all that came before."""
    assert data.endswith(bytes(1024))
    return data.rstrip(b"\0")


NAMES = st.lists(
    st.text(st.sampled_from("ab.é\n:#/\\ 語"), min_size=1, max_size=6).map(lambda text: text.strip("/") or "x")
    | st.just("long" * 40 + ".jpg"),
    min_size=1,
    max_size=8,
)


@given(
    names=NAMES,
    removed=st.sets(st.integers(0, 7), max_size=3),
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    headers=st.dictionaries(st.sampled_from(["comment", "VENDOR.note"]), st.text("xyz", max_size=5), max_size=2),
    trailer=st.integers(0, 3),
)
@example(names=["x"], removed={0}, form=tarfile.PAX_FORMAT, headers={"comment": ""}, trailer=0)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_left_is_as_if_the_others_had_never_been_packed(
    names: list[str], removed: set[int], form: int, headers: dict[str, str], trailer: int
) -> None:
    """Each member is a sample of its own here: its number is its directory."""
    members = [(f"{number}/{name}", f"data of {number}".encode() * (number + 1)) for number, name in enumerate(names)]
    more: dict[str, Any] = {"pax_headers": headers} if form == tarfile.PAX_FORMAT else {}
    with tempfile.TemporaryDirectory() as folder:
        cleaner = Cleaner(Path(folder))
        (cleaner.data / "s.tar").write_bytes(_tar(members, form, **more) + bytes(512 * trailer))
        before = list(contents(cleaner.data).items())
        goes = [before[number] for number in sorted(removed) if number < len(before)]
        summary = cleaner.run([finding(key, data) for key, data in goes])
        left = [member for number, member in enumerate(members) if number not in removed]
        assert _blocks((cleaner.out / "s.tar").read_bytes()) == _blocks(_tar(left, form, **more))
        assert summary["kept"] == len(left)
        assert cleaner.evidence == {data for _, data in goes}
        assert cleaner.verify().as_signed


def test_a_sample_goes_whole_and_its_companions_are_evidence_too(cleaner: Cleaner) -> None:
    members = [("000.jpg", b"a"), ("000.txt", b"b"), ("001.jpg", BAD), ("001.seg.png", b"c"), ("001.txt", b"d")]
    members += [("002.jpg", b"e"), ("001.late", b"another sample, because it comes apart")]
    (cleaner.data / "s.tar").write_bytes(_tar(members))
    summary = cleaner.run([finding("s.tar::001.jpg", BAD)])
    assert summary["removed"] == {"list": 1, "partition": 0, "not_kept": 0, "companion": 2, "unreadable": 0}
    assert _blocks((cleaner.out / "s.tar").read_bytes()) == _blocks(_tar([*members[:2], *members[5:]]))
    assert cleaner.evidence == {BAD, b"c", b"d"}
    removed = [line for line in cleaner.lines() if "why" in line]
    assert sorted(line["why"] for line in removed) == ["companion", "companion", "list"]
    assert all(set(line) == {"sha256", "why"} for line in removed)


@pytest.mark.parametrize("suffix", ["tar.gz", "tgz", "tar.zst"])
def test_compressed_archives_stay_compressed_and_hold_the_same_blocks(cleaner: Cleaner, suffix: str) -> None:
    members = [("1.jpg", b"one" * 500), ("2.jpg", BAD), ("3.jpg", b"three")]
    path = cleaner.data / f"s.{suffix}"
    if "zst" in suffix:
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(_tar(members))
    else:
        path.write_bytes(gzip.compress(_tar(members)))
    cleaner.run([finding(f"s.{suffix}::2.jpg", BAD)])
    written = cleaner.out / f"s.{suffix}"
    assert written.read_bytes()[:2] == path.read_bytes()[:2]
    with pa.CompressedInputStream(str(written), "zstd" if "zst" in suffix else "gzip") as stream:
        assert _blocks(stream.read()) == _blocks(_tar([members[0], members[2]]))
    assert cleaner.verify().as_signed


def test_global_headers_stay_though_the_member_after_them_goes(cleaner: Cleaner) -> None:
    members = [("1.jpg", BAD), ("2.jpg", b"two")]
    headers = {"comment": "of all that follow"}
    (cleaner.data / "s.tar").write_bytes(_tar(members, pax_headers=headers))
    cleaner.run([finding("s.tar::1.jpg", BAD)])
    expected = _tar([("2.jpg", b"two")], pax_headers=headers)
    assert _blocks((cleaner.out / "s.tar").read_bytes()) == _blocks(expected)


def test_links_devices_and_sparse_members_are_left_out_because_nobody_examined_them(cleaner: Cleaner) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        _add(tar, "folder", type=tarfile.DIRTYPE)
        _add(tar, "1.jpg", b"one")
        _add(tar, "hard.jpg", type=tarfile.LNKTYPE, linkname="1.jpg")
        _add(tar, "soft.jpg", type=tarfile.SYMTYPE, linkname="1.jpg")
        _add(tar, "pipe", type=tarfile.FIFOTYPE)
        _add(tar, "label", b"data that no item stands for", type=b"V")
    (cleaner.data / "s.tar").write_bytes(raw.getvalue())
    summary = cleaner.run()
    assert (summary["kept"], summary["removed"]["unreadable"], summary["dropped"]) == (1, 3, 1)
    with tarfile.open(cleaner.out / "s.tar") as tar:
        assert tar.getnames() == ["folder", "1.jpg"]
    assert b"no item stands for" not in (cleaner.out / "s.tar").read_bytes()


def test_members_of_one_name_are_told_apart_and_numbered_anew(cleaner: Cleaner) -> None:
    members = [("x/1.jpg", BAD), ("y", b"between"), ("x/1.jpg", b"second"), ("z", b"between"), ("x/1.jpg", b"third")]
    (cleaner.data / "s.tar").write_bytes(_tar(members))
    cleaner.run([finding("s.tar::x/1.jpg", BAD)])
    assert contents(cleaner.out / "s.tar") == {
        "s.tar::y": b"between",
        "s.tar::x/1.jpg": b"second",
        "s.tar::z": b"between",
        "s.tar::x/1.jpg#2": b"third",
    }
    assert cleaner.verify().as_signed


def test_an_archive_that_is_cut_keeps_what_came_before_and_ends_well(cleaner: Cleaner) -> None:
    members = [("1.jpg", b"one"), ("2.jpg", BAD), ("3.jpg", b"three" * 400)]
    (cleaner.data / "s.tar").write_bytes(_tar(members)[:4000])
    summary = cleaner.run([finding("s.tar::2.jpg", BAD)])
    assert summary["removed"]["unreadable"] == 1
    assert _blocks((cleaner.out / "s.tar").read_bytes()) == _blocks(_tar(members[:1]))
    assert contents(cleaner.out / "s.tar") == {"s.tar::1.jpg": b"one"}


def test_something_that_is_no_archive_is_not_copied(cleaner: Cleaner) -> None:
    (cleaner.data / "s.tar").write_bytes(b"not an archive" * 100)
    (cleaner.data / "s.tar.gz").write_bytes(b"\x1f\x8bdamaged")
    (cleaner.data / "fine").write_bytes(b"fine")
    summary = cleaner.run()
    assert summary["removed"]["unreadable"] == 2
    assert {path.name for path in cleaner.out.iterdir()} == {"clean-manifest.jsonl", "fine"}


def test_an_archive_of_which_all_goes_is_an_empty_archive(cleaner: Cleaner) -> None:
    (cleaner.data / "s.tar").write_bytes(_tar([("1.jpg", BAD)]))
    assert cleaner.run([finding("s.tar::1.jpg", BAD)])["kept"] == 0
    assert contents(cleaner.out / "s.tar") == {}
    assert cleaner.verify().as_signed
