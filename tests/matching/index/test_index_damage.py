"""Damaged files: refused when opened, found by `verify`, or without effect. Never a crash, whatever the bytes."""

from __future__ import annotations

import random
import shutil
import struct

import numpy as np
import pytest

from seawall.errors import IndexCorrupt
from seawall.matching.index import DigestTable, HammingIndex

HEADER, SECTION = 64, 64


def sections(path):
    """Return (start, end) of the arrays of a segment file, as its header states them."""
    data = path.read_bytes()[:4096]
    width = {b"u1": 1, b"u2": 2, b"u4": 4, b"u8": 8}
    count = struct.unpack_from("<I", data, 20)[0]
    found = {}
    for number in range(count):
        name, kind, offset, items = struct.unpack_from("<8s4s4xQQ", data, HEADER + number * SECTION)
        found[name.rstrip(b"\0").decode()] = (offset, offset + items * width[kind.rstrip(b"\0")])
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A saved index of codes and one of digests, with all sections that there are, and what they answer."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 256, (17_000, 32), np.uint8)
    codes[15_000:15_100] = codes[3]
    made = {}
    for name, index in (
        ("codes", HammingIndex.build(codes, np.arange(17_000) * 3)),
        ("digests", DigestTable.build(32, codes, np.arange(17_000) * 3)),
    ):
        index.remove([0, 30])
        path = tmp_path_factory.mktemp("whole") / name
        index.save(path)
        made[name] = path
    return made, codes


def ask(index, codes):
    queries = codes[[3, 10, 16_000, 0, 15_050]]
    found = index.search(queries, 31) if isinstance(index, HammingIndex) else index.search(queries)
    ids, values = index.entries()
    return [column.tolist() for column in found], ids.tolist(), values.tobytes(), len(index)


def opened(path):
    return (HammingIndex if path.name == "codes" else DigestTable).open(path)


def survives(path, codes, truth):
    """Open, search and verify; return whether the damage was noticed."""
    try:
        index = opened(path)
    except IndexCorrupt:
        return True
    try:
        answer = ask(index, codes)
    except IndexCorrupt:
        answer = None
    try:
        index.verify()
    except IndexCorrupt:
        return True
    assert answer == truth
    return False


@pytest.mark.parametrize("name", ["codes", "digests"])
def test_every_region_of_every_file_is_guarded(backend, whole, tmp_path, name):
    made, codes = whole
    path = shutil.copytree(made[name], tmp_path / name)
    truth = ask(opened(path), codes)
    rng = random.Random(7)
    for file in sorted(path.iterdir()):
        data = file.read_bytes()
        places = {0, len(data) - 1, *(rng.randrange(len(data)) for _ in range(5))}
        guarded = range(len(data))
        if file.suffix == ".segment":
            regions = sections(file)
            head = HEADER + SECTION * len(regions) + 32
            places |= set(range(0, head, 11)) | {byte for a, b in regions.values() for byte in (a, b - 1)}
            guarded = [*range(head), *(byte for a, b in regions.values() for byte in (a, b - 1))]
        elif file.name == "manifest.json":
            places |= set(range(0, len(data), 5))
        for place in sorted(places):
            with file.open("r+b") as stream:
                stream.seek(place)
                stream.write(bytes([data[place] ^ (1 << rng.randrange(8))]))
            noticed = survives(path, codes, truth)
            # Spaces between tokens and the case of an exponent mean nothing in JSON.
            assert noticed or place not in guarded or file.suffix == ".json"
            with file.open("r+b") as stream:
                stream.seek(place)
                stream.write(data[place : place + 1])
    assert not survives(path, codes, truth)


@pytest.mark.parametrize("name", ["codes", "digests"])
def test_cut_missing_and_lengthened_files_are_refused(whole, tmp_path, name):
    made, _ = whole
    for file in sorted(made[name].iterdir()):
        size = file.stat().st_size
        for length in (0, 1, 63, 64, size // 2, size - 2, size + 1, None):
            path = shutil.copytree(made[name], tmp_path / name)
            if length is None:
                (path / file.name).unlink()
            else:
                with (path / file.name).open("r+b") as stream:
                    stream.truncate(length)
            with pytest.raises(IndexCorrupt):
                opened(path)
            shutil.rmtree(path)


@pytest.mark.parametrize("fill", ["ones", "random", "small"])
def test_tables_full_of_nonsense_crash_nothing(backend, whole, tmp_path, fill):
    made, codes = whole
    rng = np.random.default_rng(5)
    for name, folder in made.items():
        for section in sections(next(folder.glob("*.segment"))):
            path = shutil.copytree(folder, tmp_path / name)
            file = next(path.glob("*.segment"))
            start, end = sections(file)[section]
            with file.open("r+b") as stream:
                stream.seek(start)
                count = end - start
                if fill == "ones":
                    stream.write(b"\xff" * count)
                elif fill == "random":
                    stream.write(rng.bytes(count))
                else:
                    stream.write(rng.integers(0, 20_000, count // 8 + 1, np.uint32).tobytes()[: count // 2])
            index = opened(path)
            for queries in (codes[:40], rng.integers(0, 256, (40, 32), np.uint8)):
                for argument in (0, 31, 40, 63) if name == "codes" else (None,):
                    try:
                        index.search(queries, argument) if name == "codes" else index.search(queries)
                    except IndexCorrupt:
                        continue
            with pytest.raises(IndexCorrupt, match="damaged"):
                index.verify()
            shutil.rmtree(path)


def test_a_sound_segment_under_another_name_is_refused(whole, tmp_path, codes_of_seed):
    made, _ = whole
    path = shutil.copytree(made["codes"], tmp_path / "codes")
    HammingIndex.build(codes_of_seed(17_000, 9)).save(tmp_path / "other")
    shutil.copy(next((tmp_path / "other").glob("*.segment")), next(path.glob("*.segment")))
    with pytest.raises(IndexCorrupt, match="not the file"):
        HammingIndex.open(path)


def test_damage_that_happens_after_saving_is_found_by_the_writer_too(tmp_path, codes_of_seed):
    index = HammingIndex.build(codes_of_seed(100, 1))
    index.save(tmp_path)
    index.verify()
    file = next(tmp_path.glob("*.segment"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    data[sections(file)["values"][0]] ^= 1
    file.write_bytes(data)
    with pytest.raises(IndexCorrupt, match="values"):
        index.verify()
    file.unlink()
    with pytest.raises(IndexCorrupt, match="read"):
        index.verify()
