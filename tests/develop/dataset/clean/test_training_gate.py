"""The gate: 0 as signed, 1 for anything else, and what differs by name."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seawall.errors import NotFound, SeawallError, UsageError
from seawall.ledger.keys import public_key
from tests.develop.dataset.clean.conftest import Cleaner, finding, sha256

BAD = b"these bytes went"


def _members(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        return [(member.name, (tar.extractfile(member) or io.BytesIO()).read()) for member in tar]


def _pack(path: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def signed(cleaner: Cleaner) -> Cleaner:
    (cleaner.data / "deep").mkdir()
    for name, data in (("a.bin", b"one"), ("deep/b.bin", b"two"), ("bad.bin", BAD)):
        (cleaner.data / name).write_bytes(data)
    _pack(cleaner.data / "s.tar", [("1.jpg", b"first"), ("2.jpg", b"second"), ("3.jpg", BAD)])
    with zipfile.ZipFile(cleaner.data / "z.zip", "w") as archive:
        archive.writestr("x", b"in a zip")
    cleaner.run([finding("bad.bin", BAD)])
    return cleaner


def test_what_was_signed_is_as_signed_wherever_it_is_moved(signed: Cleaner) -> None:
    verdict = signed.verify()
    assert verdict.as_signed
    assert (verdict.files, verdict.event is not None) == (4, True)
    moved = signed.folder / "moved"
    shutil.copytree(signed.out, moved)
    assert signed.verify(moved).as_signed
    (moved / "clean-manifest.jsonl").rename(signed.folder / "apart.jsonl")
    assert signed.verify(moved, signed.folder / "apart.jsonl").as_signed
    (moved / "empty").mkdir()
    assert signed.verify(moved, signed.folder / "apart.jsonl").as_signed


def _alter(out: Path) -> None:
    (out / "a.bin").write_bytes(b"ONE")


def _lose(out: Path) -> None:
    (out / "deep/b.bin").unlink()


def _add(out: Path) -> None:
    (out / "deep/new.bin").write_bytes(b"new")


def _return(out: Path) -> None:
    (out / "deep/innocent-name.bin").write_bytes(BAD)


def _return_in_place(out: Path) -> None:
    (out / "a.bin").write_bytes(BAD)


def _swap(out: Path) -> None:
    (out / "a.bin").rename(out / "x")
    (out / "deep/b.bin").rename(out / "a.bin")
    (out / "x").rename(out / "deep/b.bin")


def _rename(out: Path) -> None:
    (out / "a.bin").rename(out / "renamed.bin")


def _link(out: Path) -> None:
    (out / "again").symlink_to("a.bin")


def _link_out(out: Path) -> None:
    (out / "a.bin").unlink()
    (out / "a.bin").symlink_to(out.parent / "data/a.bin")


def _alter_member(out: Path) -> None:
    _pack(out / "s.tar", [("1.jpg", b"first"), ("2.jpg", b"SECOND")])


def _lose_member(out: Path) -> None:
    _pack(out / "s.tar", [("1.jpg", b"first")])


def _return_member(out: Path) -> None:
    _pack(out / "s.tar", [*_members(out / "s.tar"), ("4.jpg", BAD)])


def _swap_members(out: Path) -> None:
    _pack(out / "s.tar", [("1.jpg", b"second"), ("2.jpg", b"first")])


def _cut_archive(out: Path) -> None:
    (out / "s.tar").write_bytes((out / "s.tar").read_bytes()[:514])


def _pack_in_new_archive(out: Path) -> None:
    with zipfile.ZipFile(out / "more.zip", "w") as archive:
        archive.writestr("y", BAD)


def _alter_manifest(out: Path) -> None:
    with (out / "clean-manifest.jsonl").open("a") as file:
        file.write("\n")


TAMPERED: list[tuple[Callable[[Path], None], set[tuple[str, str]]]] = [
    (_alter, {("altered", "a.bin")}),
    (_lose, {("missing", "deep/b.bin")}),
    (_add, {("added", "deep/new.bin")}),
    (_return, {("removed_returned", "deep/innocent-name.bin")}),
    (_return_in_place, {("removed_returned", "a.bin")}),
    (_swap, {("altered", "a.bin"), ("altered", "deep/b.bin")}),
    (_rename, {("added", "renamed.bin"), ("missing", "a.bin")}),
    (_link, {("added", "again")}),
    (_link_out, {("unreadable", "a.bin"), ("missing", "a.bin")}),
    (_alter_member, {("altered", "s.tar"), ("altered", "s.tar::2.jpg")}),
    (_lose_member, {("altered", "s.tar"), ("missing", "s.tar::2.jpg")}),
    (_return_member, {("altered", "s.tar"), ("removed_returned", "s.tar::4.jpg")}),
    (_swap_members, {("altered", "s.tar"), ("altered", "s.tar::1.jpg"), ("altered", "s.tar::2.jpg")}),
    (_cut_archive, {("altered", "s.tar"), ("unreadable", "s.tar::1.jpg"), ("missing", "s.tar::2.jpg")}),
    (_pack_in_new_archive, {("added", "more.zip"), ("removed_returned", "more.zip::y")}),
]


@pytest.mark.parametrize(("tamper", "expected"), TAMPERED, ids=lambda value: getattr(value, "__name__", None))
def test_whatever_differs_is_named(
    signed: Cleaner, tamper: Callable[[Path], None], expected: set[tuple[str, str]]
) -> None:
    kept = signed.folder / "kept.jsonl"
    shutil.copy(signed.out / "clean-manifest.jsonl", kept)
    tamper(signed.out)
    verdict = signed.verify(manifest=kept)
    assert not verdict.as_signed
    named = {(each.how.value, each.key or "") for each in verdict.differences}
    assert {each for each in named if not each[1].startswith("s.tar::@")} == expected
    assert BAD.decode() not in json.dumps(verdict.to_dict())


def test_a_dataset_with_another_manifest_than_the_one_given_is_not_as_signed(signed: Cleaner) -> None:
    kept = signed.folder / "kept.jsonl"
    shutil.copy(signed.out / "clean-manifest.jsonl", kept)
    _alter_manifest(signed.out)
    assert [(each.how.value, each.key) for each in signed.verify(manifest=kept).differences] == [
        ("added", "clean-manifest.jsonl")
    ]


def _without_a_row(lines: list[str]) -> list[str]:
    return [line for line in lines if '"a.bin"' not in line]


def _with_a_row(lines: list[str]) -> list[str]:
    row = json.dumps({"item": "new.bin", "sha256": sha256(b"new"), "size": 3}) + "\n"
    return [*lines[:-1], row, lines[-1]]


def _resealed(lines: list[str]) -> list[str]:
    import hashlib

    body = "".join(_with_a_row(lines)[:-1])
    seal = json.loads(lines[-1])
    seal["seal"] |= {"sha256": hashlib.sha256(body.encode()).hexdigest(), "lines": len(lines)}
    return [*_with_a_row(lines)[:-1], json.dumps(seal) + "\n"]


@pytest.mark.parametrize(
    "change",
    [
        _without_a_row,
        _with_a_row,
        _resealed,
        lambda lines: lines[:-1],
        lambda lines: [],
        lambda lines: lines[-1:],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:-1], lines[-1].rstrip("\n")],
        lambda lines: ["\x00\n"],
        lambda lines: [line.replace('"event":"', '"event":"0') for line in lines],
        lambda lines: [line.replace('"signature":"', '"signature":"!') for line in lines],
        lambda lines: [line.replace('"signature":"', '"signature":"AAAA') for line in lines],
    ],
)
def test_a_manifest_that_was_changed_is_none(signed: Cleaner, change: Callable[[list[str]], list[str]]) -> None:
    path = signed.out / "clean-manifest.jsonl"
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    verdict = signed.verify()
    assert not verdict.as_signed
    assert [each.how.value for each in verdict.differences] == ["manifest"]
    assert verdict.facts is None


def test_another_key_signed_nothing_here(signed: Cleaner) -> None:
    other = public_key(Ed25519PrivateKey.generate()).to_pem()
    assert not signed.verify(key=other).as_signed


def test_a_key_a_manifest_or_data_that_are_not_there_are_a_usage_error(signed: Cleaner) -> None:
    with pytest.raises(NotFound):
        signed.verify(manifest=signed.folder / "gone.jsonl")
    with pytest.raises(NotFound):
        signed.verify(signed.folder / "gone")
    with pytest.raises(UsageError):
        signed.verify(manifest=signed.folder)
    with pytest.raises(SeawallError):
        signed.verify(key="no key")


def test_the_number_of_differences_named_is_bounded(signed: Cleaner) -> None:
    for number in range(30):
        (signed.out / f"new-{number}").write_bytes(b"%d" % number)
    verdict = signed.verify(limit=5)
    assert len(verdict.differences) == 5
    assert verdict.counts == {"added": 30}
