"""`seawall vault holds`, `purge` and `destroy --order` as they are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import _main
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault.retention import Retention

Seawall = Callable[..., Any]
WHO = ("--person", "ada")


def _held(settings: Settings, object_id: str, receipt_days_ago: int | None = None) -> None:
    with Store.open(settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        retention = Retention(store, ledger)
        with store.begin() as connection:
            retention.begin(connection, [object_id], case="c-1", ground="finding: canary")
            if receipt_days_ago is not None:
                at = datetime.now(UTC) - timedelta(days=receipt_days_ago)
                retention.extend(connection, [object_id], case="c-1", receipt="r", places=["US", "CA"], at=at)


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def seawall(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Seawall:
    """Run `seawall ARGUMENTS...` in this process."""
    monkeypatch.setitem(_main.COMMANDS, "vault", "Encrypted evidence.")

    def call(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            _main.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def put(seawall: Seawall, tmp_path: Path) -> Callable[[], str]:
    def new() -> str:
        path = tmp_path / "heron.txt"
        path.write_text("a heron")
        return str(seawall("vault", "put", path, "--purpose", "canary", *WHO).out).strip()

    return new


def test_holds_are_shown_and_a_purge_takes_only_what_nothing_holds(seawall: Seawall, put: Callable[[], str]) -> None:
    settings = Settings.from_env()
    held, kept, due = put(), put(), put()
    _held(settings, held)
    _held(settings, kept, 30)
    _held(settings, due, 400)
    shown = {line[:32]: line[34:] for line in seawall("vault", "holds").out.splitlines() if line[:1] != " "}
    assert shown[held] == "kept until a report is received or a verdict given: finding: canary"
    assert "18 USC 2258A(h)(1)" in shown[kept]
    assert shown[due] == "may be destroyed: no hold stands"
    standing = {each["object"]: each for each in seawall("vault", "holds", "--json", "--case", "c-1").lines()}
    assert standing[kept]["winner"]["clock"] == "us-2258a-h1"
    assert "ca-2011-4" in standing[kept]["passed_over"][0]
    (one,) = seawall("vault", "holds", "--object", held, "--json").lines()
    assert one["until"] is None
    assert seawall("vault", "destroy", held, *WHO, "--reason", "x").code == 2
    assert seawall("vault", "purge", *WHO, "--dry-run").out == f"{due}\n"
    assert seawall("vault", "purge", *WHO, "--json").lines() == [{"destroyed": 1, "held": 0, "objects": [due]}]
    assert seawall("vault", "purge", *WHO).out == "0 objects destroyed; 0 held meanwhile\n"
    assert seawall("vault", "verify").out == "2 objects, 1 destroyed, 0 problems\n"


def test_an_order_destroys_what_is_held_and_is_kept_itself(
    seawall: Seawall, put: Callable[[], str], tmp_path: Path
) -> None:
    settings = Settings.from_env()
    held = put()
    _held(settings, held)
    paper = tmp_path / "order.txt"
    paper.write_text("to destroy one object")
    wanted = ("vault", "destroy", held, *WHO, "--reason", "18 USC 2258B(c)", "--order", paper)
    for more in ((), ("--second", "bob"), ("--second", "Ada", "--reference", "LE-1")):
        refused = seawall(*wanted, *more)
        assert (refused.code, refused.err.startswith("error[destroy_order]")) == (2, True)
    assert seawall("vault", "destroy", held, *WHO, "--reason", "x", "--second", "bob").err.startswith("error[usage]")
    certificate = seawall(*wanted, "--second", "bob", "--reference", "LE-1", "--json").lines()[0]
    assert certificate["reason"] == "order LE-1, with bob: 18 USC 2258B(c)"
    (kept,) = seawall("vault", "ls", "--purpose", "order", "--json").lines()
    assert kept["destroyed"] is None
    event = json.loads(seawall("ledger", "prove", f"retention/order/{held}").out)["event"]["body"]
    assert (event["first"], event["second"], event["document"]) == ("ada", "bob", kept["id"])
