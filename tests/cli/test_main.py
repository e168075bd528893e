"""What the command line says and returns when things go wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_bug_never_looks_like_a_finding() -> None:
    script = (
        "import seawall.cli.hash as command, typer\n"
        "from seawall.cli import main\n"
        "command.app = typer.Typer()\n"
        "@command.app.command()\n"
        "def broken() -> None:\n    raise KeyError('oops')\n"
        "main(['hash'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "error[internal]: KeyError" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["scan", "--nonsense"], ["scan", "--workers", "many"], ["lists", "x"]]
)
def test_usage_errors_have_a_code_and_exit_with_two(seawall: Callable[..., Any], arguments: list[str]) -> None:
    ran = seawall(*arguments)
    assert ran.code == 2
    assert ran.err.startswith("error[usage]: ")


def test_a_reader_that_goes_away_is_no_error(seawall_home: Any, vectors: Any) -> None:
    command = f"{sys.executable} -m seawall hash {vectors}/images/modes/*.png --json | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_a_home_that_cannot_be_used_is_named(seawall: Callable[..., Any], vectors: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    environment = {"SEAWALL_HOME": str(blocked / "home")}
    ran = seawall("match", vectors / "images/misc/c.png", "--list", vectors / "lists/needles.txt", env=environment)
    assert ran.code == 3
    assert ran.err.startswith("error[system]: Not a directory: ")
