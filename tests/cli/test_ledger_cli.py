"""`seawall ledger` as an operator and an auditor run it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seawall.ledger.standalone
from seawall.errors import SeawallError
from seawall.ledger import open_ledger, open_store, verify_inclusion
from seawall.settings import Settings

Run = Callable[..., str]


class Failed(Exception):
    """A command that did not succeed: its exit code and error line."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seawall ledger ARGUMENTS` in this process and return its standard output."""
    from typer.main import get_command

    from seawall.cli.ledger import app

    def call(*arguments: str | Path) -> str:
        try:
            get_command(app).main([str(argument) for argument in arguments], standalone_mode=False)
        except SeawallError as error:
            raise Failed(int(error.exit_code), str(error)) from error
        return capsys.readouterr().out

    return call


@pytest.fixture
def events(seawall_home: Path) -> int:
    """A ledger of nine events, of which the last is only queued."""
    with open_store(Settings.from_env()) as store, open_ledger(Settings.from_env()) as ledger:
        for stop, start in ((8, 0), (9, 8)):
            with store.begin() as connection:
                ledger.record_all(connection, [("test.fact", f"k{number}", {}) for number in range(start, stop)])
            if stop == 8:
                ledger.append_pending()
    return 9


def test_an_auditor_follows_the_documented_path(run: Run, events: int, tmp_path: Path) -> None:
    pem, saved, export = tmp_path / "key.pem", tmp_path / "saved.txt", tmp_path / "export.jsonl"
    pem.write_text(run("key"))
    saved.write_text(run("checkpoint"))
    run("export", export)
    assert "Truncation and forks are not excluded" in run("verify", export, "--key", pem)
    assert f"extends the saved checkpoint of size {events}" in run(
        "verify", export, "--key", pem, "--checkpoint", saved
    )
    assert "Integrity is proven" in run("verify")
    assert "extends the saved checkpoint" in run("verify", "--checkpoint", saved)
    assert json.loads(run("consistency", saved))["old_size"] == events
    script = tmp_path / "verifier.py"
    shutil.copy(str(seawall.ledger.standalone.__file__), script)
    command = [sys.executable, "-I", str(script), str(export), str(pem), str(saved)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout[:22]) == (0, f"VERIFIED up to size {events},")


def test_the_key_is_printed_the_same_each_time(run: Run) -> None:
    first = run("key")
    assert first.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert run("key") == first
    fields = json.loads(run("key", "--json"))
    assert fields["public_key"] == first
    assert fields["verifier_key"].startswith(fields["origin"] + "+")


def test_a_checkpoint_is_also_json(run: Run, events: int) -> None:
    fields = json.loads(run("checkpoint", "--json"))
    assert (fields["size"], fields["checkpoint"].split("\n")[1]) == (events, str(events))


def test_a_proof_verifies_with_the_public_key(run: Run, events: int) -> None:
    proof = json.loads(run("prove", "k8"))
    assert verify_inclusion(proof, run("key")).ok
    assert json.loads(run("prove", proof["event"]["id"])) == proof


def _refused(run: Run, *arguments: str | Path) -> tuple[int, str]:
    with pytest.raises(Failed) as raised:
        run(*arguments)
    return raised.value.code, raised.value.message


def test_an_export_without_an_outside_key_is_a_usage_error(run: Run, events: int, tmp_path: Path) -> None:
    export = tmp_path / "export.jsonl"
    run("export", export)
    code, message = _refused(run, "verify", export)
    assert (code, message[:13]) == (2, "error[usage]:")
    assert "--key PEM" in message
    assert _refused(run, "verify", "--key", export)[0] == 2


def test_a_tampered_export_exits_1_and_says_what_failed(run: Run, events: int, tmp_path: Path) -> None:
    pem, export = tmp_path / "key.pem", tmp_path / "export.jsonl"
    pem.write_text(run("key"))
    run("export", export)
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join([*lines[:3], lines[4], lines[3], *lines[5:]]))
    code, message = _refused(run, "verify", export, "--key", pem)
    assert (code, message[:36]) == (1, "error[ledger_verification]: changed:")


def test_a_failed_verification_prints_its_json_first(
    run: Run, events: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pem, export = tmp_path / "key.pem", tmp_path / "export.jsonl"
    pem.write_text(run("key"))
    export.write_text("")
    assert _refused(run, "verify", export, "--key", pem, "--json")[0] == 1
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (result["ok"], result["failures"][0]["fault"]) == (False, "malformed")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["verify", "missing.jsonl", "--key", "KEY"], "not_found"),
        (["verify", ".", "--key", "KEY"], "usage"),
        (["verify", "KEY", "--key", "missing.pem"], "not_found"),
        (["verify", "KEY", "--key", "BAD"], "public_key"),
        (["verify", "KEY", "--key", "."], "public_key"),
        (["verify", "--checkpoint", "missing"], "not_found"),
        (["verify", "--checkpoint", "."], "checkpoint"),
        (["prove", "nobody"], "not_found"),
        (["export", "no/such/folder/x.jsonl"], "usage"),
        (["consistency", "BAD"], "checkpoint"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_named_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("KEY").write_text(run("key"))
    Path("BAD").write_text("nonsense")
    exit_code, message = _refused(run, *arguments)
    assert exit_code == 2
    assert message.startswith(f"error[{code}]: ")


def test_an_export_to_a_stream_writes_through_it(run: Run, events: int, tmp_path: Path) -> None:
    run("export", "/dev/null")
    assert Path("/dev/null").is_char_device()


def test_a_database_address_with_a_password_is_not_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_DATABASE_URL", "postgresql://ada:s3cr3t@127.0.0.1:1/seawall")
    code, message = _refused(run, "checkpoint")
    assert code == 2
    assert "s3cr3t" not in message


def test_help_does_not_load_the_database_library() -> None:
    program = "import sys, seawall.cli.ledger; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
