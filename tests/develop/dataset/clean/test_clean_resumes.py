"""The same call resumes: what has a receipt and is in its place is not done again, and the result is the same."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from seawall.develop.dataset.clean import CleanOptions, clean
from tests.develop.dataset.clean.conftest import Cleaner, MemorySink, finding

BAD = b"these bytes go"


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class _Failing(MemorySink):
    """Fails at the second thing that it is given."""

    def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
        if self.calls == 1:
            self.calls += 1
            raise OSError("the vault is not there")
        super().put(stream, key=key, sha256=sha256)


@pytest.fixture
def many(cleaner: Cleaner) -> Cleaner:
    for number in range(40):
        (cleaner.data / f"{number:02}.bin").write_bytes(BAD + bytes([number]) if number % 10 == 0 else b"%d" % number)
    return cleaner


def _rows() -> list[dict[str, object]]:
    return [finding(f"{number:02}.bin", BAD + bytes([number])) for number in range(0, 40, 10)]


def test_a_clean_that_stopped_half_way_goes_on_and_ends_the_same(many: Cleaner) -> None:
    findings = many.findings(_rows())
    options = CleanOptions(out=many.out, remove=[findings], workers=1, shard_items=5)
    sink = _Failing()
    with pytest.raises(OSError, match="not there"):
        clean([str(many.data)], options, make_sink=lambda: sink)
    partial = _snapshot(many.out)
    assert partial
    assert "clean-manifest.jsonl" not in partial
    again = clean([str(many.data)], options, make_sink=lambda: sink)
    assert again["resumed"] > 0
    assert set(sink.kept.values()) == {BAD + bytes([number]) for number in range(0, 40, 10)}
    result = _snapshot(many.out)
    assert result.items() >= partial.items()
    third = clean([str(many.data)], options, make_sink=lambda: sink)
    assert third["resumed"] == third["items"] == 40
    assert _snapshot(many.out) == result
    assert many.verify().as_signed


def test_a_file_that_went_from_the_output_is_written_again(many: Cleaner) -> None:
    many.run(_rows())
    before = _snapshot(many.out)
    (many.out / "01.bin").unlink()
    (many.out / "02.bin").write_bytes(b"something longer")
    many.run(_rows())
    assert _snapshot(many.out) == before


def test_processes_write_what_one_process_writes(many: Cleaner) -> None:
    findings = many.findings(_rows())
    results = []
    for workers in (1, 2):
        out = many.folder / f"out-{workers}"
        clean([str(many.data)], CleanOptions(out=out, remove=[findings], workers=workers, shard_items=5))
        files = _snapshot(out)
        manifest = files.pop("clean-manifest.jsonl").splitlines()
        results.append((files, sorted(manifest[1:-1])))
        assert many.verify(out, out / "clean-manifest.jsonl").as_signed
    assert results[0] == results[1]


def test_data_that_change_while_they_are_cleaned_stop_it(many: Cleaner) -> None:
    from seawall.develop.dataset.clean import DataChanged

    class Changing(MemorySink):
        def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
            super().put(stream, key=key, sha256=sha256)
            (many.data / "05.bin").write_bytes(b"x")

    with pytest.raises(DataChanged, match=r"05\.bin"):
        clean(
            [str(many.data)],
            CleanOptions(out=many.out, remove=[many.findings(_rows())], workers=1),
            make_sink=Changing,
        )
    assert "05.bin" not in _snapshot(many.out)
    assert not (many.out / "clean-manifest.jsonl").exists()
