"""`seawall policy` as a stranger uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seawall
from seawall.cli import _main
from seawall.decisions import DecisionRecord, Recorder, decision_secret
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.policy.guard import CheckKind, Facts, Look, judge, load_guard_policy
from seawall.settings import Settings

Run = Callable[..., tuple[int, str, str]]
SHIPPED = load_guard_policy()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seawall policy ARGUMENTS...` in this process."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            _main.main(["policy", *map(str, arguments)])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A stricter policy of an operator's."""
    path = tmp_path / "ours.yaml"
    text = SHIPPED.text.replace("guard: guard-default", "guard: ours").replace("abstained: review", "abstained: block")
    path.write_text(text)
    return path


@pytest.fixture
def weaker(tmp_path: Path) -> Path:
    """A weaker policy of an operator's."""
    path = tmp_path / "weaker.yaml"
    path.write_text(
        SHIPPED.text.replace("guard: guard-default", "guard: weaker").replace("{partition: both}", "{pace: q}")
    )
    return path


def _json(answer: tuple[int, str, str]) -> Any:
    assert answer[1], answer[2]
    return json.loads(answer[1])


def test_the_shipped_policy_lints_and_passes_its_tests(run: Run) -> None:
    code, out, _ = run("lint", "shipped")
    assert code == 0
    assert "note[gap_allowed]" in out
    code, out, _ = run("test")
    assert (code, "0 failed" in out) == (0, True)


def test_lint_of_a_faulty_policy_is_a_finding_and_of_no_policy_an_error(run: Run, weaker: Path, tmp_path: Path) -> None:
    answer = run("lint", weaker, "--json")
    assert answer[0] == 1
    assert "both_allowed" in {problem["code"] for problem in _json(answer)}
    (tmp_path / "bad.yaml").write_text(SHIPPED.text.replace("failed: {input: block", "failed: {input: allow"))
    code, _, err = run("lint", tmp_path / "bad.yaml")
    assert code == 2
    assert err.startswith("error[guard_policy]: ")
    assert "bad.yaml" in err
    assert "no fail-open" in err


def test_strike_classes_are_compared_with_a_ladder(run: Run, tmp_path: Path) -> None:
    shipped = (Path(seawall.__file__).parent / "deploy" / "enforcement" / "ladder.yaml").read_text()
    ladder = tmp_path / "ladder.yaml"
    ladder.write_text(shipped)
    assert run("lint", "shipped", "--ladder", ladder)[0] == 0
    ladder.write_text(shipped.replace("  serious:", "  grave:"))
    code, out, _ = run("lint", "shipped", "--ladder", ladder)
    assert code == 1
    assert "warning[unknown_strike] both: the ladder has no strike class 'serious'" in out


def test_tests_lie_beside_the_policy(run: Run, ours: Path) -> None:
    code, _, err = run("test", ours)
    assert code == 2
    assert "ours.tests.yaml" in err
    tests = ours.with_name("ours.tests.yaml")
    tests.write_text("tests: [{name: odd, facts: {kind: input, states: [abstained]}, expect: {action: review}}]")
    code, out, _ = run("test", ours)
    assert code == 1
    assert "odd: action is 'block', expected 'review'" in out
    answer = run("test", "shipped", "--tests", tests, "--json")
    assert (answer[0], _json(answer)["failed"]) == (0, [])


def test_a_difference_is_a_finding_if_the_new_policy_is_weaker(run: Run, ours: Path, weaker: Path) -> None:
    code, out, _ = run("diff", "shipped", ours)
    assert code == 0
    assert "nowhere weaker" in out
    answer = run("diff", "live", weaker, "--json")
    assert answer[0] == 1
    shown = [change for change in _json(answer)["changes"] if change["kind"] == "weaker"]
    assert [(change["rule"], change["before"], change["after"]) for change in shown] == [("both", "block", "allow")]
    assert shown[0]["facts"]["real"] == {"partition": "both"}


def test_a_policy_goes_from_a_file_to_live(run: Run, ours: Path) -> None:
    assert [row["stage"] for row in _json(run("ls", "--json"))] == ["live"]
    assert _json(run("add", ours, "--json"))["stage"] == "draft"
    code, _, err = run("activate", "ours@1")
    assert code == 2
    assert "give --now" in err
    assert _json(run("activate", "ours@1", "--stage", "shadow", "--json"))["stage"] == "shadow"
    assert _json(run("activate", "ours@1", "--stage", "percentage", "--percent", "10", "--json"))["percent"] == 10
    code, out, _ = run("activate", "ours@1", "--stage", "live", "--person", "ada")
    assert (code, out) == (0, "ours@1 is live\n")
    assert {row["name"]: row["stage"] for row in _json(run("ls", "--json"))} == {
        "guard-default": "shipped",
        "ours": "live",
    }
    assert _json(run("show", "--json"))["hash"] == _json(run("show", ours, "--json"))["hash"]
    assert run("show", "ours@1")[1] == ours.read_text()


def test_a_weaker_policy_needs_a_reason(run: Run, weaker: Path) -> None:
    run("add", weaker)
    code, _, err = run("activate", "weaker@1", "--now")
    assert code == 2
    assert err.startswith("error[weaker_policy]: weaker@1 is weaker than guard-default@1: both")
    assert run("activate", "weaker@1", "--now", "--weaker", "it is a drill")[0] == 0


def test_recorded_decisions_are_judged_again(run: Run, ours: Path, weaker: Path) -> None:
    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        recorder = Recorder(store, ledger, decision_secret(settings))
        from seawall.policy.separation import Partition

        for facts in (Facts(CheckKind.INPUT), Facts(CheckKind.INPUT, real=Look(partition=Partition.BOTH))):
            verdict = judge(SHIPPED, facts)
            record = DecisionRecord(
                recorder.new_id(), recorder.now(), facts.kind, "acc", verdict.action, verdict, facts, digest="0" * 64
            )
            recorder.record([record])
    code, out, _ = run("backtest", ours)
    assert code == 0
    assert "2 decisions: 0 change, 0 milder" in out
    answer = run("backtest", weaker, "--json")
    assert answer[0] == 1
    report = _json(answer)
    assert {"before": "block", "after": "allow", "decisions": 1} in report["matrix"]
    assert len(report["examples"][0]["decisions"]) == 1
    assert _json(run("backtest", weaker, "--limit", "1", "--json"))["decisions"] == 1


@pytest.mark.parametrize("audience", ["rules", "users", "guard"])
def test_each_audience_gets_its_form_with_the_hash(run: Run, audience: str) -> None:
    code, out, _ = run("render", "shipped", "--for", audience)
    assert code == 0
    assert SHIPPED.hash in out


def test_what_is_no_stage_no_audience_and_no_policy_is_a_usage_error(run: Run, ours: Path) -> None:
    run("add", ours)
    for arguments in (
        ("activate", "ours@1", "--stage", "quux"),
        ("render", "shipped", "--for", "quux"),
        ("show", "quux@1"),
        ("show", "none.yaml"),
    ):
        code, _, err = run(*arguments)
        assert code == 2
        assert err.startswith("error[")
