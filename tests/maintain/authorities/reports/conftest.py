"""An installation with a clock of the test's own, and a kit to report to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from seawall.casework import Casework, open_casework
from seawall.ledger import KeyFile, Ledger
from seawall.maintain.authorities.testkit import TestKit, serve
from seawall.settings import Settings
from seawall.store import Store
from tests.maintain.authorities.reports.office import OPTIONS, Hands


@pytest.fixture
def hands() -> Hands:
    """The clock."""
    return Hands()


@pytest.fixture
def home(seawall_home: Path) -> Path:
    """The home of an installation that says who reports."""
    seawall_home.mkdir(mode=0o700)
    (seawall_home / "authorities.yaml").write_text(yaml.safe_dump(OPTIONS))
    return seawall_home


@pytest.fixture
def url(home: Path, migrated_sqlite: Path) -> str:
    """Its database; some modules take both kinds in turn."""
    shutil.copy(migrated_sqlite, home / "seawall.db")
    return f"sqlite:///{home / 'seawall.db'}"


@pytest.fixture
def casework(home: Path, url: str, hands: Hands) -> Iterator[Casework]:
    """The installation."""
    settings = Settings(home, url)
    with Store.open(settings.database_url, clock=hands) as store:
        ledger = Ledger.open(store, KeyFile(home / "keys"))
        with open_casework(settings, store, ledger) as opened:
            yield opened


@pytest.fixture
def kit() -> Iterator[tuple[str, TestKit]]:
    """A test kit, and where it is."""
    with serve() as found:
        yield found
