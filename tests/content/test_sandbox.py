"""The sandbox: requests and replies, shared memory, and children that die in every way."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.content.sandbox import Sandbox, SandboxLimits, SandboxUnavailable
from seawall.errors import DecoderDied, MediaError, TooLarge, UnsupportedMedia

Do = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(entries: str) -> Iterator[Sandbox]:
    with Sandbox(f"{entries}:mirror") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(entries: str) -> Iterator[Sandbox]:
    limits = SandboxLimits(memory_bytes=400 << 20, seconds_per_item=20, reply_bytes=1 << 20, keep_bytes=8 << 20)
    with Sandbox(f"{entries}:misbehave", limits=limits) as sandbox:
        yield sandbox


@pytest.fixture
def do(sandbox: Sandbox) -> Do:
    """`do(way, **params)` has the child misbehave in that way."""

    def done(way: str, length: int = 0, **params: Any) -> dict[str, Any]:
        sandbox.submit(length, {"way": way, **params})
        return sandbox.result()

    return done


def test_the_child_sees_the_buffer_the_parameters_and_the_files(mirror: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("from a file")
    mirror.buffer(4)[:] = b"\x01\x02\x03\x04"
    with path.open("rb") as file:
        mirror.submit(3, {"name": "ä"}, fds=[file.fileno()])
    reply = mirror.result()
    assert reply["bytes"] == "010203"
    assert reply["params"] == {"name": "ä"}
    assert reply["texts"] == ["from a file"]
    assert reply["pid"] != os.getpid()


def test_one_child_serves_item_after_item(mirror: Sandbox) -> None:
    pids = set()
    for number in range(50):
        mirror.buffer(2)[:] = struct.pack("<H", number)
        mirror.submit(2, {})
        reply = mirror.result()
        assert reply["bytes"] == struct.pack("<H", number).hex()
        pids.add(reply["pid"])
    assert len(pids) == 1


def test_files_can_be_read_straight_into_the_buffer(mirror: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(os.urandom(1000))
    with path.open("rb", buffering=0) as file:
        assert file.readinto(mirror.buffer(2000)) == 1000
    mirror.submit(1000, {})
    assert mirror.result()["length"] == 1000


def test_the_buffer_keeps_its_bytes_when_it_grows(mirror: Sandbox) -> None:
    first = mirror.buffer(10)
    first[:] = b"0123456789"
    assert len(first) == 10
    grown = mirror.buffer(9 << 20)
    assert bytes(grown[:10]) == b"0123456789"
    grown[-1] = 7
    mirror.submit(len(grown), {})
    reply = mirror.result()
    assert reply["length"] == 9 << 20
    assert reply["bytes"].startswith(b"0123456789".hex())


def test_a_large_buffer_is_given_back_after_use(sandbox: Sandbox, do: Do) -> None:
    big = sandbox.buffer(20 << 20)
    big[:] = bytes(len(big))
    assert do("map", length=20 << 20)["mapped"] == 32 << 20
    sandbox.buffer(10)[:] = b"0123456789"
    assert do("map", length=10)["mapped"] == 4 << 20


def test_a_buffer_beyond_the_limit_is_refused(entries: str) -> None:
    with Sandbox(f"{entries}:mirror", limits=SandboxLimits(buffer_bytes=6 << 20)) as sandbox:
        assert len(sandbox.buffer(6 << 20)) == 6 << 20
        with pytest.raises(TooLarge):
            sandbox.buffer((6 << 20) + 1)


def test_the_child_cannot_change_what_the_parent_reads(sandbox: Sandbox, do: Do) -> None:
    sandbox.buffer(10)[:] = b"0123456789"
    assert do("write shared", length=10) == {"view": False, "read_only": True}


def test_a_view_that_a_decoder_leaves_behind_does_no_harm(sandbox: Sandbox, do: Do) -> None:
    for size in (10, 9 << 20, 10, 17 << 20, 10):
        sandbox.buffer(size)[0] = size % 251
        assert do("leave a view", length=size) == {"first": size % 251}


def test_misuse_is_an_error_of_the_caller(mirror: Sandbox) -> None:
    with pytest.raises(RuntimeError):
        mirror.result()
    with pytest.raises(ValueError, match="does not hold"):
        mirror.submit(1, {})
    mirror.submit(0, {})
    with pytest.raises(RuntimeError):
        mirror.submit(0, {})
    assert mirror.result()["length"] == 0
    with pytest.raises(ValueError, match="too long"):
        mirror.submit(0, {"text": "x" * (2 << 20)})
    with pytest.raises(ValueError, match="descriptors"):
        mirror.submit(0, {}, fds=[0] * 9)
    mirror.submit(0, {"still": "works"})
    assert mirror.result()["params"] == {"still": "works"}


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS", "SIGILL"])
def test_a_crash_names_its_signal_and_the_next_item_is_served(do: Do, name: str) -> None:
    with pytest.raises(DecoderDied, match=name):
        do("crash", signal=name)
    assert do("fine")["pid"]


def test_a_write_to_a_null_pointer_is_survived(do: Do) -> None:
    with pytest.raises(DecoderDied, match="SIGSEGV"):
        do("write to null")
    assert do("fine")["pid"]


def test_an_exit_is_a_death(do: Do) -> None:
    with pytest.raises(DecoderDied, match="status 3"):
        do("exit", status=3)


def test_an_endless_loop_ends_at_the_deadline(entries: str) -> None:
    with Sandbox(f"{entries}:misbehave", limits=SandboxLimits(seconds_per_item=0.3)) as sandbox:
        for _ in range(2):
            sandbox.submit(0, {"way": "spin"})
            with pytest.raises(DecoderDied, match="longer than"):
                sandbox.result()
        sandbox.submit(0, {"way": "fine"})
        assert sandbox.result()["pid"]


def test_a_memory_hog_meets_its_limit(do: Do) -> None:
    with pytest.raises(TooLarge, match="memory"):
        do("hog")
    assert do("fine")["pid"]


def test_a_death_that_an_earlier_item_caused_is_not_laid_to_the_next(do: Do) -> None:
    first = do("crash unless fresh")["pid"]
    second = do("crash unless fresh")["pid"]
    assert first != second


def test_memory_that_an_earlier_item_kept_is_not_laid_to_the_next(do: Do) -> None:
    assert do("hog when used")["pid"] != do("hog when used")["pid"]


def test_a_child_that_died_while_idle_is_replaced(sandbox: Sandbox, do: Do) -> None:
    pid = do("fine")["pid"]
    os.kill(pid, 9)
    assert do("fine")["pid"] != pid


def test_the_child_is_replaced_after_its_share_of_items(entries: str) -> None:
    with Sandbox(f"{entries}:mirror", limits=SandboxLimits(items_per_child=2)) as sandbox:
        pids = []
        for _ in range(4):
            sandbox.buffer(3)[:] = b"abc"
            sandbox.submit(3, {})
            reply = sandbox.result()
            assert reply["bytes"] == b"abc".hex()
            pids.append(reply["pid"])
    assert pids[0] == pids[1] != pids[2] == pids[3]


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("MediaError", MediaError),
        ("TooLarge", TooLarge),
        ("UnsupportedMedia", UnsupportedMedia),
        ("DecoderDied", DecoderDied),
        ("StorageFull", MediaError),
    ],
)
def test_errors_of_the_entry_are_raised_again(do: Do, kind: str, raised: type[MediaError]) -> None:
    with pytest.raises(MediaError, match="what it says") as caught:
        do("raise media", kind=kind, message="what it says")
    assert type(caught.value) is raised


def test_an_error_text_is_one_bounded_printable_line(do: Do) -> None:
    with pytest.raises(MediaError) as caught:
        do("raise media", kind="MediaError", message="a\nb\x1b[31m\u202e" + "c" * 1000)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 300


def test_an_unforeseen_exception_is_a_media_error_without_its_text(do: Do) -> None:
    with pytest.raises(MediaError, match="ZeroDivisionError") as caught:
        do("raise other")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["nan", "bytes", "list"])
def test_a_reply_that_json_cannot_carry_is_a_media_error(do: Do, kind: str) -> None:
    with pytest.raises(MediaError):
        do("no json", kind=kind)
    assert do("fine")["pid"]


def test_a_reply_that_is_no_object_is_refused(do: Do) -> None:
    with pytest.raises(DecoderDied, match="no sense"):
        do("not a dict")
    assert do("fine")["pid"]


def test_a_huge_reply_is_refused_by_the_child(do: Do) -> None:
    assert len(do("huge reply", size=1_000_000)["text"]) == 1_000_000
    with pytest.raises(MediaError, match="fit"):
        do("huge reply", size=2 << 20)
    assert do("fine")["pid"]


@pytest.mark.parametrize(
    ("raw", "leaves"),
    [
        (struct.pack("!I", 1 << 30), False),
        (struct.pack("!I", 4) + b"nope", True),
        (struct.pack("!I", 2) + b"[]", True),
        (struct.pack("!I", 10) + b"[" * 10, True),
        (struct.pack("!I", 200_000) + b"[" * 200_000, True),
        (struct.pack("!I", 19) + b'{"id":9,"value":{}}', True),
        (struct.pack("!I", 22) + b'{"id":1,"value":"text"', True),
        (struct.pack("!I", 28) + b'{"id":1,"value":{"x":NaN}}  ', True),
        (struct.pack("!I", 17) + b'{"id":1,"value":1', True),
        (b"\0\0", True),
    ],
)
def test_a_child_that_breaks_the_protocol_is_ended(do: Do, raw: bytes, leaves: bool) -> None:
    with pytest.raises(DecoderDied):
        do("raw", raw=raw.hex(), exit=leaves)
    assert do("fine")["pid"]


def test_a_forged_second_reply_is_not_taken_for_the_next_items(do: Do) -> None:
    body = b'{"id":1,"value":{"pid":0}}'
    forged = struct.pack("!I", len(body)) + body
    with pytest.raises(DecoderDied):
        # Two replies at once, or a reply to a request that was never made: either way the child is not believed.
        for _ in range(2):
            do("raw", raw=forged.hex() * 2)
    assert do("fine")["pid"]


def test_an_entry_that_cannot_be_imported_is_named() -> None:
    with Sandbox("no_such_module_here:function") as sandbox, pytest.raises(SandboxUnavailable, match="ModuleNotFound"):
        _ = sandbox.confinement
    with Sandbox("json:no_such_function") as sandbox:
        sandbox.submit(0, {})
        with pytest.raises(SandboxUnavailable, match="AttributeError"):
            sandbox.result()


def test_a_closed_sandbox_leaves_no_process_and_can_be_used_again(entries: str) -> None:
    sandbox = Sandbox(f"{entries}:mirror")
    sandbox.submit(0, {})
    pid = sandbox.result()["pid"]
    sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    sandbox.submit(0, {})
    assert sandbox.result()["pid"] != pid
    sandbox.close()


def test_a_thousand_items_keep_memory_bounded(sandbox: Sandbox, do: Do) -> None:
    def run(count: int) -> int:
        peak = 0
        for number in range(count):
            size = 1 << 20 if number % 3 else 3 << 20
            sandbox.buffer(size)[:4] = b"\0\1\2\3"
            peak = do("resident", length=size)["kilobytes"]
        return peak

    before = run(50)
    assert run(950) - before < 8_000


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_do_not_add_up(sandbox: Sandbox, do: Do, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("x")
    do("fine")
    before = open_descriptors()
    for number in range(100):
        with path.open("rb") as file:
            sandbox.buffer(10 if number % 2 else 9 << 20)
            sandbox.submit(10, {"way": "fine"}, fds=[file.fileno()])
            assert sandbox.result()["pid"]
    assert open_descriptors() <= before + 2
