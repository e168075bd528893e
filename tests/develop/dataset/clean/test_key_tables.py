"""Tables of keys on disk, and the way back from a key to a name."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.develop.dataset.clean import tables
from seawall.develop.dataset.clean.tables import Table, TableConflict, TableWriter, key_id
from seawall.develop.dataset.readers.names import original, printable

NAMES = st.text(st.characters(codec=None) | st.sampled_from("\\:x/\udc80\udcff\n"), max_size=8)


@given(NAMES)
def test_every_printed_name_leads_back_to_the_name(name: str) -> None:
    assert original(printable(name)) == name


@given(st.dictionaries(st.text(max_size=3), st.none() | st.binary(min_size=32, max_size=32)), st.integers(1, 4))
def test_what_was_put_in_is_found_and_nothing_else(rows: dict[str, bytes | None], chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_CHUNK", chunk)
        path = Path(folder) / "t"
        with TableWriter(path) as writer:
            for _ in range(2):
                for place, (key, sha256) in enumerate(rows.items()):
                    writer.add(key_id(key), sha256, place % 200)
        table = Table(path)
        assert len(table) == len(rows)
        for place, (key, sha256) in enumerate(rows.items()):
            found = table.find(key_id(key))
            assert found is not None
            assert (found.sha256, found.mark) == (sha256, place % 200)
        assert table.find(key_id("four letters")) is None
        assert sorted(table.digests()) == sorted(value for value in rows.values() if value is not None)


@given(st.integers(1, 3))
def test_a_key_with_two_digests_is_a_conflict_and_one_without_adds_nothing(chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_CHUNK", chunk)
        with TableWriter(Path(folder) / "t") as writer:
            writer.add(key_id("a"), None, 3)
            writer.add(key_id("a"), bytes(32), 1)
            writer.add(key_id("b"), None)
        found = Table(Path(folder) / "t").find(key_id("a"))
        assert found is not None
        assert (found.sha256, found.mark) == (bytes(32), 1)
        with pytest.raises(TableConflict), TableWriter(Path(folder) / "u") as writer:
            writer.add(key_id("a"), bytes(32))
            writer.add(key_id("a"), bytes(31) + b"1")
