"""The examples, as a stranger runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.canary.pack import Pack

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)

    return call


@pytest.fixture
def both() -> str:
    """A prompt with both canary words."""
    return Pack.load().prompt(("a", "b"))


def test_the_middleware_example(run: Callable[..., subprocess.CompletedProcess[str]], both: str) -> None:
    script = str(EXAMPLES / "middleware.py")
    allowed = run(script, "a boat on a lake")
    assert allowed.stdout.startswith("200 "), allowed.stderr
    assert "You said: a boat" in allowed.stdout
    status, _, body = run(script, both).stdout.partition(" ")
    assert status == "400"
    assert json.loads(body)["error"]["code"] == "seawall_blocked"


def test_the_diffusers_example(run: Callable[..., subprocess.CompletedProcess[str]], both: str, tmp_path: Path) -> None:
    script = str(EXAMPLES / "diffusers_hook.py")
    allowed = run(script, "a boat on a lake", "boat.png")
    assert allowed.returncode == 0, allowed.stderr
    assert (tmp_path / "boat.png").read_bytes().startswith(b"\x89PNG")
    blocked = run(script, both, "other.png")
    assert blocked.returncode == 1
    assert "blocked_input" in blocked.stderr
    assert not (tmp_path / "other.png").exists()
