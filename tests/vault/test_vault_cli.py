"""`seawall vault` as it is called, and that nothing of what it keeps is found anywhere else."""

import hashlib
import io
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import _main

WHO = ("--person", "ada")
PUT = ("--purpose", "canary", *WHO)
OPEN = ("--purpose", "test", *WHO)
TEXT = b"striped paper lantern zorblax " * 20_000


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, bytes, str]]:
    """Run `seawall ARGUMENTS...` in this process: its exit code, output and errors."""
    monkeypatch.setitem(_main.COMMANDS, "vault", "Encrypted evidence.")

    def call(*arguments: str | Path, stdin: bytes | None = None) -> tuple[int, bytes, str]:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            _main.main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return int(ended.value.code or 0), out, err.decode()

    return call


Run = Callable[..., tuple[int, bytes, str]]


def _put(run: Run, data: bytes = TEXT, *more: str) -> str:
    code, out, _ = run("vault", "put", "-", *PUT, *more, stdin=data)
    assert code == 0
    return out.decode().strip()


def test_what_is_put_is_listed_opened_verified_and_destroyed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lantern.txt"
    file.write_bytes(TEXT)
    digest = hashlib.sha256(TEXT).hexdigest()
    code, out, _ = run(
        "vault", "put", file, *PUT, "--case", "c-1", "--media-type", "text/plain", "--sha256", digest, "--json"
    )
    item: dict[str, Any] = json.loads(out)
    assert (code, item["sha256"], item["case"], item["destroyed"]) == (0, digest, "c-1", None)
    assert run("vault", "open", item["id"], *OPEN) == (0, TEXT, "")
    assert run("vault", "open", item["id"], *OPEN, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out").read_bytes() == TEXT
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    code, out, _ = run("vault", "ls", "--case", "c-1", "--json")
    assert json.loads(out) == item
    assert item["id"].encode() in run("vault", "ls")[1]
    assert run("vault", "verify")[:2] == (0, b"1 objects, 0 destroyed, 0 problems\n")
    code, out, _ = run("vault", "destroy", item["id"], *WHO, "--reason", "test over", "--json")
    certificate = json.loads(out)
    assert (code, certificate["reason"]) == (0, "test over")
    proof = json.loads(run("ledger", "prove", certificate["event"])[1])
    assert proof["event"]["body"]["object"] == item["id"]
    assert run("vault", "ls", "--kept", "--json")[1] == b""
    code, out, _ = run("vault", "verify", "--sweep", "--json")
    swept = {"parts": 0, "orphans": 0, "leftovers": 0}
    assert json.loads(out) == {"objects": 0, "destroyed": 1, "faults": {}, "problems": [], "swept": swept}
    code, out, err = run("vault", "open", item["id"], *OPEN)
    assert (code, out) == (2, b"")
    assert err == f"error[vault_destroyed]: vault object {item['id']} was destroyed\n"


def test_a_damaged_object_ends_its_output_with_an_error_and_leaves_no_file(
    run: Run, seawall_home: Path, tmp_path: Path
) -> None:
    object_id = _put(run)
    os.truncate(seawall_home / "vault" / object_id[:2] / object_id, 49 + 2**18 + 16 + 100)
    code, out, err = run("vault", "open", object_id, *OPEN)
    assert (code, out) == (3, TEXT[: 2**18])
    assert f"vault object {object_id}" in err
    assert run("vault", "open", object_id, *OPEN, "--out", tmp_path / "out")[0] == 3
    assert not (tmp_path / "out").exists()
    code, out, err = run("vault", "verify")
    assert (code, out) == (1, b"1 objects, 0 destroyed, 1 problems\n")
    assert object_id in err
    assert "error[vault_unsound]: " in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("put", "missing.png", *PUT), "error[not_found]: no such file: missing.png"),
        (("put", "-", *PUT, "--sha256", "abc"), "error[usage]: --sha256 takes 64 hex digits"),
        (("put", "-", "--purpose", "Two Words", *WHO), "error[usage]: a purpose is a lower-case word"),
        (("put", "-", "--purpose", "canary"), "error[usage]: Missing option '--person'"),
        (("open", "0" * 32, "--purpose", "test"), "error[usage]: Missing option '--person'"),
        (("open", "0" * 32, *WHO), "error[usage]: Missing option '--purpose'"),
        (("open", "0" * 32, *OPEN), "error[not_found]: the vault has no object " + "0" * 32),
        (("destroy", "x", *WHO, "--reason", "test"), "error[usage]: a vault object's id is 32 hex digits"),
    ],
)
def test_a_wrong_call_is_explained(run: Run, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run("vault", *arguments, stdin=b"")
    assert (code, out) == (2, b"")
    assert err.startswith(says)


def test_an_object_is_not_written_over_a_file_or_to_a_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    object_id = _put(run)
    out = tmp_path / "out"
    out.write_bytes(b"mine")
    assert "exists already" in run("vault", "open", object_id, *OPEN, "--out", out)[2]
    assert out.read_bytes() == b"mine"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "not written to a terminal" in run("vault", "open", object_id, *OPEN)[2]


def test_nothing_of_what_is_kept_is_found_anywhere_else(
    run: Run, seawall_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Goes once through everything that can be done, then looks for the content in all that it wrote."""
    assert run("canary", "draw", "--concepts", "a", "--n", "1", "--out", tmp_path / "drawn")[0] == 0
    picture = next(path for path in (tmp_path / "drawn").rglob("*") if path.suffix in {".png", ".jpg"}).read_bytes()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    caplog.set_level("DEBUG")
    said: list[str] = []
    for data in (picture, TEXT):
        object_id = _put(run, data, "--key", "zorblax-key")[:32] if data is TEXT else _put(run, data)
        said.append(run("vault", "put", "-", *PUT, "--sha256", "0" * 64, stdin=data)[2])
        assert run("vault", "open", object_id, *OPEN)[1] == data
        path = seawall_home / "vault" / object_id[:2] / object_id
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        said += [run("vault", "open", object_id, *OPEN, "--out", tmp_path / "gone")[2], run("vault", "verify")[2]]
        path.write_bytes(whole)
        said.append(run("vault", "ls", "--json")[1].decode())
        assert run("vault", "verify")[0] == 0
    assert run("ledger", "export", tmp_path / "export.jsonl")[0] == 0
    everything = [path.read_bytes() for path in (*seawall_home.rglob("*"), *scratch.rglob("*")) if path.is_file()]
    everything += [(tmp_path / "export.jsonl").read_bytes(), "".join(said).encode(), caplog.text.encode()]
    pieces = {picture[start : start + 12] for start in range(0, len(picture) - 12, 97)} | {b"zorblax", b"lantern"}
    assert not [piece for piece in pieces if any(piece in data for data in everything)]
    assert not (tmp_path / "gone").exists()
    assert list(scratch.iterdir()) == []
    names = [path.name for path in seawall_home.rglob("*")]
    assert not [digest for digest in (hashlib.sha256(data).hexdigest() for data in (picture, TEXT)) if digest in names]
