"""`seawall reports` and `authorities`: from a case to a receipt in the shell, with the tokens of two people."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from seawall.casework import Casework, open_casework
from seawall.cli import authorities, reports, users
from seawall.errors import SeawallError
from seawall.maintain.authorities.testkit import TestKit, serve
from seawall.settings import Settings
from seawall.users import Role, Users
from tests.maintain.authorities.reports.office import OPTIONS, REVIEWERS, filed_there, judge, opened, ready

PASSWORD = "three plain boats"


class Shell:
    """A shell in which the installation is known."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.tokens: dict[str, Path] = {}

    def __call__(self, app: Any, *arguments: str, typed: str | None = None, by: str | None = None) -> Result:
        named = ["--token-file", str(self.tokens[by])] if by is not None else []
        environment = {"SEAWALL_HOME": str(self.home)}
        return CliRunner().invoke(app, [*arguments, *named], input=typed, env=environment, catch_exceptions=False)

    def json(self, app: Any, *arguments: str, by: str | None = None) -> Any:
        ran = self(app, *arguments, "--json", by=by)
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)


@pytest.fixture
def kit() -> Iterator[tuple[str, TestKit]]:
    """A kit to report to."""
    with serve() as found:
        yield found


@pytest.fixture
def settings(seawall_home: Path, migrated_sqlite: Path, kit: tuple[str, TestKit]) -> Settings:
    """An installation that reports to the kit."""
    seawall_home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, seawall_home / "seawall.db")
    places = {"test_url": f"{kit[0]}/ispws", "production_url": f"{kit[0]}/prod/ispws"}
    (seawall_home / "authorities.yaml").write_text(yaml.safe_dump({"ncmec": OPTIONS["ncmec"] | places}))
    return Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    """Two leads who may open evidence, each with a token; and the credentials of both environments."""
    found = Shell(settings.home)
    with Users.opened(settings) as book:
        boss = book.add("boss", Role.ADMIN, PASSWORD)
        for name in ("rhea", "theia", "iris"):
            made = book.add(name, Role.LEAD if name != "iris" else Role.REVIEWER, PASSWORD, boss.id)
            if name != "iris":
                book.grant_child_safety(made.id, boss.id, "files reports")
    for name in ("rhea", "theia", "iris"):
        ran = found(users.app, "token", name, "--password-stdin", typed=PASSWORD)
        assert ran.exit_code == 0, ran.output
        found.tokens[name] = tmp_path / f"{name}.token"
        found.tokens[name].write_text(ran.stdout)
    for name in ("test", "production"):
        arguments = ("credentials", "--user", "testkit", "--environment", name, "--password-stdin")
        assert found(authorities.app, *arguments, typed="testkit\n").exit_code == 0
    return found


@pytest.fixture
def casework(settings: Settings) -> Iterator[Casework]:
    """The installation."""
    with open_casework(settings) as found:
        yield found


def test_a_drill_goes_from_a_case_to_a_receipt_and_lets_production_on(
    shell: Shell, casework: Casework, kit: tuple[str, TestKit]
) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    with pytest.raises(SeawallError, match="no drill has been filed"):
        shell(authorities.app, "production", "on", by="rhea")
    ran = shell(reports.app, "draft", case.id, "--json")
    drafted = json.loads(ran.stdout)
    assert (drafted["state"], drafted["environment"], drafted["faults"]) == ("draft", "test", 0)
    assert shell(reports.app, "render", case.id).stdout.startswith("<?xml")
    assert shell(reports.app, "lint", case.id).exit_code == 0
    shell.json(reports.app, "answer", case.id, "compromised_account", "no", by="rhea")
    digest = shell.json(reports.app, "preview", case.id)["digest"]
    shell.json(reports.app, "approve", case.id, "--digest", digest, by="rhea")
    with pytest.raises(SeawallError, match="another person"):
        shell(reports.app, "approve", case.id, "--digest", digest, by="rhea")
    with pytest.raises(SeawallError, match="may not do this"):
        shell(reports.app, "approve", case.id, "--digest", digest, by="iris")
    with pytest.raises(SeawallError, match="who are you"):
        shell(reports.app, "approve", case.id, "--digest", digest)
    shell.json(reports.app, "approve", case.id, "--digest", digest, by="theia")
    ran = shell(reports.app, "file", case.id, "--json")
    assert ran.exit_code == 0, ran.output
    assert ran.stderr.split() == ["submit", "upload", "file", "1", "fileinfo", "file", "1", "finish"]
    (finished,) = filed_there(kit[1])
    shown = shell.json(reports.app, "show", case.id)
    assert (shown["state"], shown["receipt"]) == ("filed", finished["id"])
    assert [each["kind"] for each in shown["steps"]] == ["intent", "answered"] * 4
    assert shell.json(reports.app, "figures") == {
        "filed": 0,
        "informational": 0,
        "drills": 1,
        "low_score": 0,
        "waiting": 0,
    }
    assert shell.json(authorities.app, "production", "on", by="rhea")["on"] is False
    with pytest.raises(SeawallError, match="another person"):
        shell(authorities.app, "production", "on", by="rhea")
    assert shell.json(authorities.app, "production", "on", by="theia")["on"] is True


def test_production_sends_nothing_before_two_people_want_it_and_nothing_after_one_does_not(
    shell: Shell, casework: Casework, kit: tuple[str, TestKit]
) -> None:
    real = ready(casework, opened(casework, b"green glass heron", drill=False))
    with pytest.raises(SeawallError, match="nothing is sent to the production environment"):
        shell(reports.app, "file", real.id)
    assert "two people have not switched it on" in shell(authorities.app, "ls").stdout
    drill = ready(casework, opened(casework, b"blue glass heron", subject="account-8"))
    assert shell(reports.app, "file", drill.id).exit_code == 0
    for who in ("rhea", "theia"):
        shell(authorities.app, "production", "on", by=who)
    assert shell(authorities.app, "status", "--environment", "production").exit_code == 0
    assert shell(reports.app, "file", real.id).exit_code == 0
    assert (len(filed_there(kit[1])), len(filed_there(kit[1], drill=False))) == (1, 1)
    shell(authorities.app, "production", "off", by="rhea")
    again = ready(casework, opened(casework, b"grey glass heron", drill=False, subject="account-9"))
    with pytest.raises(SeawallError, match="nothing is sent to the production environment"):
        shell(reports.app, "file", again.id)


def test_a_report_is_taken_back_marked_by_hand_and_listed(shell: Shell, casework: Casework) -> None:
    report = ready(casework, opened(casework, b"blue glass heron"))
    assert "approved" in shell(reports.app, "ls").stdout
    ran = shell(reports.app, "retract", report.id, "--reason", "the wrong account", by="theia")
    assert "taken_back" in ran.stdout
    receipt = shell.home / "receipt.txt"
    receipt.write_text("thank you")
    arguments = ("mark-filed", report.id, "--receipt-id", "4711", "--receipt", str(receipt))
    assert shell.json(reports.app, *arguments, by="rhea")["state"] == "filed_manually"
    assert shell(reports.app, "ls", "--state", "draft").stdout == ""
    with pytest.raises(SeawallError, match="--state is one of"):
        shell(reports.app, "ls", "--state", "gone")


def test_who_is_not_let_in_is_told_and_goes_on_when_somebody_has_looked(
    shell: Shell, casework: Casework, kit: tuple[str, TestKit]
) -> None:
    report = ready(casework, opened(casework, b"blue glass heron"))
    kit[1].faults.order([{"call": "submit", "nth": 1, "fault": "unauthorized"}])
    assert shell(reports.app, "file", report.id).exit_code == 1
    assert "it is stopped (not_let_in)" in shell(authorities.app, "ls").stdout
    ran = shell(authorities.app, "resume", "--environment", "test", by="theia")
    assert "1 report had been stopped midway" in ran.stdout
    assert shell(reports.app, "file", report.id).exit_code == 0


def test_what_is_no_case_and_no_json_is_told(shell: Shell) -> None:
    with pytest.raises(SeawallError, match="no report with this id"):
        shell(reports.app, "show", "0" * 32)
    with pytest.raises(SeawallError, match="32 hex digits"):
        shell(reports.app, "show", "heron")
    with pytest.raises(SeawallError, match=r"no case with this id|nobody has asked"):
        shell(reports.app, "draft", "0" * 32)


def test_who_else_is_told_and_the_text_for_them(shell: Shell, casework: Casework) -> None:
    case = opened(casework, b"blue glass heron", jurisdiction="GB")
    judge(casework, case, REVIEWERS[0])
    lines = [json.loads(line) for line in shell(reports.app, "destinations", case.id, "--json").stdout.splitlines()]
    assert [(each["authority"], each["way"], each["covered_by"]) for each in lines] == [
        ("ncmec", "api", None),
        ("nca", "text", None),
    ]
    assert "S.I. 2026/268" in shell(reports.app, "destinations", case.id).stdout
    written = shell(reports.app, "render", case.id, "--authority", "nca").stdout
    assert written.startswith("To: National Crime Agency\n")
    assert "Priority: 2" in written
    with pytest.raises(SeawallError, match="is not told of this case"):
        shell(reports.app, "render", case.id, "--authority", "c3p")
    (report,) = casework.reports.draft(case.id)
    arguments = ("mark-filed", report.id, "--receipt-id", "4711")
    assert shell.json(reports.app, *arguments, by="rhea")["state"] == "filed_manually"
    assert "covered by ncmec 4711" in shell(reports.app, "destinations", case.id).stdout
