"""Any sequence of changes leaves exactly the entries that a plain dictionary would hold."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import ListConflict
from seawall.hashing.registry import SignalTypes
from seawall.matching import ListStore, Purpose
from seawall.matching.lists import Action, FixedKey, ListRow

TYPES = SignalTypes.installed()
VALUES = {
    "md5": [bytes(range(n, n + 16)) for n in range(3)],
    "pdq": [bytes.fromhex("b36e2ed596621e1d" * 3 + f"33e6b39c4e9c9b{n:02x}") for n in (1, 2)],
}


@dataclass
class Model:
    """Labels of what is live, by (type, value, key)."""

    held: dict[tuple[str, bytes, str | None], tuple[str, ...]] = field(default_factory=dict)

    def apply(self, rows: list[ListRow], replace: bool) -> None:
        said: dict[tuple[str, bytes, str | None], tuple[str, ...]] = {}
        keys = {row.key for row in rows if row.key is not None}
        gone_keys = {row.key for row in rows if row.key is not None and row.action is Action.WITHDRAW}
        for row in rows:
            place = (row.type, row.value, row.key)
            if row.key is not None:
                if row.key not in gone_keys:
                    said[place] = row.labels
            elif row.action is Action.ADD:
                said[place] = row.labels
            else:
                said.pop(place, None)
                self.held.pop(place, None)
        for place in list(self.held):
            if place not in said and (replace or place[2] in keys):
                del self.held[place]
        self.held.update(said)


typed = st.sampled_from([(name, value) for name, values in VALUES.items() for value in values])
keys = st.sampled_from([None, "1/a", "1/b"])
labels = st.sampled_from([(), ("x",), ("x", "y")])


@st.composite
def row(draw: st.DrawFn) -> ListRow:
    key = draw(keys)
    name, value = draw(typed)
    if draw(st.integers(0, 3)) == 0:
        return ListRow("" if key else name, b"" if key else value, key, action=Action.WITHDRAW)
    return ListRow(name, value, key, draw(labels))


steps = st.lists(st.tuples(st.lists(row(), max_size=6), st.booleans()), max_size=6)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_a_list_holds_what_its_imports_said(changes: list[tuple[list[ListRow], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ListStore(Path(folder) / "lists", types=TYPES, keys=FixedKey(bytes(32)))
        store.create_bank("bank", Purpose.BENIGN)
        model = Model()
        used: set[int] = set()
        for rows, replace in changes:
            before = dict(model.held)
            model.apply(rows, replace)
            if replace and before and not model.held:
                model.held = before
                with pytest.raises(ListConflict, match="every entry"):
                    store.add("bank", rows, replace=True)
                continue
            report = store.add("bank", rows, replace=replace)
            assert report.rows == report.added + report.duplicates + report.superseded + report.withdrawals
            if report.first_entry is not None:
                fresh = range(int(report.first_entry), int(report.first_entry) + report.added)
                assert used.isdisjoint(fresh)
                used.update(fresh)
            bank = store.verify("bank")
            found = sorted((name, value, bank.labels_of(entry)) for entry, name, value in bank.items())
            assert found == sorted((name, value, said) for (name, value, _), said in model.held.items())
            assert len(bank) == len(model.held)
