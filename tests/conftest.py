"""Shared fixtures: a private home for every test, the sample vectors, and the command line as a stranger runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seawall.maintain.review import sampling

pytest_plugins = ["tests.postgres_fixture"]
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
    # No test calls an authority, whatever it or a process of its own is told.
    monkeypatch.setenv("SEAWALL_AUTHORITIES", "loopback")
    return home


@pytest.fixture(autouse=True)
def nothing_drawn_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden tasks and tasks of judging again come where a test asks for them, never because a draw fell so."""
    monkeypatch.setattr(sampling, "secrets", SimpleNamespace(randbelow=lambda most: most - 1))


@pytest.fixture(scope="session")
def ci() -> bool:
    """Whether a missing optional program must fail rather than be reported as not run."""
    return os.environ.get("CI") == "true"


@pytest.fixture
def needs_fpcalc(ci: bool) -> None:
    """Report that sound was not tested where fpcalc is missing; fail in CI."""
    if shutil.which("fpcalc") is None:
        if ci:
            pytest.fail("fpcalc is missing, and CI must run these tests")
        pytest.skip("fpcalc not run")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Parse standard output as one JSON value."""
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        """Parse standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def seawall(seawall_home: Path) -> Callable[..., Ran]:
    """Run `seawall ARGUMENTS...` in a process of its own."""

    def run(*arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        command: Sequence[str] = [sys.executable, "-m", "seawall", *map(str, arguments)]
        environment = os.environ | {"SEAWALL_HOME": str(seawall_home)} | (env or {})
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=240, cwd=cwd, env=environment, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
