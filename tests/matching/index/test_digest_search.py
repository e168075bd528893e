"""The table of digests reports all entries that equal a query, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import NotFound, UsageError
from seawall.matching.index import DigestTable, available_backends


def array(values: list[bytes], width: int):
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, width)


def equal(queries: list[bytes], entries: list[bytes]):
    return [(q, e) for q, query in enumerate(queries) for e, entry in enumerate(entries) if query == entry]


@pytest.mark.parametrize("name", available_backends())
@settings(max_examples=60, deadline=None)
@given(data=st.data(), width=st.sampled_from([4, 5, 6, 7, 8, 16, 20, 32, 64]))
def test_exactly_the_equal_entries_are_found(using, triples, name, data, width):
    # Few letters at each place, zeros among them, make many common prefixes and repetitions.
    digest = st.lists(st.sampled_from([0, 1, 255]), min_size=width, max_size=width).map(bytes)
    shared = st.builds(lambda head, tail: bytes(width - 2) + bytes([head, tail]), *[st.integers(0, 3)] * 2)
    values = st.lists(digest | shared, max_size=60)
    entries, queries = data.draw(values), data.draw(values)
    queries += entries[::2]
    with using(name):
        table = DigestTable.build(width, array(entries, width))
    assert triples(table.search(array(queries, width))) == equal(queries, entries)


@pytest.mark.parametrize("width", [16, 20, 32])
def test_many_digests_with_repetitions_are_found(backend, triples, width):
    rng = np.random.default_rng(width)
    values = rng.integers(0, 256, (30_000, width), np.uint8)
    values[10_000:12_000] = values[7]
    values[20_000:25_000, : width - 2] = 9
    table = DigestTable.build(width, values)
    asked = [7, 10_500, 0, 29_999, *range(20_000, 20_050)]
    found = triples(table.search(values[asked]))
    expected = [
        (number, row)
        for number, entry in enumerate(asked)
        for row in np.flatnonzero((values == values[entry]).all(axis=1)).tolist()
    ]
    assert found == expected
    assert len(table.search(rng.integers(0, 256, (500, width), np.uint8))[0]) == 0


def test_ids_removal_and_the_first_entry_work_as_in_the_hamming_index(backend):
    values = np.arange(64, dtype=np.uint8).reshape(4, 16)
    table = DigestTable.build(16, values[[0, 1, 0]], [5, 9, 7])
    assert table.search(values[0])[1].tolist() == [5, 7]
    assert table.search(values[0], min_entry=6)[1].tolist() == [7]
    assert table.add(values[[0, 3]]).tolist() == [10, 11]
    assert table.remove([7, 8, 7]) == 1
    assert table.search(values[0])[1].tolist() == [5, 10]
    assert (len(table), table.next_id, table.width) == (4, 12, 16)
    assert np.array_equal(table.digests_of([11, 9]), values[[3, 1]])
    with pytest.raises(NotFound):
        table.digests_of([7])


@pytest.mark.parametrize("width", [0, 3, 65, -16])
def test_a_width_that_is_no_digest_is_refused(width):
    with pytest.raises(UsageError, match="4 to 64"):
        DigestTable(width)


@pytest.mark.parametrize("values", [np.zeros((1, 20), np.uint8), np.zeros(16, np.uint16), b"\0" * 16, None])
def test_values_of_another_width_or_type_are_refused(values):
    table = DigestTable(16)
    with pytest.raises(UsageError):
        table.search(values)
    with pytest.raises(UsageError):
        table.add(values)
    with pytest.raises(UsageError):
        table.search(np.zeros(16, np.uint8), min_entry="first")
