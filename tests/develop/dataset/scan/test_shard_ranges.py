"""Parts of a scan: N processes that know nothing of each other leave what one process would, and settle once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seawall
from seawall.develop.dataset.scan.ranges import ShardRange, SharedPlan, forget_shared_plan
from seawall.develop.dataset.scan.receipts import locked
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import StateLocked, UsageError
from seawall.ledger import open_ledger
from seawall.settings import Settings

Run = Callable[..., Any]
CANARIES = 12
ITEMS = CANARIES + 3


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """The command line, in a process of its own."""
    command: Run = request.getfixturevalue("seawall")
    return command


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Canaries."""
    from seawall.cli import main

    folder = tmp_path_factory.mktemp("drawn") / "data"
    with pytest.raises(SystemExit) as ended:
        main(["canary", "draw", "--concepts", "a,b", "--n", str(CANARIES), "--seed", "3", "--out", str(folder)])
    assert not ended.value.code
    (folder / "manifest.jsonl").unlink()
    return folder


@pytest.fixture
def dataset(drawn: Path, tmp_path: Path) -> Path:
    """Canaries, and three texts."""
    folder = tmp_path / "data"
    shutil.copytree(drawn, folder)
    for number in range(3):
        (folder / f"text{number}.txt").write_text(f"text {number}\n")
    return folder


def _scan(dataset: Path, out: Path, **choices: Any) -> dict[str, Any]:
    return seawall.scan(dataset, out=out, **{"hash_only": True, "shard_items": 2, "workers": 1} | choices)


def _parts(dataset: Path, out: Path, count: int) -> list[dict[str, Any]]:
    return [_scan(dataset, out, shard_index=index, shard_count=count) for index in range(count)]


def _command(dataset: Path, out: Path, *options: object) -> tuple[str, ...]:
    words = ("scan", dataset, "--out", out, "--hash-only", "--shard-items", "2", "--workers", "1", "--json", *options)
    return tuple(map(str, words))


def _part(index: int, count: int) -> tuple[str, ...]:
    return ("--shard-index", str(index), "--shard-count", str(count))


def _planned(out: Path) -> int:
    return len((out / "state/plan.jsonl").read_text().splitlines())


def _outputs(out: Path) -> dict[str, bytes]:
    receipts = {"/".join(path.parts[-3:]): path.read_bytes() for path in out.glob("state/*/*/*.json")}
    names = ("findings.jsonl", "attention.jsonl", "manifest.parquet")
    return receipts | {name: (out / name).read_bytes() for name in names}


def _events(home: Path) -> Counter[str]:
    with open_ledger(Settings(home, f"sqlite:///{home / 'seawall.db'}")) as ledger:
        export = home / "export.jsonl"
        ledger.export(export)
    return Counter(json.loads(line).get("kind") for line in export.read_text().splitlines())


def test_parts_that_run_at_once_leave_what_one_process_leaves(run: Run, dataset: Path, tmp_path: Path) -> None:
    whole = _scan(dataset, tmp_path / "whole")
    out = tmp_path / "parts"
    with ThreadPoolExecutor(4) as several:
        ran = list(several.map(lambda index: run(*_command(dataset, out, *_part(index, 4))), range(4)))
    parts = [each.json() for each in ran]
    assert sum(part["items"] for part in parts) == ITEMS
    assert sum(part["drill"] for part in parts) == CANARIES
    assert sum(part["shards"] for part in parts) == _planned(tmp_path / "whole")
    assert len({part["scan_id"] for part in parts}) == 1
    assert [each.code for each in ran] == [1 if part["drill"] else 0 for part in parts]
    assert all(part["ledger_root"] is None for part in parts)
    assert not (out / "findings.jsonl").exists(), "a part does not settle"
    assert not (out / "summary.json").exists()
    settled = run(*_command(dataset, out))
    assert (settled.code, settled.json()["resumed"]) == (1, ITEMS), "no medium is read again"
    assert _outputs(out) == _outputs(tmp_path / "whole")
    assert settled.json()["kept"] == whole["kept"]


def test_parts_leave_the_ledger_alone_and_settling_records_each_event_once(
    seawall_home: Path, dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        _parts(dataset, out, 2)
    assert not (seawall_home / "seawall.db").exists(), "a part needs no database"
    for _ in range(2):
        _scan(dataset, out)
        kinds = _events(seawall_home)
        assert kinds["scan.shard"] == _planned(out)
        assert kinds["finding"] == CANARIES
        assert kinds["scan.started"] == kinds["scan.closed"] == 1


def test_a_part_resumes_and_settling_does_what_no_part_did(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, again = (_scan(dataset, out, shard_index=1, shard_count=3) for _ in range(2))
    assert (first["resumed"], again["resumed"]) == (0, first["items"])
    settled = _scan(dataset, out)
    assert (settled["items"], settled["unexamined"], settled["resumed"]) == (ITEMS, 0, first["items"])


def test_parts_follow_one_plan_until_it_is_settled(dataset: Path, tmp_path: Path) -> None:
    """A file that comes between two parts would shift every later shard from part to part."""
    out = tmp_path / "out"
    first = _scan(dataset, out, shard_index=0, shard_count=2)
    (dataset / "0-new.txt").write_text("new\n")
    second = _scan(dataset, out, shard_index=1, shard_count=2)
    assert first["items"] + second["items"] == ITEMS
    assert _scan(dataset, out)["items"] == ITEMS + 1, "settling looks at the dataset itself"
    assert sum(part["items"] for part in _parts(dataset, out, 2)) == ITEMS + 1, "and so do the parts after it"


def test_a_part_beyond_the_plan_has_nothing_to_do(run: Run, dataset: Path, tmp_path: Path) -> None:
    ran = run(*_command(dataset, tmp_path / "out", *_part(99, 100)))
    assert (ran.code, ran.json()["items"], ran.json()["shards"]) == (0, 0, 0)


def test_an_item_that_cannot_be_read_is_counted_by_its_part(dataset: Path, tmp_path: Path) -> None:
    (dataset / "text1.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    unexamined = [part["unexamined"] for part in _parts(dataset, tmp_path / "out", 4)]
    assert sorted(unexamined) == [0, 0, 0, 1]


@pytest.mark.parametrize(
    "options",
    [
        ("--shard-index", "0"),
        ("--shard-count", "2"),
        ("--shard-index", "2", "--shard-count", "2"),
        ("--shard-index", "0", "--shard-count", "2", "--fresh"),
        ("--shard-index", "0", "--shard-count", "2", "--cluster", "local"),
    ],
)
def test_options_that_make_no_part_are_refused(
    run: Run, dataset: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    ran = run(*_command(dataset, tmp_path / "out", *options))
    assert ran.code == 2
    assert ran.err.startswith("error[usage]: ")
    assert not (tmp_path / "out").exists()


def test_since_is_for_a_whole_scan(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--since"):
        _scan(dataset, tmp_path / "out", hash_only=False, since="known@1", shard_index=0, shard_count=2)


def test_parts_of_another_plan_are_refused(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _scan(dataset, out, shard_index=0, shard_count=2)
    with pytest.raises(UsageError) as refused:
        _scan(dataset, out, shard_index=1, shard_count=2, shard_items=3)
    assert "--shard-items" in refused.value.hint


def test_parts_share_the_lock_that_settling_wants_alone(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with locked(out / "state", shared=True):
        assert _scan(dataset, out, shard_index=0, shard_count=1)["items"] == ITEMS
        with pytest.raises(StateLocked):
            _scan(dataset, out)
    with locked(out / "state"), pytest.raises(StateLocked):
        _scan(dataset, out, shard_index=0, shard_count=1)


@pytest.mark.crash
def test_a_killed_part_is_done_again(seawall_home: Path, dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "seawall", *_command(dataset, out, *_part(0, 1))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(out.glob("state/hashed/*/*.json")):
        assert process.poll() is None
    process.kill()
    process.wait()
    assert _scan(dataset, out, shard_index=0, shard_count=1)["resumed"] > 0
    assert _scan(dataset, out)["resumed"] == ITEMS


def _specs(count: int) -> list[ShardSpec]:
    return [ShardSpec.of("files", "/data", {"number": number}, label=str(number)) for number in range(count)]


@given(shards=st.integers(0, 60), count=st.integers(1, 70))
def test_every_shard_is_in_exactly_one_part(shards: int, count: int) -> None:
    plan = _specs(shards)
    parts = [list(ShardRange(index, count).take(plan)) for index in range(count)]
    assert sorted((shard for part in parts for shard in part), key=plan.index) == plan
    assert [len(part) for part in parts] == [ShardRange(index, count).size(shards) for index in range(count)]


def test_of_plans_that_are_made_at_the_same_time_one_holds(tmp_path: Path) -> None:
    """Where locks do not reach from machine to machine, creation alone must decide."""

    def slow(count: int) -> Any:
        yield from _specs(count)
        SharedPlan.agree(tmp_path, _specs(5), shard_items=2)  # another machine is faster

    agreed = SharedPlan.agree(tmp_path, slow(9), shard_items=2)
    assert (agreed.shards, list(agreed)) == (5, _specs(5))
    with pytest.raises(UsageError):
        SharedPlan.agree(tmp_path, [], shard_items=3)
    forget_shared_plan(tmp_path)
    assert SharedPlan.agree(tmp_path, _specs(9), shard_items=3).shards == 9
