"""Whatever bytes a list file holds: a named error, or counts that add up."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import ListFormatError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.batch import Batch
from seawall.matching.lists.formats import Format, read_list
from seawall.matching.lists.rows import Tally

TYPES = SignalTypes.installed()
SAMPLES = sorted((Path(__file__).parents[2] / "data" / "pdq" / "exchange").iterdir())
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"

lines = st.one_of(
    st.sampled_from(
        [MD5, PDQ, PDQ.upper(), MD5 * 2, "0" * 64, "", "#", f"pdq {PDQ}", f"md5 {MD5}", f"pdq,{PDQ},x,y,z", f'"{MD5}',
         f"3,10,{PDQ},0.1", f"4,90,{PDQ},0.2", "signal_type,signal_str", "\x00", "\ufeff"]
    ),
    st.text(max_size=80),
)  # fmt: skip


def examine(data: bytes, format: Format | None, type: str | None = None) -> tuple[Batch, Tally] | None:
    """Read `data` as an import does; None if it is refused."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        tally = Tally()
        batch = Batch(TYPES, bytes(32))
        try:
            _, rows = read_list(Path(file.name), TYPES, tally, format=format, type=type)
            batch.take_all(rows)
        except ListFormatError as problem:
            assert Path(file.name).name in str(problem)
            return None
    added = sum(int((~part.withdraw).sum()) for part in batch.settle().values())
    counted = added + batch.duplicates + batch.superseded + batch.quarantined.total() + batch.withdrawals
    assert batch.rows == counted
    return batch, tally


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([None, *Format]))
def test_any_bytes_in_any_format(data: bytes, format: Format | None) -> None:
    examine(data, format)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(lines, max_size=30), st.sampled_from([None, *Format]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_any_lines_in_any_encoding(texts: list[str], format: Format | None, encoding: str) -> None:
    examine("\n".join(texts).encode(encoding, "replace"), format)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 6), st.binary(max_size=6)), max_size=4),
    st.integers(0, 3000),
)
def test_damaged_samples(sample: Path, edits: list[tuple[int, int, bytes]], cut: int) -> None:
    data = sample.read_bytes()
    for start, length, replacement in edits:
        data = data[:start] + replacement + data[start + length :]
    examine(data[: max(cut, 1)], None)
    examine(data, None)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([f"md5 {MD5}", f"pdq {PDQ}", "pdq x", "pdq", "url https://example.com/a", "# c", " "])))
def test_every_line_that_holds_something_is_a_row(texts: list[str]) -> None:
    found = examine("\n".join(texts).encode(), Format.TYPED)
    if found is not None:
        batch, tally = found
        rows = sum(not text.startswith("#") and text != " " for text in texts)
        assert batch.rows + tally.bad.total() + tally.unsupported.total() == rows


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([PDQ, MD5, MD5[1:], "g" * 32, "", "# c"]), min_size=1),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_plain_lines_are_rows_whichever_path_reads_them(texts: list[str], newline: str) -> None:
    found = examine(newline.join(texts).encode(), Format.PLAIN)
    if found is not None:
        batch, tally = found
        assert batch.rows == sum(text in (PDQ, MD5) for text in texts)
        assert tally.bad.total() == sum(text in (MD5[1:], "g" * 32) for text in texts)
