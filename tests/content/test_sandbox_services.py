"""What longer-lived services ask of the sandbox: an entry that keeps what it loaded, files and deadlines of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.content.sandbox import Confinement, Sandbox, SandboxLimits, TookTooLong
from seawall.errors import DecoderDied

ENTRY = """
import time
from pathlib import Path

class Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, data, params, fds):
        self.calls += 1
        time.sleep(params.get("sleep", 0))
        told = {"calls": self.calls}
        if "read" in params:
            try:
                told["text"] = Path(params["read"]).read_text()
            except PermissionError:
                told["text"] = None
        return told
"""

Service = Callable[..., Sandbox]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports/counting_service.py").write_text(ENTRY)
    monkeypatch.syspath_prepend(str(tmp_path / "imports"))

    def made(**options: Any) -> Sandbox:
        return Sandbox("counting_service:Counting", **options)

    return made


def test_a_class_is_made_once_for_each_child(service: Service) -> None:
    with service(limits=SandboxLimits(items_per_child=2)) as sandbox:
        calls = []
        for _ in range(4):
            sandbox.submit(0, {})
            calls.append(sandbox.result()["calls"])
    assert calls == [1, 2, 1, 2]


def test_a_child_reads_the_files_that_it_was_given_and_no_other(service: Service, tmp_path: Path) -> None:
    given, other = tmp_path / "given", tmp_path / "other"
    given.write_text("model")
    other.write_text("secret")
    with service(readable=[given, tmp_path / "missing"]) as sandbox:
        told = []
        for path in (given, other):
            sandbox.submit(0, {"read": str(path)})
            told.append(sandbox.result()["text"])
        walled = Confinement.FILES in sandbox.confinement
    assert told == ["model", None if walled else "secret"]


def test_one_item_may_have_a_shorter_deadline_than_others(service: Service) -> None:
    with service(limits=SandboxLimits(seconds_per_item=30)) as sandbox:
        sandbox.submit(0, {"sleep": 20}, seconds=0.3)
        with pytest.raises(TookTooLong, match=r"longer than 0\.3 s") as caught:
            sandbox.result()
        assert isinstance(caught.value, DecoderDied)
        sandbox.submit(0, {})
        assert sandbox.result()["calls"] == 1
