"""Installations to make backups of and to restore into."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.accounts import Accounts, RestrictionKind
from seawall.decisions import decision_secret
from seawall.deploy.guard import open_guard
from seawall.deploy.guard.requests import InputCheck
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import GuardAction
from seawall.store import Store
from tests.backup.backup_place import Place


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    """An installation with something of most kinds in it."""
    place = Place(tmp_path / "one", database_url)
    place.settings.directory()
    with open_guard(place.settings) as guard:
        assert guard.check_input(InputCheck(account="a", prompt="a boat")).action is GuardAction.ALLOW
    with Store.open(place.settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(place.settings.home / "keys"))
        accounts = Accounts(store, ledger, decision_secret(place.settings))
        ban = accounts.restrict("a", RestrictionKind.BAN, person="ada", reason="test")
        accounts.lift(ban.id, person="ada", reason="test")
    (place.settings.directory("lists", "one") / "segment").write_bytes(b"entries")
    (place.settings.home / "notes.yaml").write_text("themes: []\n", "utf-8")
    return place


@pytest.fixture
def other(tmp_path: Path) -> Callable[..., Place]:
    """Another installation, which has the keys of the first."""

    def make(place: Place, url: str | None = None, name: str = "two") -> Place:
        made = Place(tmp_path / name, url)
        made.settings.directory()
        shutil.copytree(place.settings.home / "keys", made.settings.home / "keys")
        return made

    return make
