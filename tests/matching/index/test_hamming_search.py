"""Searching finds exactly what comparing with every code finds, whatever the radius and however the bits differ."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import NotFound, UsageError
from seawall.matching.index import HammingIndex, available_backends

WITH_TABLES = 20_000
"""Codes enough for a segment to have tables."""


def flipped(code, per_chunk, rng):
    """Change so many bits in each of the 16 chunks."""
    bits = np.unpackbits(code)
    for chunk, count in enumerate(per_chunk):
        bits[16 * chunk + rng.permutation(16)[:count]] ^= 1
    return np.packbits(bits)


def splits(distance, rng):
    """Ways to spread a distance over the chunks that pigeonholes find hard."""
    share, rest = divmod(distance, 8)
    pairs = np.full(8, share)
    for crowded in (np.arange(8) < rest, np.arange(8)[::-1] < rest, rng.permutation(8) < rest):
        for half in ("first", "second", "even", "odd"):
            per_pair = pairs + crowded
            first = {"first": per_pair, "second": 0 * per_pair, "even": per_pair // 2, "odd": (per_pair + 1) // 2}[half]
            yield np.stack([first, per_pair - first], axis=1).ravel()
    chunks = np.zeros(16, int)
    for chunk in rng.permutation(16):
        chunks[chunk] = min(16, distance - chunks.sum())
    yield chunks
    yield rng.multivariate_hypergeometric([16] * 16, distance)


@pytest.mark.parametrize("radii", [range(0, 16), range(16, 32), range(32, 48), range(48, 64)])
def test_every_radius_is_exact_for_differences_spread_against_the_tables(
    backend, radii, codes_of_seed, oracle, triples
):
    rng = np.random.default_rng(radii.start)
    query = codes_of_seed(1, 99)[0]
    planted = [flipped(query, split, rng) for d in [*radii, radii.stop] for split in splits(d, rng)]
    codes = np.concatenate([codes_of_seed(WITH_TABLES, radii.start), planted])
    index = HammingIndex.build(codes)
    for radius in radii:
        found = index.search(query, radius)
        assert triples(found) == oracle(query, codes, radius)
        assert len(found[0]) >= 14


@pytest.mark.parametrize("name", available_backends())
@settings(max_examples=15, deadline=None)
@given(
    radius=st.integers(0, 63),
    patterns=st.lists(st.lists(st.integers(0, 5), min_size=16, max_size=16), min_size=1, max_size=30),
    size=st.sampled_from([0, 7, 1030, WITH_TABLES]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_pattern_of_differences_is_found(using, oracle, triples, codes_of_seed, name, radius, patterns, size, seed):
    rng = np.random.default_rng(seed)
    queries = codes_of_seed(3, seed)
    planted = [flipped(queries[number % 3], pattern, rng) for number, pattern in enumerate(patterns)]
    codes = np.concatenate([codes_of_seed(size, seed + 1), planted])
    with using(name):
        index = HammingIndex.build(codes)
    assert triples(index.search(queries, radius)) == oracle(queries, codes, radius)


@pytest.mark.parametrize("filler", [0, WITH_TABLES])
def test_published_matches_of_the_sample_lists_are_found(backend, vectors: Path, codes_of_seed, filler):
    def read(name):
        lines = (vectors / "lists" / name).read_text().split()
        return np.frombuffer(bytes.fromhex("".join(lines)), np.uint8).reshape(-1, 32)

    haystack, needles = read("haystack.txt"), read("needles.txt")
    index = HammingIndex.build(np.concatenate([haystack, codes_of_seed(filler, 3)]))
    with (vectors / "lists" / "expected_matches.csv").open() as file:
        rows = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(file)]
    for radius, count in ((0, 50), (15, 151), (31, 250), (63, 352)):
        expected = [
            (row["needle_line"], row["haystack_line"], row["distance"]) for row in rows if row["radius"] == radius
        ]
        query, entry, distance = index.search(needles, radius)
        known = entry < len(haystack)
        found = list(zip(query[known].tolist(), entry[known].tolist(), distance[known].tolist(), strict=True))
        assert found == sorted(expected) and len(found) == count
        assert radius == 63 or known.all()


def test_a_code_that_is_listed_ten_thousands_of_times_gives_all_its_entries(backend, codes_of_seed, oracle, triples):
    codes = codes_of_seed(60_000, 5)
    codes[1000:41_000] = codes[3]
    codes[50_000:50_010] = codes[50_020]
    index = HammingIndex.build(codes)
    queries = codes[[3, 50_020, 0]]
    queries[1, 5] ^= 3
    assert triples(index.search(queries, 31)) == oracle(queries, codes, 31)
    assert index.nbytes < 20_100 * 96 + 60_000 * 40 + (5 << 20)


def test_a_flood_of_nearly_identical_codes_stays_exact(backend, codes_of_seed, oracle, triples):
    rng = np.random.default_rng(8)
    centre = codes_of_seed(1, 6)
    codes = np.concatenate([codes_of_seed(5_000, 7), np.repeat(centre, 30_000, axis=0)])
    at = np.arange(5_000, 35_000)
    for _ in range(3):
        codes[at, rng.integers(0, 32, len(at))] ^= np.uint8(1) << rng.integers(0, 8, len(at), np.uint8)
    queries = np.concatenate([centre, codes[:2], codes[-1:]])
    index = HammingIndex.build(codes)
    for radius in (0, 4, 31, 50):
        assert triples(index.search(queries, radius)) == oracle(queries, codes, radius)


@pytest.mark.parametrize("radius", [0, 12, 31, 45, 63])
def test_a_large_batch_gives_what_its_queries_give_one_by_one(backend, codes_of_seed, triples, radius):
    rng = np.random.default_rng(radius)
    codes = codes_of_seed(22_000, 12)
    # Some queries meet crowded buckets, and are searched in another way than their neighbours in the batch.
    codes[:2600, : radius % 8 * 4 + 2] = 7
    codes[4000:4050] = codes[0]
    rows = rng.integers(0, len(codes), 1100 if radius == 31 and backend != "numpy" else 70)
    queries = codes[rows]
    queries[1::2, 3] ^= 1
    queries[::5] = codes_of_seed(len(queries[::5]), 13)
    index = HammingIndex.build(codes)
    single = []
    for number, query in enumerate(queries):
        single += [(number, entry, distance) for _, entry, distance in triples(index.search(query, radius))]
    assert triples(index.search(queries, radius)) == single


def test_codes_that_share_all_but_one_chunk_stay_exact(backend, codes_of_seed, oracle, triples):
    codes = np.zeros((40_000, 32), np.uint8)
    codes[:, 6:8] = np.arange(40_000, dtype="<u2")[:, None].view(np.uint8)
    queries = np.concatenate([codes[[77]], codes_of_seed(1, 1), ~codes[[5]]])
    index = HammingIndex.build(codes)
    for radius in (0, 3, 9):
        assert triples(index.search(queries, radius)) == oracle(queries, codes, radius)


def test_only_entries_from_the_asked_one_on_are_reported(backend, codes_of_seed):
    codes = codes_of_seed(WITH_TABLES, 4)
    codes[[10, 500, 12_000]] = codes[2]
    index = HammingIndex.build(codes, np.arange(WITH_TABLES) * 3 + 7)
    index.add(codes[[2, 2]])
    last = 3 * (WITH_TABLES - 1) + 7
    expected = [13, 37, 1507, 36_007, last + 1, last + 2]
    for first in (0, 13, 14, 38, 1507, 36_008, last + 1, last + 2, last + 3, 2**62):
        entries = index.search(codes[2], 0, min_entry=first)[1]
        assert entries.tolist() == [entry for entry in expected if entry >= first]


def test_a_single_query_and_a_batch_agree_and_have_plain_types(backend, codes_of_seed):
    codes = codes_of_seed(100, 1)
    index = HammingIndex.build(codes)
    one, many = index.search(codes[4], 31), index.search(codes[4:5], 31)
    assert [column.dtype for column in one] == [np.int64, np.uint64, np.int32]
    assert all(np.array_equal(a, b) for a, b in zip(one, many, strict=True))
    assert [len(column) for column in index.search(np.empty((0, 32), np.uint8), 31)] == [0, 0, 0]
    assert np.array_equal(index.search(codes[::-2], 0)[1], np.arange(99, 0, -2))


def test_an_empty_index_finds_nothing(backend):
    index = HammingIndex.build(np.empty((0, 32), np.uint8))
    assert (len(index), index.next_id) == (0, 0)
    assert [len(column) for column in index.search(np.zeros(32, np.uint8), 63)] == [0, 0, 0]


@pytest.mark.parametrize("radius", [-1, 64, 3.5, None, "31"])
def test_a_radius_that_is_not_0_to_63_is_refused(radius):
    with pytest.raises(UsageError, match="radius"):
        HammingIndex().search(np.zeros(32, np.uint8), radius)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 31), np.uint8),
        np.zeros((2, 2, 32), np.uint8),
        np.zeros((2, 32), np.int8),
        np.zeros((), np.uint8),
        b"0" * 32,
        None,
    ],
)
def test_values_of_another_shape_or_type_are_refused(values):
    index = HammingIndex()
    with pytest.raises(UsageError):
        index.search(values, 31)
    with pytest.raises(UsageError):
        index.add(values)
    assert len(index) == 0


@pytest.mark.parametrize("ids", [[1], [1, 1], [0.5, 1.5], [-1, 4], [2**63, 1], [[1, 2]], ["a", "b"], [True, False]])
def test_ids_that_cannot_be_used_are_refused(ids):
    index = HammingIndex()
    with pytest.raises(UsageError):
        index.add(np.zeros((2, 32), np.uint8), ids)
    assert (len(index), index.next_id) == (0, 0)


def test_an_id_is_never_used_again(codes_of_seed):
    index = HammingIndex.build(codes_of_seed(4, 1))
    assert index.remove([3]) == 1
    with pytest.raises(UsageError, match="between 4"):
        index.add(codes_of_seed(1, 2), [3])
    assert index.add(codes_of_seed(2, 2)).tolist() == [4, 5]
    assert index.add(codes_of_seed(2, 3), [20, 9]).tolist() == [20, 9]
    assert index.search(codes_of_seed(2, 3), 0)[1].tolist() == [20, 9]
    assert index.next_id == 21


def test_codes_of_entries_come_back_in_the_asked_order(codes_of_seed):
    codes = codes_of_seed(50, 1)
    index = HammingIndex.build(codes[:30])
    index.add(codes[30:], np.arange(100, 120))
    index.remove([5, 5, 101, 4000])
    assert np.array_equal(index.codes_of([119, 0, 100]), codes[[49, 0, 30]])
    assert index.codes_of([]).shape == (0, 32)
    for gone in ([5], [0, 101], [30], [4000]):
        with pytest.raises(NotFound, match="1 of"):
            index.codes_of(gone)
