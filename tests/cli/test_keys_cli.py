"""`seawall keys`, as an operator uses it: a key is printed once, and never again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seawall.cli.keys import app
from seawall.errors import NotFound, SeawallError, UsageError

Run = Callable[..., Any]


@pytest.fixture
def keys() -> Run:
    """Run `seawall keys ARGUMENTS...` in this process."""

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(app, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_a_key_is_printed_once_and_stored_nowhere(keys: Run, seawall_home: Path) -> None:
    made = json.loads(keys("create", "app", "--scope", "check", "--scope", "hma", "--json").stdout)
    assert made["key"].startswith(f"sw_{made['id']}_")
    secret = made["key"].split("_", 2)[2].encode()
    assert made["scopes"] == ["check", "hma"]
    assert "key" not in json.loads(keys("ls", "--json").stdout)
    for path in seawall_home.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_key_alone_goes_to_standard_output(keys: Run) -> None:
    done = keys("create", "app")
    assert done.stdout.startswith("sw_")
    assert len(done.stdout.split()) == 1
    assert "not shown again" in done.stderr


def test_every_change_is_in_the_ledger(keys: Run, seawall_home: Path) -> None:
    keys("create", "app")
    keys("rotate", "app", "--overlap", "24h")
    keys("revoke", "app")
    with sqlite3.connect(seawall_home / "seawall.db") as database:
        rows = database.execute("SELECT data FROM ledger_event WHERE leaf IS NOT NULL ORDER BY leaf").fetchall()
    database.close()
    kinds = [json.loads(row)["kind"] for (row,) in rows]
    assert kinds == ["key.created", "key.rotated", "key.revoked", "key.revoked"]
    assert "sw_" not in str(rows)


def test_the_list_shows_states_and_scopes(keys: Run) -> None:
    keys("create", "one", "--expires", "1d")
    keys("create", "two", "--scope", "metrics", "--expires", "2099-01-31")
    keys("revoke", "one")
    shown = [json.loads(line) for line in keys("ls", "--json").stdout.splitlines()]
    assert [(key["name"], key["state"], key["scopes"]) for key in shown] == [
        ("one", "revoked", ["check"]),
        ("two", "valid", ["metrics"]),
    ]
    assert "two" in keys("ls").stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("create", "bad name"), UsageError),
        (("create", "a", "--scope", "root"), UsageError),
        (("create", "a", "--expires", "soon"), UsageError),
        (("create", "a", "--expires", "2001-01-01"), UsageError),
        (("rotate", "nobody"), NotFound),
        (("rotate", "nobody", "--overlap", "-1h"), UsageError),
        (("revoke", "nobody"), NotFound),
    ],
)
def test_what_cannot_be_done_is_said(keys: Run, arguments: tuple[str, ...], error: type[SeawallError]) -> None:
    with pytest.raises(error):
        keys(*arguments)
