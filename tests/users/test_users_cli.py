"""`seawall users`: what an operator types, and what is printed."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from seawall.cli import _main
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.settings import Settings
from seawall.users import passwords

PASSWORD = "three plain boats"
Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seawall users ARGUMENTS...` in this process, with hashes that cost little."""
    monkeypatch.setitem(_main.COMMANDS, "users", "People who sign in.")

    def cheap(**_parameters: Any) -> PasswordHasher:
        return PasswordHasher(1, 8, 1)

    monkeypatch.setattr(passwords, "PasswordHasher", cheap)

    def go(*arguments: str, typed: bytes = b"") -> SimpleNamespace:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        with pytest.raises(SystemExit) as left:
            _main.main(["users", *arguments])
        said = capsys.readouterr()
        return SimpleNamespace(code=left.value.code, out=said.out, err=said.err)

    return go


@pytest.fixture
def people(run: Run) -> Run:
    """adelaide, an administrator, and rhea, a reviewer."""
    added = run("add", "adelaide", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n".encode())
    assert (added.code, added.err) == (0, "")
    run("add", "rhea", "--role", "reviewer", "--password-stdin", "--by", "adelaide", typed=PASSWORD.encode())
    return run


def test_the_first_one_must_be_an_administrator(run: Run) -> None:
    refused = run("add", "rhea", "--role", "reviewer", "--password-stdin", typed=PASSWORD.encode())
    assert refused.code == 2
    assert refused.err == "error[user]: the first user must be an administrator (--role admin)\n"
    assert run("ls", "--json").out == ""


def test_people_are_added_and_shown(people: Run) -> None:
    shown = [json.loads(line) for line in people("ls", "--json").out.splitlines()]
    assert [(each["name"], each["role"], each["child_safety"]) for each in shown] == [
        ("adelaide", "admin", False),
        ("rhea", "reviewer", False),
    ]
    assert not any("password" in each for each in shown)
    assert [line.split()[:3] for line in people("ls").out.splitlines()[1:]] == [
        ["adelaide", "admin", "enabled"],
        ["rhea", "reviewer", "enabled"],
    ]


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (("add", "x", "--role", "owner", "--password-stdin"), PASSWORD.encode(), "usage"),
        (("add", "x", "--role", "lead"), b"", "usage"),
        (("add", "x", "--role", "lead", "--subject", "s"), b"", "usage"),
        (("add", "x", "--role", "lead", "--subject", "s", "--issuer", "no address"), b"", "user"),
        (("add", "x y", "--role", "lead", "--password-stdin"), PASSWORD.encode(), "user"),
        (("add", "x", "--role", "lead", "--password-stdin"), b"short", "password"),
        (("add", "x", "--role", "lead", "--password-stdin"), b"\xff" * 20, "usage"),
        (("add", "x", "--role", "lead", "--password-stdin"), b"a b" * 9000, "password"),
        (("add", "x", "--role", "lead", "--password-stdin", "--by", "rhea"), PASSWORD.encode(), "not_permitted"),
        (("add", "x", "--role", "lead", "--password-stdin", "--by", "nobody"), PASSWORD.encode(), "not_found"),
        (("grant", "adelaide", "--by", "adelaide", "--reason", "r"), b"", "not_permitted"),
        (("grant", "rhea", "--by", "rhea", "--reason", "r"), b"", "not_permitted"),
        (("grant", "rhea", "--by", "adelaide", "--reason", " "), b"", "user"),
        (("grant", "rhea", "--reason", "r"), b"", "usage"),
        (("disable", "adelaide"), b"", "user"),
        (("disable", "nobody"), b"", "not_found"),
        (("role", "adelaide", "--role", "lead"), b"", "user"),
        (("password", "rhea"), b"", "usage"),
    ],
)
def test_what_cannot_be_done_is_said_so(people: Run, arguments: tuple[str, ...], typed: bytes, code: str) -> None:
    refused = people(*arguments, typed=typed)
    assert refused.code == 2
    assert refused.err.startswith(f"error[{code}]: ")
    assert PASSWORD not in refused.err
    assert len(people("ls", "--json").out.splitlines()) == 2


def test_a_grant_is_given_shown_and_taken(people: Run) -> None:
    granted = json.loads(people("grant", "rhea", "--by", "adelaide", "--reason", "trained in January", "--json").out)
    assert granted["child_safety"] is True
    assert "granted" in people("ls").out
    assert json.loads(people("revoke", "rhea", "--json").out)["child_safety"] is False


def test_everything_else_is_done_by_name(people: Run) -> None:
    assert json.loads(people("role", "rhea", "--role", "lead", "--json").out)["role"] == "lead"
    assert people("password", "rhea", "--password-stdin", typed=b"another plain boat\r\n").code == 0
    assert people("reset-second-factor", "rhea").code == 0
    assert people("unlock", "rhea").code == 0
    assert json.loads(people("sessions", "end", "rhea", "--json").out)["ended"] == 0
    assert people("sessions", "end", "rhea").out == "0 ended\n"
    assert json.loads(people("disable", "rhea", "--by", "adelaide", "--json").out)["disabled_at"]
    assert json.loads(people("enable", "rhea", "--json").out)["disabled_at"] is None
    linked = people("add", "sol", "--role", "lead", "--subject", "s-1", "--issuer", "https://issuer.example", "--json")
    assert json.loads(linked.out)["subject"] == "https://issuer.example s-1"


def test_what_was_done_is_in_the_ledger_when_the_command_ends(people: Run) -> None:
    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger(store, KeyFile(settings.home / "keys"))
        assert ledger.append_pending() == 0
        assert ledger.size == 2
