"""Shared fixtures: a private home for every test, and the sample vectors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def vectors() -> Path:
    """The benign PDQ, vPDQ and exchange samples."""
    return DATA / "pdq"


@pytest.fixture(autouse=True)
def seawall_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own; nothing of the machine's is read or written."""
    home = tmp_path / "seawall-home"
    monkeypatch.setenv("SEAWALL_HOME", str(home))
    monkeypatch.delenv("SEAWALL_DATABASE_URL", raising=False)
    return home


@pytest.fixture(scope="session")
def ci() -> bool:
    """Whether a missing optional program must fail rather than be reported as not run."""
    return os.environ.get("CI") == "true"
