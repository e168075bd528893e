"""Plans as data: strict, so that a slip of the pen never opens a door."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.rollout import PlanInvalid, parse_plan, read_plan
from seawall.deploy.rollout.plan import stored_plan, summary
from tests.deploy.rollout.conftest import PLAN

HEAD = "format: seawall-rollout-1\nmodels:\n  m:\n    stages:\n"


def test_a_plan_is_read_and_kept_as_it_is() -> None:
    plan = parse_plan(PLAN).models["aurora"]
    assert [stage.name for stage in plan.stages] == ["staff", "one", "ten", "all"]
    assert stored_plan(plan.model_dump_json()) == plan
    assert summary(plan)["stages"][0]["accounts"] == 2


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        ("      - {name: a}", "accounts or a percentage"),
        ("      - {name: a, percent: 5}", "needs a bar"),
        ("      - {name: a, percent: 0, bar: {rate: 0.01}}", "percent"),
        ("      - {name: a, percent: 101, bar: {rate: 0.01}}", "percent"),
        ("      - {name: a, percent: 5, bar: {rate: 0}}", "rate"),
        ("      - {name: a, percent: 5, bar: {rate: 0.1, stop_rate: 0.01}}", "stop_rate"),
        ("      - {name: a, percent: 5, bar: {rate: 0.1, power: 2}}", "power"),
        ("      - {name: a, accounts: [x]}\n      - {name: a, accounts: [y]}", "one name"),
        (
            "      - {name: a, percent: 9, bar: {rate: 0.1}}\n      - {name: b, percent: 5, bar: {rate: 0.1}}",
            "smaller",
        ),
        ("      - {name: a, name: b, accounts: [x]}", "twice"),
        ("      []", "stages"),
    ],
)
def test_a_stage_that_makes_no_sense_is_refused(stages: str, why: str) -> None:
    with pytest.raises(PlanInvalid, match=why):
        parse_plan(HEAD + stages)


@pytest.mark.parametrize(
    "text", ["", "[]", "x: 1", "format: seawall-rollout-1", "format: seawall-rollout-1\nmodels: {'*': {}}"]
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanInvalid):
        parse_plan(text)


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_refused(text: str) -> None:
    with pytest.raises(PlanInvalid):
        parse_plan(text)


def test_errors_never_repeat_accounts() -> None:
    with pytest.raises(PlanInvalid) as refused:
        parse_plan(HEAD + "      - {name: a, accounts: [secret-account, 7]}")
    assert "secret-account" not in str(refused.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match="gone"):
        read_plan(tmp_path / "gone.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanInvalid, match="bytes"):
        read_plan(tmp_path / "bytes.yaml")
