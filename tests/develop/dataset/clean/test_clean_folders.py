"""Folders, and the rules that hold for every kind: copies go too, changed data stop the clean, doubts are left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seawall.develop.dataset.clean import DataChanged, ItemsMissing
from seawall.errors import SeawallError, StateLocked, UsageError
from tests.develop.dataset.clean.conftest import Cleaner, finding

BAD = b"these bytes go"


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"clean-manifest.jsonl"}


@pytest.fixture
def folder(cleaner: Cleaner) -> Cleaner:
    (cleaner.data / "deep").mkdir()
    for name, data in (("a.bin", b"one"), ("bad.bin", BAD), ("deep/copy.bin", BAD), ("deep/b\n\udcff::.bin", b"two")):
        (cleaner.data / name).write_bytes(data)
    os.utime(cleaner.data / "a.bin", ns=(1_000_000_007, 1_000_000_007))
    return cleaner


def test_files_are_copied_with_their_names_and_times_and_exact_copies_go_too(folder: Cleaner) -> None:
    summary = folder.run([finding("bad.bin", BAD)])
    assert _names(folder.out) == {"a.bin", "deep/b\n\udcff::.bin"}
    assert (folder.out / "a.bin").stat().st_mtime_ns == 1_000_000_007
    assert (folder.out / "a.bin").stat().st_ino != (folder.data / "a.bin").stat().st_ino
    assert (summary["items"], summary["kept"], summary["removed"]["list"]) == (4, 2, 2)
    assert folder.evidence == {BAD}
    assert folder.verify().as_signed
    assert (folder.data / "bad.bin").read_bytes() == BAD, "the source is not touched"


def test_rows_whose_action_is_allow_name_nothing(folder: Cleaner) -> None:
    folder.run([finding("bad.bin", BAD, action="allow")])
    assert "bad.bin" in _names(folder.out)


def test_an_item_that_changed_since_it_was_found_stops_the_clean(folder: Cleaner) -> None:
    with pytest.raises(DataChanged, match=r"bad\.bin") as error:
        folder.run([finding("bad.bin", b"what it was")])
    assert (error.value.code, error.value.exit_code) == ("data_changed", 3)
    assert not _names(folder.out)
    assert not (folder.out / "clean-manifest.jsonl").exists()


def test_an_item_that_cannot_be_read_any_more_stops_the_clean(folder: Cleaner) -> None:
    (folder.data / "bad.bin").unlink()
    (folder.data / "bad.bin").symlink_to("nowhere")
    with pytest.raises(DataChanged):
        folder.run([finding("bad.bin", BAD)])


def test_an_item_that_is_not_there_stops_the_clean(folder: Cleaner) -> None:
    with pytest.raises(ItemsMissing, match=r"not/there\.bin") as error:
        folder.run([finding("bad.bin", BAD), finding("not/there.bin", BAD)])
    assert (error.value.code, error.value.exit_code) == ("items_missing", 3)
    assert not (folder.out / "clean-manifest.jsonl").exists()


def test_an_item_named_without_a_digest_goes_and_a_copy_of_it_stops_the_clean(folder: Cleaner) -> None:
    with pytest.raises(DataChanged, match=r"deep/copy\.bin"):
        folder.run([finding("bad.bin", None)])
    (folder.data / "deep/copy.bin").unlink()
    folder.run([finding("bad.bin", None)], fresh=True)
    assert "bad.bin" not in _names(folder.out)


def test_data_that_change_between_two_runs_stop_the_clean(folder: Cleaner) -> None:
    rows = [finding("bad.bin", BAD)]
    folder.run(rows)
    (folder.data / "new.bin").write_bytes(b"new")
    with pytest.raises(DataChanged):
        folder.run(rows)
    folder.run(rows, fresh=True)
    assert "new.bin" in _names(folder.out)


def test_links_and_special_files_are_left_out(folder: Cleaner) -> None:
    (folder.data / "inside").symlink_to("a.bin")
    (folder.data / "outside").symlink_to("/etc/hostname")
    os.mkfifo(folder.data / "pipe")
    summary = folder.run([finding("bad.bin", BAD)])
    assert summary["removed"]["unreadable"] == 2
    assert not {"inside", "outside", "pipe"} & _names(folder.out)
    assert folder.verify().as_signed


def test_an_output_that_holds_something_else_is_refused(folder: Cleaner) -> None:
    folder.out.mkdir()
    (folder.out / "mine.txt").write_text("mine")
    for fresh in (False, True):
        with pytest.raises(UsageError):
            folder.run([finding("bad.bin", BAD)], fresh=fresh)
    assert (folder.out / "mine.txt").read_text() == "mine"


def test_other_findings_need_another_output_or_fresh(folder: Cleaner) -> None:
    folder.run([finding("bad.bin", BAD)])
    with pytest.raises(UsageError):
        folder.run([finding("a.bin", b"one")])
    folder.run([finding("a.bin", b"one")], fresh=True)
    assert "a.bin" not in _names(folder.out)
    assert folder.verify().as_signed


def test_the_data_are_never_written_over(folder: Cleaner) -> None:
    for out in (folder.data, folder.folder):
        with pytest.raises(UsageError):
            folder.run([finding("bad.bin", BAD)], out=out)
    folder.run([finding("bad.bin", BAD)], out=folder.data / "cleaned")
    assert _names(folder.data / "cleaned") == {"a.bin", "deep/b\n\udcff::.bin"}


def test_a_cleaned_dataset_can_be_cleaned_again(folder: Cleaner) -> None:
    folder.run([finding("bad.bin", BAD)])
    again = folder.folder / "again"
    folder.run([finding("a.bin", b"one")], sources=[folder.out], out=again)
    assert _names(again) == {"deep/b\n\udcff::.bin"}
    assert folder.verify(again, again / "clean-manifest.jsonl").as_signed


def test_several_locations_keep_their_keys(folder: Cleaner) -> None:
    rows = [finding("deep/copy.bin", BAD)]
    folder.run(rows, sources=[folder.data / "a.bin", folder.data / "deep"])
    assert _names(folder.out) == {"a.bin", "deep/b\n\udcff::.bin"}
    assert folder.verify().as_signed


def test_an_object_store_can_be_read_and_written(folder: Cleaner) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe({"/clean-in/x/a.bin": b"one", "/clean-in/bad.bin": BAD})
    out = "memory://clean-out/here"
    try:
        folder.run([finding("bad.bin", BAD)], sources=["memory://clean-in"], out=out)
        assert sorted(memory.find("/clean-out")) == ["/clean-out/here/clean-manifest.jsonl", "/clean-out/here/x/a.bin"]
        verdict = folder.verify(out, f"{out}/clean-manifest.jsonl")
        assert verdict.as_signed, verdict
        memory.pipe("/clean-out/here/x/a.bin", BAD)
        assert folder.verify(out, f"{out}/clean-manifest.jsonl").counts == {"removed_returned": 1}
        memory.pipe("/clean-in/new.bin", b"new")
        folder.run([finding("bad.bin", BAD)], sources=["memory://clean-in"], out=out, fresh=True)
        assert folder.verify(out, f"{out}/clean-manifest.jsonl").as_signed
    finally:
        memory.rm("/clean-in", recursive=True)
        memory.rm("/clean-out", recursive=True)


def test_two_cleans_cannot_write_to_one_output(folder: Cleaner) -> None:
    from seawall.develop.dataset.clean import CleanOptions, clean

    findings = folder.findings([finding("bad.bin", BAD)])

    def second(_: object) -> None:
        with pytest.raises(StateLocked):
            clean([str(folder.data)], CleanOptions(out=folder.out, remove=[findings]))

    clean(
        [str(folder.data)],
        CleanOptions(out=folder.out, remove=[findings], workers=1),
        make_sink=lambda: folder.sink,
        progress=second,
    )


def test_nothing_is_cleaned_without_findings_or_sources(cleaner: Cleaner) -> None:
    with pytest.raises(UsageError):
        cleaner.run(remove=[])
    with pytest.raises(SeawallError):
        cleaner.run(sources=[cleaner.folder / "not-there"])
