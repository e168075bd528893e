"""Backends: the compiled one is there where it must be, and all of them write the same files."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seawall.matching.index import DigestTable, HammingIndex, available_backends, kernel_name


def test_the_compiled_kernel_serves_in_ci(ci):
    if not ci and available_backends() == ("numpy",):
        pytest.skip("compiled kernel not built here")
    assert kernel_name().startswith("c/")
    assert available_backends()[-2:] == ("c/portable", "numpy")


def test_without_the_compiled_kernel_the_twin_serves(monkeypatch, codes_of_seed):
    monkeypatch.setitem(sys.modules, "seawall.matching.index._kernel", None)
    monkeypatch.delattr("seawall.matching.index._kernel", raising=False)
    assert available_backends() == ("numpy",)
    monkeypatch.setenv("SEAWALL_INDEX_BACKEND", "numpy")
    index = HammingIndex.build(codes_of_seed(10, 1))
    assert index.search(codes_of_seed(10, 1)[4], 31)[1].tolist() == [4]


def test_a_backend_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("SEAWALL_INDEX_BACKEND", "c/quantum")
    with pytest.raises(ValueError, match=r"c/quantum.*available"):
        HammingIndex()


def test_all_backends_write_the_same_files(using, tmp_path, codes_of_seed):
    codes = codes_of_seed(25_000, 1)
    codes[20_000:21_000] = codes[:1000]
    codes[22_000:22_100] = codes[5]
    digests = np.ascontiguousarray(codes[:, :20])
    digests[:500, :6] = 7
    names = set()
    for number, backend in enumerate(available_backends()):
        with using(backend):
            index, table = HammingIndex.build(codes, np.arange(25_000) * 2), DigestTable.build(20, digests)
        for name, made in (("codes", index), ("digests", table)):
            made.save(tmp_path / str(number) / name)
        # Files are named by their content.
        names.add(tuple(sorted(path.name for path in (tmp_path / str(number)).rglob("*.segment"))))
    assert len(names) == 1 and len(names.pop()) == 2


def test_searches_in_threads_see_one_state_or_the_next(backend, codes_of_seed):
    codes = codes_of_seed(20_000, 2)
    index = HammingIndex.build(codes)
    stop = threading.Event()

    def search(seed):
        rng = np.random.default_rng(seed)
        rounds = 0
        while not stop.is_set() or rounds < 3:
            rows = rng.integers(0, 10_000, 20)
            assert index.search(codes[rows], 0)[1].tolist() == rows.tolist()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(search, seed) for seed in range(3)]
        try:
            for step in range(40):
                index.add(codes_of_seed(50, 100 + step))
                index.remove(np.arange(10_000 + 20 * step, 10_010 + 20 * step))
        finally:
            stop.set()
        assert all(done.result(timeout=60) >= 3 for done in searches)
    assert len(index) == 20_000 + 40 * 40
