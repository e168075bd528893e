"""Saving: only what is new is written, readers follow, nothing is lost when the disk is full or files are damaged."""

from __future__ import annotations

import errno
import os
import stat

import numpy as np
import pytest

from seawall.errors import IndexCorrupt, StorageFull, UsageError
from seawall.matching.index import DigestTable, HammingIndex


def files(path):
    return {entry.name for entry in path.iterdir()}


@pytest.fixture
def folder(tmp_path):
    """A directory for an index."""
    return tmp_path / "index"


def test_a_second_save_writes_only_the_new_entries_and_the_removals(backend, folder, codes_of_seed):
    codes = codes_of_seed(20_000, 1)
    index = HammingIndex.build(codes)
    index.save(folder)
    first = files(folder)
    index.save(folder)
    assert files(folder) == first and index.generation == 1
    index.add(codes[:10])
    index.remove([4])
    index.save(folder)
    new = files(folder) - first
    assert sorted(name.rpartition(".")[2] for name in new) == ["dead", "segment"]
    assert sum((folder / name).stat().st_size for name in new) < 4000
    index.remove([5])
    index.save(folder)
    assert len(files(folder) - first - new) == 1


def test_files_are_private(folder, codes_of_seed):
    index = HammingIndex.build(codes_of_seed(10, 1))
    index.remove([1])
    index.save(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_reader_sees_additions_and_removals_after_refresh(backend, folder, codes_of_seed):
    codes = codes_of_seed(20_010, 1)
    writer = HammingIndex.build(codes[:20_000])
    writer.save(folder)
    reader = HammingIndex.open(folder)
    assert not reader.refresh()
    writer.add(codes[20_000:])
    writer.remove([7])
    assert not reader.refresh()
    writer.save(folder)
    assert reader.search(codes[7], 0)[1].tolist() == [7]
    assert reader.refresh() and not reader.refresh()
    assert reader.search(codes[[7, 20_003]], 0)[1].tolist() == [20_003]
    writer.compact()
    writer.save(folder)
    assert reader.refresh()
    assert reader.search(codes[[7, 8, 20_003]], 31)[1].tolist() == [8, 20_003]
    assert np.array_equal(reader.entries()[0], np.delete(np.arange(20_010), 7))
    reader.verify()


def test_a_reader_keeps_what_it_opened_when_files_are_gone(folder, codes_of_seed):
    codes = codes_of_seed(100, 1)
    writer = HammingIndex.build(codes)
    writer.save(folder)
    reader = HammingIndex.open(folder)
    for _ in range(3):
        writer.add(codes[:1])
        writer.compact()
        writer.save(folder)
    assert reader.search(codes[5], 0)[1].tolist() == [5]
    assert len([name for name in files(folder) if name.endswith(".segment")]) == 2


def test_opening_while_a_writer_replaces_everything_takes_the_newer_generation(folder, codes_of_seed, monkeypatch):
    codes = codes_of_seed(100, 1)
    writer = HammingIndex.build(codes)
    writer.save(folder)
    from seawall.matching.index import _persistence

    read, calls = _persistence.read_manifest, []

    def read_then_replace(path):
        manifest = read(path)
        if not calls:
            calls.append(path)
            for _ in range(2):
                writer.add(codes[:1])
                writer.compact()
                writer.save(folder)
        return manifest

    monkeypatch.setattr(_persistence, "read_manifest", read_then_replace)
    assert len(HammingIndex.open(folder)) == 102


def test_many_small_segments_are_merged_when_saved(backend, folder, codes_of_seed):
    codes = codes_of_seed(60, 1)
    index = HammingIndex()
    for number, code in enumerate(codes):
        index.add(code)
        index.remove([number - 1] if number and number % 7 == 0 else [])
        index.save(folder)
        assert len(HammingIndex.open(folder)) == len(index)
    assert len([name for name in files(folder) if name.endswith(".segment")]) <= 2 * 17
    opened = HammingIndex.open(folder)
    gone = [number - 1 for number in range(7, 60, 7)]
    assert np.array_equal(opened.entries()[1], np.delete(codes, gone, axis=0))
    assert opened.next_id == 60


def test_two_writers_do_not_overwrite_each_other(folder, codes_of_seed):
    HammingIndex.build(codes_of_seed(5, 1)).save(folder)
    one, other = HammingIndex.open(folder), HammingIndex.open(folder)
    one.add(codes_of_seed(1, 2))
    one.save(folder)
    other.remove([0])
    with pytest.raises(UsageError, match="another writer"):
        other.save(folder)
    with pytest.raises(UsageError, match="not saved"):
        other.refresh()
    assert len(HammingIndex.open(folder)) == 6


def test_an_index_can_be_copied_to_another_directory_and_replace_what_is_there(tmp_path, codes_of_seed):
    index = HammingIndex.build(codes_of_seed(10, 1))
    index.remove([3])
    index.save(tmp_path / "a")
    HammingIndex.build(codes_of_seed(4, 2)).save(tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "manifest.json").write_text("{}")
    reader = HammingIndex.open(tmp_path / "b")
    for name in "bc":
        HammingIndex.open(tmp_path / "a").save(tmp_path / name)
        HammingIndex.open(tmp_path / name).verify()
        assert HammingIndex.open(tmp_path / name).entries()[0].tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert reader.refresh() and len(reader) == 9


def test_files_of_others_are_left_alone(folder, codes_of_seed):
    index = HammingIndex.build(codes_of_seed(10, 1))
    index.save(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / ".0123456789abcdef.new").write_text("left by a crash")
    index.add(codes_of_seed(1, 2))
    index.save(folder)
    assert "notes.txt" in files(folder) and not any(name.endswith(".new") for name in files(folder))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_leaves_the_index_as_it_was(folder, codes_of_seed, monkeypatch, code, after):
    codes = codes_of_seed(100, 1)
    index = HammingIndex.build(codes)
    index.save(folder)
    before = files(folder)
    index.add(codes[:5])
    index.remove([0])
    write, left = os.write, [after]

    def full(descriptor, data):
        if left[0] == 0:
            raise OSError(code, "full")
        left[0] -= 1
        return write(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageFull):
            index.save(folder)
    assert not any(name.endswith(".new") for name in files(folder) - before)
    opened = HammingIndex.open(folder)
    opened.verify()
    assert len(opened) == 100
    index.save(folder)
    assert len(HammingIndex.open(folder)) == 104


def test_what_is_no_index_is_refused(tmp_path, codes_of_seed):
    DigestTable.build(32, codes_of_seed(3, 1)).save(tmp_path / "digests")
    with pytest.raises(IndexCorrupt, match="another kind"):
        HammingIndex.open(tmp_path / "digests")
    with pytest.raises(IndexCorrupt, match="no index"):
        HammingIndex.open(tmp_path / "missing")
    with pytest.raises(UsageError, match="not saved anywhere"):
        HammingIndex().refresh()
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexCorrupt):
        HammingIndex.open(tmp_path / "file")


def test_an_empty_index_can_be_saved(backend, folder):
    DigestTable(20).save(folder)
    opened = DigestTable.open(folder)
    assert (len(opened), opened.width, opened.generation) == (0, 20, 1)
    index = DigestTable.build(20, np.zeros((1, 20), np.uint8))
    index.remove([0])
    index.save(folder)
    assert opened.refresh() and (len(opened), opened.next_id) == (0, 1)
