"""kill -9 at every step of filing, with every fault of the authority: one report is finished, with each file once.

All pairs are over two thousand runs: `make crash` does them. Otherwise two hundred are drawn with a seed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.casework import open_casework
from seawall.maintain.authorities.testkit import serve
from seawall.settings import Settings
from tests.maintain.authorities.reports.office import OPTIONS, opened, ready

pytestmark = pytest.mark.crash
SAMPLE, SEED = 200, 20261123
KINDS = (
    {"fault": "drop_before"},
    {"fault": "drop_after"},
    {"fault": "html_after"},
    {"fault": "code", "code": 1100},
)
FAULTS: tuple[dict[str, Any], ...] = (
    *(
        {"call": call, "nth": nth} | kind
        for call, nth in (("submit", 1), ("fileinfo", 1), ("finish", 1))
        for kind in KINDS
    ),
    *({"call": "upload", "nth": 2} | kind for kind in (*KINDS, {"fault": "wrong_md5"}, {"fault": "error_before"})),
)
MOST_STEPS = 125
WORKERS = 2


@pytest.fixture
def template(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """An installation with a report of two files that is approved, and not filed."""
    home = tmp_path / "template"
    home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, home / "seawall.db")
    (home / "authorities.yaml").write_text(yaml.safe_dump(OPTIONS))
    with open_casework(Settings(home, f"sqlite:///{home / 'seawall.db'}")) as casework:
        ready(casework, opened(casework, b"blue glass heron", b"green glass heron"))
    return home


def plans() -> Iterator[dict[str, Any]]:
    """Yield all pairs of a step to die at and a fault, and runs in which two live at once."""
    for faults in ([], *([fault] for fault in FAULTS)):
        yield from ({"step": step, "faults": faults} for step in range(MOST_STEPS))
        yield {"step": None, "faults": faults, "split": True}


def chosen() -> list[dict[str, Any]]:
    """Return the runs to do: all of them where that was asked for."""
    every = list(plans())
    if os.environ.get("SEAWALL_CRASH_RUNS") == "all":
        return every
    drawn = random.Random(SEED).sample(every, SAMPLE - 2)
    return [*drawn, {"step": None, "faults": []}, {"step": None, "faults": [], "split": True}]


def done(template: Path, folder: Path, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Do runs in a few processes, each with a kit of its own, and return what came of them."""
    results: list[dict[str, Any]] = []
    with ExitStack() as stack:
        processes = []
        for number in range(WORKERS):
            address, _ = stack.enter_context(serve())
            plan = folder / f"plan-{number}.json"
            plan.write_text(json.dumps(wanted[number::WORKERS]))
            out = stack.enter_context((folder / f"out-{number}").open("w"))
            command = [sys.executable, "-m", "tests.crash.filing_killed", str(template), address, str(plan)]
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)
            processes.append(stack.enter_context(process))
        for process in processes:
            _, errors = process.communicate(timeout=1200)
            assert process.returncode == 0, errors[-2000:]
    for number in range(WORKERS):
        results += [json.loads(line) for line in (folder / f"out-{number}").read_text().splitlines()]
    return results


def test_a_report_is_finished_once_wherever_a_process_dies(template: Path, tmp_path: Path) -> None:
    wanted = chosen()
    results = done(template, tmp_path, wanted)
    assert len(results) == len(wanted)
    for each in results:
        finished = [report for report in each["there"] if report["state"] == "finished"]
        assert len(finished) == 1, each
        (report,) = finished
        assert each["known"] == [["filed", report["id"], True]], each
        assert {len(report["files"]), len({file["sha256"] for file in report["files"]})} == {2}, each
        assert all(file["described"] for file in report["files"]), each
    killed = sum(each["killed"] for each in results)
    print(f"{len(results)} runs, {killed} of them killed, {sum(each['lives'] for each in results)} lives")
    assert killed >= len(results) * 2 // 3, "most steps are reached"
