"""Mutated archives and tables: readers yield items and problems, and nothing else happens."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.develop.dataset.readers.names import Names, printable

MAX_ITEMS = 400
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _parquet() -> bytes:
    out = io.BytesIO()
    rows = [{"bytes": bytes([n]) * 50, "path": f"{n}"} for n in range(20)]
    pq.write_table(pa.table({"image": rows, "url": [f"https://e.org/{n}" for n in range(20)]}), out, row_group_size=6)
    return out.getvalue()


def _arrow(stream: bool) -> bytes:
    out = io.BytesIO()
    table = pa.table({"image": [bytes([n]) * 50 for n in range(20)], "url": [f"https://e.org/{n}" for n in range(20)]})
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=6)
    return out.getvalue()


def _jsonl() -> bytes:
    rows = [{"path": f"{n}.bin", "url": f"https://e.org/{n}", "caption": "words"} for n in range(20)]
    return "\n".join(map(json.dumps, rows)).encode()


@st.composite
def mutations(draw: st.DrawFn) -> list[tuple[str, float, int]]:
    one = st.tuples(
        st.sampled_from(["flip", "cut", "insert", "remove", "repeat", "zero"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
    )
    return draw(st.lists(one, min_size=1, max_size=6))


def _mutate(data: bytes, changes: list[tuple[str, float, int]]) -> bytes:
    body = bytearray(data)
    for how, where, value in changes:
        at = int(where * len(body))
        if how == "flip" and body:
            body[at] ^= value or 1
        elif how == "cut":
            del body[at:]
        elif how == "insert":
            body[at:at] = bytes([value]) * (value + 1)
        elif how == "remove":
            del body[at : at + value + 1]
        elif how == "repeat":
            body[at:at] = body[at : at + 512]
        else:
            body[at : at + 64] = bytes(len(body[at : at + 64]))
    return bytes(body)


@pytest.mark.parametrize(
    "name", ["s.tar", "s.tar.gz", "s.tar.zst", "s.zip", "s.parquet", "s.arrow", "s.feather", "s.jsonl", "s.jsonl.gz"]
)
@fuzz
@given(changes=mutations())
def test_mutated_sources_yield_items_and_problems_alone(
    readers: Any, name: str, changes: list[tuple[str, float, int]]
) -> None:
    tar = readers.tar_bytes([(f"{n:02}.bin", bytes([n]) * 70 * n) for n in range(12)])
    whole = {
        "s.tar": lambda: tar,
        "s.tar.gz": lambda: gzip.compress(tar, mtime=0),
        "s.tar.zst": lambda: pa.compress(tar, codec="zstd", asbytes=True),
        "s.zip": lambda: readers.zip_bytes([(f"{n}.bin", bytes([n]) * 70 * n) for n in range(12)]),
        "s.parquet": _parquet,
        "s.arrow": lambda: _arrow(stream=True),
        "s.feather": lambda: _arrow(stream=False),
        "s.jsonl": _jsonl,
        "s.jsonl.gz": lambda: gzip.compress(_jsonl(), mtime=0),
    }[name]()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(_mutate(whole, changes))
        first = readers.read_all(Path(folder) / name)
        again = readers.read_all(Path(folder) / name)
    assert len(first) <= MAX_ITEMS
    assert [(each.key, each.code, each.data) for each in first] == [(each.key, each.code, each.data) for each in again]


@fuzz
@given(data=st.binary(max_size=2000), name=st.sampled_from(["s.tar", "s.zip", "s.parquet", "s.arrow", "s.jsonl", "s"]))
def test_noise_is_a_problem_or_a_document(readers: Any, data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        readers.read_all(Path(folder) / name)


@given(st.lists(st.text(), max_size=20))
def test_printable_names_are_storable_and_never_collide(names: list[str]) -> None:
    shown = {name: printable(name) for name in names}
    assert len(set(shown.values())) == len(shown)
    for said in shown.values():
        said.encode()
        assert said.isprintable()
        assert "::" not in said


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b"]), max_size=40))
def test_numbered_names_are_unique(names: list[str]) -> None:
    numbered = Names()
    given_names = [numbered.unique(name, place) for place, name in enumerate(names)]
    assert len(set(given_names)) == len(names)
