"""What the contract tests share: a gateway with its stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.contract.gateway_pair import CONTROLS, Process, running


@pytest.fixture(scope="module")
def running_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Process]]:
    """The gateway, and the stand-in behind it."""
    place = tmp_path_factory.mktemp("gateway")
    home = place / "home"
    with ExitStack() as stack:
        model = stack.enter_context(running(home, place / "model.log", "--demo-upstream"))
        url = f"http://127.0.0.1:{model.port}"
        front = stack.enter_context(running(home, place / "gateway.log", "--upstream", url, *CONTROLS))
        made = subprocess.run(
            [sys.executable, "-m", "seawall", "keys", "create", "app", "--scope", "gateway", "--json"],
            env=os.environ | {"SEAWALL_HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert front.json("GET", "/v1/models")[1]["error"]["code"] == "unauthenticated"
        front.key = json.loads(made.stdout)["key"]
        end = time.monotonic() + 10
        while front.ask("GET", "/v1/models")[0] != 200:
            assert time.monotonic() < end, "the key is not accepted"
        yield front, model
