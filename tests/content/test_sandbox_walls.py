"""What a decoder that was taken over cannot do, and that the child never outlives its parent."""

from __future__ import annotations

import os
import platform
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.content.sandbox import Confinement, Sandbox, confinement_notice

KNOWN_MACHINE = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")


@pytest.fixture
def sandbox(entries: str) -> Iterator[Sandbox]:
    with Sandbox(f"{entries}:misbehave") as sandbox:
        yield sandbox


def attempt(sandbox: Sandbox, what: str, **params: object) -> object:
    sandbox.submit(0, {"way": "refused", "what": what, **params})
    return sandbox.result()["refused"]


def test_on_linux_the_walls_stand_or_the_lack_is_told(sandbox: Sandbox) -> None:
    walls = sandbox.confinement
    if KNOWN_MACHINE:
        # Landlock may be missing from a kernel; everything else is in all that are supported.
        assert walls >= set(Confinement) - {Confinement.FILES}
    notice = confinement_notice(walls)
    assert (notice is None) == (walls == set(Confinement))


def test_the_notice_names_each_missing_wall() -> None:
    notice = confinement_notice({Confinement.LIMITS, Confinement.PARENT_DEATH, Confinement.NO_NEW_PRIVILEGES})
    assert notice is not None
    assert "syscalls" in notice
    assert "files" in notice
    assert "limits" not in notice


@pytest.mark.parametrize("what", ["connect", "datagram", "write", "execute", "become", "fork", "signal", "trace"])
def test_what_decoding_never_needs_is_refused(sandbox: Sandbox, what: str, tmp_path: Path) -> None:
    path = tmp_path / "target"
    with socket.create_server(("127.0.0.1", 0)) as server:
        outcome = attempt(sandbox, what, path=str(path), port=server.getsockname()[1])
    if Confinement.SYSCALLS in sandbox.confinement:
        assert outcome == "PermissionError"
    assert not path.exists() or path.read_bytes() == b""


def test_existing_files_can_be_neither_removed_nor_written(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("kept")
    for what in ("write", "remove"):
        outcome = attempt(sandbox, what, path=str(path))
        if Confinement.SYSCALLS in sandbox.confinement:
            assert outcome == "PermissionError"
            assert path.read_text() == "kept"


def test_files_that_are_not_the_programs_own_cannot_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "hash-list"
    path.write_text("not for decoders")
    for place in (str(path), "/etc/passwd", "/proc/self/environ", f"/proc/{os.getpid()}/mem"):
        outcome = attempt(sandbox, "read", path=place)
        if Confinement.FILES in sandbox.confinement:
            assert outcome == "PermissionError"


def test_the_memory_limit_cannot_be_lifted(sandbox: Sandbox) -> None:
    assert attempt(sandbox, "more memory") == "OSError"


def test_what_decoders_need_still_works(sandbox: Sandbox) -> None:
    sandbox.submit(0, {"way": "harmless"})
    assert sandbox.result() == {"thread": [1], "own": True, "wave": "wave", "environment": 0}


def test_the_child_sees_nothing_of_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_SECRET", "not for decoders")
    sandbox.submit(0, {"way": "harmless"})
    assert sandbox.result()["environment"] == 0


ORPHAN = """
import sys
sys.path.insert(0, sys.argv[1])
from seawall.content.sandbox import Sandbox
sandbox = Sandbox("entries_for_sandbox:misbehave")
sandbox.submit(0, {"way": "fine"})
print(sandbox.result()["pid"], flush=True)
if sys.argv[2] == "busy":
    sandbox.submit(0, {"way": "spin"})
    print("spinning", flush=True)
sys.stdin.read()
"""


@pytest.mark.crash
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_parent_that_is_killed_leaves_no_child(state: str) -> None:
    command = [sys.executable, "-c", ORPHAN, str(Path(__file__).parent), state]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if state == "busy":
            assert parent.stdout.readline() == "spinning\n"
        watched = os.pidfd_open(child)
        try:
            parent.send_signal(signal.SIGKILL)
            parent.wait(10)
            waiting = select.poll()
            waiting.register(watched, select.POLLIN)
            assert waiting.poll(10_000), "the child outlived its parent"
        finally:
            os.close(watched)
