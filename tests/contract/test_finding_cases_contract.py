"""What a scan or a separation finds waits for people, if it is asked for: drills as drills, each source once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.casework import open_casework
from seawall.demo_photos import paths
from seawall.hashing.picture import pdq
from seawall.settings import Settings


@pytest.mark.parametrize("command", ["scan", "separate"])
def test_what_is_found_in_a_dataset_becomes_cases_once(
    seawall: Callable[..., Any], seawall_home: Path, tmp_path: Path, command: str
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert seawall("canary", "draw", "--concepts", "a,b", "--n", "4", "--seed", "3", "--out", data).code == 0
    (data / "manifest.jsonl").unlink()
    extra = ["--detectors", "canary"] if command == "separate" else ["--hash-only"]
    told = []
    for _ in range(2):
        ran = seawall(command, data, "--out", out, "--workers", "1", "--cases", "--json", *extra)
        assert ran.code == 1, ran.err
        told.append(json.loads(ran.out)["cases"])
    assert told[0]["items"] == 4
    assert told[0]["opened"] >= 1
    assert told[1] == told[0]
    with open_casework(Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")) as casework:
        cases = casework.cases.list()
        assert len(cases) == told[0]["opened"]
        assert all(each.drill for each in cases)
        items = [item for each in cases for item in casework.cases.items(each.id)]
    assert len(items) == 4
    names = {path.name for path in data.iterdir()}
    assert all(any(name in (item.ref or "") for name in names) for item in items)


def test_what_is_found_in_hosted_datasets_is_one_case_each(
    seawall: Callable[..., Any], seawall_home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "list.txt"
    other.write_text(f"{pdq(sorted(paths())[-1]).value}\n")
    for name in ("one", "two"):
        data = tmp_path / name
        assert seawall("canary", "draw", "--concepts", "a,b", "--n", "2", "--seed", "3", "--out", data).code == 0
        (data / "manifest.jsonl").unlink()
        pushed = seawall("hub", "push", f"org/{name}", data, "--list", other, "--workers", "1", "--json")
        assert (pushed.code, "cases" in pushed.json()) == (1, False)
    for _ in range(2):
        ran = seawall("hub", "rescan", "--list", other, "--workers", "1", "--cases", "--json")
        assert [line["cases"] for line in ran.lines()] == [{"opened": 1, "items": 2, "left": 0}] * 2
    with open_casework(Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")) as casework:
        cases = casework.cases.list()
        told = {(each.subject, each.door.value, each.event_class, each.drill) for each in cases}
        assert [len(casework.cases.items(each.id)) for each in cases] == [2, 2]
    assert told == {(f"hosted:org/{name}", "hosting", "model_hosting", True) for name in ("one", "two")}


def test_without_asking_a_scan_opens_no_case(seawall: Callable[..., Any], seawall_home: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert seawall("canary", "draw", "--concepts", "a,b", "--n", "1", "--seed", "3", "--out", data).code == 0
    ran = seawall("scan", data, "--out", tmp_path / "out", "--workers", "1", "--hash-only", "--json")
    assert "cases" not in json.loads(ran.out)
    with open_casework(Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")) as casework:
        assert casework.cases.list() == []
