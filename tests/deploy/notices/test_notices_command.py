"""`seawall notices`, as an operator uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seawall.cli import notices as command
from seawall.deploy.notices import Category, Contact, NewNotice, NoticeObject, ObjectType, open_notices
from seawall.errors import NotFound, UsageError
from seawall.settings import Settings

OTHER = NewNotice(
    Category.OTHER,
    (NoticeObject(ObjectType.MODEL, "m-1"),),
    text="a zorblax",
    good_faith=True,
    contact=Contact(name="Ada Example", email="ada@example.org"),
)
TABLE = "url,reference,category\nhxxps://host[.]example/1,r-1,\nhttps://host.example/2,r-2,zorblax\n"


class OneCase:
    def open(self, _connection: Any, _opening: Any) -> str:
        return "c" * 32

    def escalate(self, case_id: str, person: str, reason: str) -> None: ...


@contextmanager
def taking(*, taking: bool = False) -> Iterator[Any]:
    with open_notices(Settings.from_env(), lambda _store, _ledger: OneCase()) as found:
        yield found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, seawall_home: Path) -> Any:
    monkeypatch.setattr(command, "_opened", taking)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(command.app, list(arguments))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.stdout

    return run


def test_a_file_of_a_hotline_is_taken_once_and_what_is_wrong_is_told(run, tmp_path):
    run("flaggers", "add", "Example Hotline", "--hotline", "--expertise", "minor_sexual_content", "--person", "ada")
    file = tmp_path / "notices.csv"
    file.write_text(TABLE)
    arguments = ("import", str(file), "--flagger", "Example Hotline", "--json")
    tried = json.loads(run(*arguments, "--dry-run", code=3))
    assert (tried["notices"], tried["taken"], tried["bad"]) == (1, 0, [["line 3", "category unknown"]])
    first = json.loads(run(*arguments, code=3))
    assert json.loads(run(*arguments, code=3))["receipts"] == first["receipts"]
    [row] = [json.loads(line) for line in run("ls", "--flagger", "Example Hotline", "--json").splitlines()]
    assert (row["lane"], row["reference"]) == ("hotline", "r-1")
    assert row["objects"][0]["location"] == "https://host.example/1"
    assert "We have your notice." in run("status", first["receipts"][0]["receipt"])
    assert json.loads(run("figures", "--lane", "hotline", "--since", "2026-01-01", "--json"))["received"] == 1


def test_words_and_contacts_are_shown_to_a_person_with_a_purpose_alone(run):
    with taking() as notices:
        stored = notices.by_receipt(notices.receive(OTHER).token)
    assert "zorblax" not in run("show", stored.id) + run("ls")
    with pytest.raises(UsageError):
        run("show", stored.id, "--words")
    shown = json.loads(
        run("show", stored.id, "--words", "--contact", "--person", "ada", "--purpose", "review", "--json")
    )
    assert (shown["words"], shown["contact"]["email"]) == ("a zorblax", "ada@example.org")


def test_flaggers_and_reporters_are_kept_by_command(run):
    add = ("flaggers", "add", "Example Flagger", "--expertise", "minor_sexual_content", "--person", "ada")
    run(*add, "--coordinator", "Example Coordinator", "--country", "se", "--until", "2030-01-01", "--key", "flagger")
    [row] = [json.loads(line) for line in run("flaggers", "ls", "--json").splitlines()]
    assert (row["country"], row["valid_until"], row["key_name"]) == ("SE", "2030-01-01T00:00:00.000000Z", "flagger")
    run("flaggers", "suspend", "Example Flagger", "--person", "ada", "--reason", "imprecise")
    assert "suspended" in run("flaggers", "ls")
    assert "REPORTER" in run("reporters", "ls")
    with pytest.raises(NotFound):
        run("reporters", "warn", "nobody", "--person", "ada")
    for wrong in (("--country", "Sweden"), ("--from", "soon"), ("--expertise", "zorblax")):
        with pytest.raises(UsageError):
            run(*add, *wrong)


def test_a_command_that_only_looks_takes_nothing(seawall_home):
    with open_notices(Settings.from_env()) as notices, pytest.raises(UsageError):
        notices.receive(OTHER)
