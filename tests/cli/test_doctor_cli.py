"""`seawall doctor`: each fault is found, named and hinted at; a check that cannot run is a problem."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.cli import _main
from seawall.cli._doctor_checks import CHECKS, examine
from seawall.cli._doctor_found import Finding, Installation, Level
from seawall.ledger import open_ledger
from seawall.settings import Settings

THEN = datetime(2026, 11, 23, tzinfo=UTC)


class Ward:
    """One installation under examination, at a moment of the test's choice."""

    def __init__(self) -> None:
        self.now = THEN

    @property
    def home(self) -> Path:
        return Settings.from_env().home

    def found(self, *names: str) -> dict[str, list[Finding]]:
        installation = Installation(Settings.from_env(), lambda: self.now)
        wanted = {name: CHECKS[name] for name in names or CHECKS}
        said: dict[str, list[Finding]] = {}
        try:
            for name, finding in examine(installation, wanted):
                said.setdefault(name, []).append(finding)
        finally:
            installation.close()
        return said

    def levels(self, name: str) -> set[Level]:
        return {finding.level for finding in self.found(name)[name]}


@pytest.fixture
def ward() -> Iterator[Ward]:
    yield Ward()


def test_an_empty_machine_has_no_problem_and_nothing_is_created(ward: Ward) -> None:
    found = ward.found()
    assert list(found) == list(CHECKS)
    quiet = {name: said for name, said in found.items() if name not in ("weights", "disk")}
    assert not any(finding.level is Level.PROBLEM for said in quiet.values() for finding in said)
    assert not ward.home.exists()


def test_an_installation_in_use_has_no_problem(ward: Ward) -> None:
    with open_ledger(Settings.from_env()) as ledger:
        ledger.checkpoint()
    assert ward.levels("database") == ward.levels("ledger") == ward.levels("policy") == {Level.OK}
    assert ward.levels("home") == ward.levels("keys") == {Level.OK}


def test_keys_that_others_may_read_are_a_problem(ward: Ward) -> None:
    with open_ledger(Settings.from_env()) as ledger:
        ledger.checkpoint()
    (ward.home / "keys" / "ledger-ed25519.pem").chmod(0o644)
    assert ward.levels("keys") == {Level.PROBLEM}
    ward.home.chmod(0o755)
    assert ward.levels("home") == {Level.PROBLEM}


def test_a_lost_signing_key_is_a_problem(ward: Ward) -> None:
    with open_ledger(Settings.from_env()) as ledger:
        ledger.checkpoint()
    (ward.home / "keys" / "ledger-ed25519.pem").unlink()
    assert ward.levels("ledger") == {Level.PROBLEM}


def test_a_tree_that_was_cut_is_a_problem(ward: Ward) -> None:
    with open_ledger(Settings.from_env()) as ledger:
        with ledger._store.begin() as connection:
            ledger.record(connection, "test.event", "one", {})
        ledger.checkpoint()
    with sqlite3.connect(ward.home / "seawall.db") as database:
        database.execute("UPDATE ledger_checkpoint SET size = size")
        database.execute("UPDATE ledger_head SET size = 0, frontier = x''")
    database.close()
    assert ward.levels("ledger") == {Level.PROBLEM}


def test_an_older_schema_is_a_warning_and_is_left_alone_and_a_newer_one_is_a_problem(ward: Ward) -> None:
    with open_ledger(Settings.from_env()):
        pass
    path = ward.home / "seawall.db"
    for version, level in (("0002", Level.WARNING), ("9999", Level.PROBLEM)):
        with sqlite3.connect(path) as database:
            database.execute("UPDATE seawall_schema SET version_num = ?", [version])
        database.close()
        assert ward.levels("database") == {level}
        ward.found("ledger", "policy", "rollouts")
        with sqlite3.connect(path) as database:
            assert database.execute("SELECT version_num FROM seawall_schema").fetchone() == (version,)
        database.close()


def test_what_is_no_database_is_a_problem_of_every_check_that_needs_it(ward: Ward) -> None:
    ward.home.mkdir(mode=0o700)
    (ward.home / "seawall.db").write_text("this is no database" * 100)
    for name in ("database", "ledger", "policy", "rollouts"):
        assert ward.levels(name) == {Level.PROBLEM}


def test_a_database_that_cannot_be_reached_is_a_problem(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    found = ward.found("database")["database"]
    assert [finding.level for finding in found] == [Level.PROBLEM]
    assert "secret" not in found[0].detail + found[0].hint


def test_expired_help_services_are_a_problem_and_those_about_to_expire_a_warning(ward: Ward) -> None:
    assert ward.levels("helplines") == {Level.OK}
    ward.now = THEN + timedelta(days=160)
    assert ward.levels("helplines") == {Level.WARNING}
    ward.now = THEN + timedelta(days=200)
    assert ward.levels("helplines") == {Level.PROBLEM}


def test_a_directory_that_cannot_be_read_is_a_problem(ward: Ward) -> None:
    ward.home.mkdir(mode=0o700)
    (ward.home / "helplines.yaml").write_text("rows: 7")
    assert ward.levels("helplines") == {Level.PROBLEM}


def test_texts_that_nobody_reviewed_are_a_warning(ward: Ward) -> None:
    assert ward.levels("texts") == {Level.WARNING}


def test_kills_are_shown_and_a_switch_that_cannot_be_read_is_a_problem(ward: Ward) -> None:
    folder = ward.home / "killswitch"
    folder.mkdir(parents=True)
    assert ward.levels("killswitch") == {Level.OK}
    (folder / "ALL").touch()
    assert ward.levels("killswitch") == {Level.WARNING}
    (folder / "ALL").unlink()
    folder.rmdir()
    folder.write_text("")
    assert ward.levels("killswitch") == {Level.PROBLEM}


def test_a_list_that_is_old_is_a_warning(ward: Ward, tmp_path: Path) -> None:
    from seawall.matching.lists import ListStore, Purpose

    file = tmp_path / "list.txt"
    file.write_text("0" * 31 + "1\n")
    lists = ListStore(ward.home / "lists", clock=lambda: THEN)
    lists.import_file(file, name="received", purpose=Purpose.CSAM, type="md5")
    assert ward.levels("lists") == {Level.OK}
    ward.now += timedelta(days=40)
    assert ward.levels("lists") == {Level.WARNING}


def test_model_files_that_are_missing_or_other_are_named(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_WEIGHTS", str(tmp_path))
    assert ward.levels("weights") == {Level.WARNING}
    (tmp_path / "open-nsfw.onnx").write_text("something else")
    assert Level.PROBLEM in ward.levels("weights")


def test_a_check_that_breaks_is_a_problem_and_the_others_go_on() -> None:
    def broken(_: Installation) -> Iterator[Finding]:
        raise ZeroDivisionError
        yield

    def fine(_: Installation) -> Iterator[Finding]:
        yield Finding(Level.OK, "fine")

    installation = Installation(Settings.from_env(), lambda: THEN)
    found = dict(examine(installation, {"broken": broken, "fine": fine}))
    assert found["broken"].level is Level.PROBLEM
    assert found["fine"].level is Level.OK


def test_the_command_prints_a_line_a_check_and_its_exit_code_says_whether_there_is_a_problem(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(_main.COMMANDS, "doctor", "Say what is wrong with this installation.")
    ward.home.mkdir()
    (ward.home / "killswitch").write_text("")
    with pytest.raises(SystemExit) as left:
        _main.main(["doctor", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert left.value.code == 1
    assert said["problems"] >= 1
    assert {row["check"] for row in said["checks"]} == set(CHECKS)
    with pytest.raises(SystemExit) as left:
        _main.main(["doctor"])
    assert "killswitch" in capsys.readouterr().out
