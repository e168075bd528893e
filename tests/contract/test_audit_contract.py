"""`seawall separate audit` and `seawall calibrate` as an operator runs them, on canaries and harmless photographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.draw import draw


@pytest.fixture
def separated(seawall: Callable[..., Any], tmp_path: Path) -> Path:
    for concepts, count in ((["c"], 20), (["a"], 6)):
        folder = tmp_path / "in" / concepts[0]
        draw(concepts, count=count, seed=2, out=folder)
        (folder / "manifest.jsonl").unlink()
    ran = seawall("separate", tmp_path / "in", "--detectors", "canary", "--out", tmp_path / "out", "--json")
    assert ran.json()["partitions"]["neither"] == 20
    return tmp_path / "out"


def test_an_audit_ends_in_a_bound_that_is_signed_into_the_attestation(
    seawall: Callable[..., Any], separated: Path, tmp_path: Path
) -> None:
    drawn = seawall("separate", "audit", "draw", separated, "--size", "10", "--by", "auditor", "--json").json()
    assert len(drawn["items"]) == 10
    assert all(each["item"].startswith("c/") for each in drawn["items"])
    assert seawall("separate", "audit", "bound", separated).code != 0, "an unfinished audit proves nothing"
    for each in drawn["items"]:
        ran = seawall("separate", "audit", "record", separated, str(each["number"]), "ok", "--by", "reviewer", "--json")
        assert ran.json()["verdict"] == "ok"
    bound = seawall("separate", "audit", "bound", separated, "--json").json()
    assert bound["leaks"] == 0
    assert round(bound["rate_upper"], 4) == round(1 - 0.05 ** (1 / 10), 4)
    key = tmp_path / "key.pem"
    key.write_text(seawall("ledger", "key").out)
    said = seawall("separate", "verify", separated, "--key", key, "--json").json()
    assert said["leakage"]["rate_upper"] == bound["rate_upper"]
    assert "% confidence" in seawall("card", separated).out
    export = tmp_path / "export"
    seawall("ledger", "export", export)
    events = export.read_text()
    assert events.count('"kind":"audit.verdict"') == 10
    assert events.count('"kind":"audit.drawn"') == events.count('"kind":"audit.bound"') == 1


def test_usage_errors_name_what_is_wrong(seawall: Callable[..., Any], separated: Path) -> None:
    for arguments in (
        ("draw", separated, "--partitions", "no-such"),
        ("draw", separated, "--partitions", "both"),
        ("record", separated, "1", "perhaps"),
        ("record", separated, "1", "ok"),
    ):
        ran = seawall("separate", "audit", *arguments)
        assert (ran.code, ran.err.startswith("error[")) == (2, True), arguments


def test_a_sample_too_small_to_calibrate_says_how_many_are_needed(seawall: Callable[..., Any], separated: Path) -> None:
    ran = seawall("calibrate", "--from", separated)
    assert ran.code == 2
    assert "299" in ran.err


def test_calibration_writes_a_policy_that_separate_reads(
    seawall: Callable[..., Any], separated: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    ran = seawall("calibrate", "--from", separated, "--alarm-rate", "0.2", "--out", policy, "--json")
    assert ran.code == 0, ran.err
    again = seawall(
        "separate", tmp_path / "in", "--detectors", "canary", "--policy", policy, "--out", separated, "--json"
    )
    assert again.json()["resumed"] == 26
    assert again.json()["policy"] != ""
    direct = seawall("calibrate", tmp_path / "in" / "c", "--detectors", "canary", "--alarm-rate", "0.2", "--json")
    assert direct.code == 0, direct.err
