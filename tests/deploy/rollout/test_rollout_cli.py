"""`seawall rollout`: the life of a release from the command line, and a kill with the database down."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import _main
from seawall.deploy.rollout import RolloutBook
from tests.deploy.rollout.conftest import PLAN

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setitem(_main.COMMANDS, "rollout", "Release models in stages.")

    def ran(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            _main.main(["rollout", *map(str, arguments)])
        said = capsys.readouterr()
        code = left.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return ran


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def _status(run: Run, model: str = "aurora") -> dict[str, Any]:
    code, out, _ = run("status", model, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)["rollouts"][0]
    return found


def test_a_plan_is_checked_without_being_taken_over(run: Run, plan: Path) -> None:
    code, out, _ = run("plan", plan, "--check")
    assert code == 0
    assert "staff > one > ten > all" in out
    assert run("status", "aurora")[0] == 2
    assert run("plan", plan)[0] == 2


def test_without_the_verdict_nothing_advances_but_by_two_persons(run: Run, plan: Path) -> None:
    assert run("plan", plan, "--person", "pat")[0] == 0
    code, _, err = run("advance", "aurora", "--person", "pat")
    assert (code, "error[rollout_gate]" in err) == (1, True)
    soon = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert run("advance", "aurora", "--person", "pat", "--override")[0] == 2
    override = ("--override", "--second", "kim", "--reason", "staff are on leave", "--expires", soon)
    assert run("advance", "aurora", "--person", "pat", *override)[0] == 0
    out = run("status")[1]
    assert "OVERRIDE by pat and kim" in out
    assert "staff are on leave" in out
    assert _status(run)["stage"] == "one"
    assert run("advance", "aurora", "--person", "pat", "--second", "kim")[0] == 2
    assert run("advance", "aurora", "--person", "pat", *override[:-1], "soon")[0] == 2


def test_freezing_and_its_inverse(run: Run, plan: Path) -> None:
    run("plan", plan, "--person", "pat")
    assert run("freeze", "aurora", "--person", "pat", "--reason", "looking")[0] == 0
    assert _status(run)["frozen"]
    assert run("unfreeze", "aurora", "--person", "pat", "--reason", "looked")[0] == 0
    assert run("unfreeze", "aurora", "--person", "pat", "--reason", "again")[0] == 2
    assert run("evaluate", "--json")[0] == 0


def test_a_kill_works_with_the_database_down_and_is_revived_with_it(
    run: Run, plan: Path, seawall_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("plan", plan, "--person", "pat")
    monkeypatch.setenv("SEAWALL_DATABASE_URL", f"sqlite:///{tmp_path / 'plan.yaml'}/no/database.db")
    code, out, err = run("kill", "aurora", "--person", "pat", "--reason", "because")
    assert (code, "killed: aurora" in out, "database is back" in err) == (0, True, True)
    assert RolloutBook(seawall_home).admit("aurora", "ada").reason == "rollout:killed"
    code, out, _ = run("status", "--json")
    assert code != 0
    assert [kill["model"] for kill in json.loads(out)["killed_here"]] == ["aurora"]
    assert run("revive", "aurora", "--person", "pat", "--reason", "mended")[0] != 0
    assert RolloutBook(seawall_home).admit("aurora", "ada").reason == "rollout:killed"
    monkeypatch.delenv("SEAWALL_DATABASE_URL")
    assert run("revive", "aurora", "--person", "pat", "--reason", "mended")[0] == 0
    assert RolloutBook(seawall_home).admit("aurora", "ada").allowed


def test_everything_can_be_killed_at_once(run: Run, seawall_home: Path) -> None:
    assert run("kill", "--person", "pat", "--reason", "x")[0] == 2
    assert run("kill", "m", "--all", "--person", "pat", "--reason", "x")[0] == 2
    assert run("kill", "--all", "--person", "pat", "--reason", "because")[0] == 0
    assert RolloutBook(seawall_home).admit(None, "ada").reason == "rollout:killed"
    assert run("revive", "--all", "--person", "pat", "--reason", "mended")[0] == 0
    assert RolloutBook(seawall_home).admit(None, "ada").allowed
