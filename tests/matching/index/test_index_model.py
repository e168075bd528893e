"""Whatever is added, removed, saved, merged and opened in whatever order, an index equals a dictionary."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seawall.matching.index import DigestTable, HammingIndex, available_backends

VALUES = [bytes(32), bytes(31) + b"\1", bytes(31) + b"\7", b"\xff" * 32, bytes(range(32))]
PICK = st.integers(0, len(VALUES) - 1)


def rows(picks):
    return np.frombuffer(b"".join(VALUES[pick] for pick in picks), np.uint8).reshape(-1, 32)


class Model(RuleBasedStateMachine):
    """An index, what it should hold, what was saved, and a reader elsewhere."""

    hamming: bool

    @initialize()
    def start(self):
        self.home = tempfile.TemporaryDirectory()
        self.path = Path(self.home.name) / "index"
        self.index = HammingIndex() if self.hamming else DigestTable(32)
        self.held, self.next_id = {}, 0
        self.saved = self.reader = self.reader_holds = None

    def teardown(self):
        if hasattr(self, "home"):
            self.index = self.reader = None
            self.home.cleanup()

    @rule(picks=st.lists(PICK, max_size=6))
    def add(self, picks):
        ids = self.index.add(rows(picks)).tolist()
        assert ids == list(range(self.next_id, self.next_id + len(picks)))
        self.held |= dict(zip(ids, picks, strict=True))
        self.next_id += len(picks)

    @rule(picks=st.lists(st.tuples(PICK, st.integers(0, 40)), max_size=6, unique_by=lambda pick: pick[1]))
    def add_under_ids(self, picks):
        ids = [self.next_id + offset for _, offset in picks]
        assert self.index.add(rows([pick for pick, _ in picks]), ids).tolist() == ids
        self.held |= dict(zip(ids, (pick for pick, _ in picks), strict=True))
        self.next_id = max([self.next_id - 1, *ids]) + 1

    @rule(seed=st.integers(0, 9))
    @precondition(lambda self: self.next_id < 20_000)
    def add_many(self, seed):
        self.add(np.random.default_rng(seed).integers(0, len(VALUES), 5000).tolist())

    @rule(ids=st.lists(st.integers(0, 200), max_size=20))
    def remove(self, ids):
        assert self.index.remove(ids) == sum(self.held.pop(entry, None) is not None for entry in set(ids))

    @rule()
    def remove_all(self):
        assert self.index.remove(list(self.held)) == len(self.held)
        self.held = {}

    @rule()
    def compact(self):
        self.index.compact()

    @rule()
    def save(self):
        self.index.save(self.path)
        self.saved = (dict(self.held), self.next_id)

    @precondition(lambda self: self.saved)
    @rule()
    def reopen(self):
        self.index = type(self.index).open(self.path)
        self.index.verify()
        self.held, self.next_id = dict(self.saved[0]), self.saved[1]

    @precondition(lambda self: self.saved)
    @rule()
    def open_reader(self):
        self.reader, self.reader_holds = type(self.index).open(self.path), self.saved[0]

    @precondition(lambda self: self.reader)
    @rule()
    def refresh_reader(self):
        assert self.reader.refresh() == (self.reader_holds is not self.saved[0]) or self.reader_holds == self.saved[0]
        self.reader_holds = self.saved[0]
        assert not self.reader.refresh()

    @rule(pick=PICK, radius=st.sampled_from([0, 1, 3, 63]), first=st.integers(0, 60))
    def search_from(self, pick, radius, first):
        assert self.found(self.index, pick, radius, first) == self.expected(self.held, pick, radius, first)

    @invariant()
    def holds_what_it_should(self):
        if not hasattr(self, "index"):
            return
        assert (len(self.index), self.index.next_id) == (len(self.held), self.next_id)
        assert self.found(self.index, 0, 1, 0) == self.expected(self.held, 0, 1, 0)
        ids, values = self.index.entries()
        assert ids.tolist() == sorted(self.held)
        assert np.array_equal(values, rows([self.held[entry] for entry in ids.tolist()]))
        if self.reader is not None:
            assert self.found(self.reader, 2, 3, 0) == self.expected(self.reader_holds, 2, 3, 0)

    def found(self, index, pick, radius, first):
        if self.hamming:
            _, entries, distances = index.search(rows([pick]), radius, min_entry=first)
            return list(zip(entries.tolist(), distances.tolist(), strict=True))
        return [(entry, 0) for entry in index.search(rows([pick]), min_entry=first)[1].tolist()]

    def expected(self, held, pick, radius, first):
        codes = rows(range(len(VALUES)))
        distances = np.bitwise_count(codes ^ codes[pick]).sum(axis=1, dtype=int).tolist()
        limit = radius if self.hamming else 0
        near = [(entry, distances[other]) for entry, other in held.items() if distances[other] <= limit]
        return sorted((entry, distance) for entry, distance in near if entry >= first)


@pytest.mark.parametrize("kind", ["hamming", "digests"])
@pytest.mark.parametrize("name", [available_backends()[0], "numpy"])
def test_an_index_equals_a_dictionary(using, name, kind):
    machine = type("Machine", (Model,), {"hamming": kind == "hamming"})
    with using(name):
        case = machine.TestCase
        case.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
        case().runTest()
