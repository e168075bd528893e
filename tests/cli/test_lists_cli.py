"""`seawall lists` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import main

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["lists", *map(str, arguments)])
        out, self.err = self._capsys.readouterr()
        assert ended.value.code == code, self.err
        return out

    def json(self, *arguments: str | Path) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def lists(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_import_ls_show_verify_delete(lists: Shell, vectors: Path) -> None:
    hay = vectors / "lists" / "haystack.txt"
    report = lists.json("import", hay, "--name", "hay", "--purpose", "csam")
    assert (report["name"], report["added"], report["version"], report["format"]) == ("hay", 1350, 1, "plain")
    assert "--type sha256" in lists.err
    assert "1,350 known already" in lists("import", hay, "--name", "hay", "--purpose", "csam")
    listed = lists.json("ls")
    assert [(row["name"], row["version"], row["entries"], row["purpose"]) for row in listed] == [
        ("hay", 1, 1350, "csam")
    ]
    assert "hay" in lists("ls")
    shown = lists("show", "hay")
    assert "haystack.txt" in shown
    assert lists.json("show", "hay")["versions"][0]["added"] == 1350
    values = hay.read_text().split()
    assert not any(value in shown for value in values)
    assert "sound" in lists("verify")
    assert lists.json("verify", "hay") == [{"name": "hay", "version": 1, "entries": 1350}]
    assert "deleted hay" in lists("delete", "hay", "--yes")
    assert lists.json("ls") == []


def test_what_was_left_out_is_said_on_standard_error_without_values(lists: Shell, tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_text(f"pdq {PDQ}\npdq {PDQ[:-1]}z\nurl x\npdq {'0' * 64}\n")
    report = lists.json("import", path, "--name", "l", "--purpose", "benign", "--label", "a", "--source", "by hand")
    assert (report["added"], report["rows"]) == (1, 4)
    assert "1 rows left out: malformed value (first at 2)" in lists.err
    assert "weak" in lists.err
    assert "signal type url is not installed" in lists.err
    assert PDQ[:-1] not in lists.err
    assert "by hand" in lists("show", "l")


def test_a_bank_of_ones_own(lists: Shell, tmp_path: Path) -> None:
    assert "created" in lists("create", "bank", "--purpose", "benign")
    added = lists.json("add", "bank", "--hash", PDQ, "--label", "logo")
    assert (added["added"], added["first_entry"]) == (1, "0")
    lists("add", "bank", "--hash", MD5, "--type", "md5")
    assert lists.json("export", "bank", tmp_path / "o.csv") == {"name": "bank", "entries": 2}
    assert PDQ in (tmp_path / "o.csv").read_text()
    assert "withdrew 1 of 2" in lists("remove", "bank", "0", "9")
    lists("remove", "bank", "0", code=2)
    assert lists.err.startswith("error[not_found]: none of these entries")
    assert lists.json("remove", "bank", "1")["withdrawn"] == 1
    own = lists.json("import", tmp_path / "o.csv", "--name", "bank", "--purpose", "benign", "--own", "--replace")
    assert own["entries"] == 2


def test_errors_are_lines_with_codes(lists: Shell, vectors: Path, tmp_path: Path) -> None:
    hay = vectors / "lists" / "haystack.txt"
    lists("import", hay, "--name", "hay", "--purpose", "csam")
    for arguments, error in (
        (("import", hay, "--name", "hay", "--purpose", "benign"), "error[list_conflict]"),
        (("import", hay, "--name", "x", "--purpose", "unknown"), "error[usage]: --purpose is one of: csam"),
        (("import", hay, "--name", "x", "--purpose", "csam", "--format", "pdf"), "error[usage]: --format is one of"),
        (("import", vectors / "images/misc/c.png", "--name", "x", "--purpose", "csam"), "error[list_format]: c.png"),
        (("import", tmp_path / "none", "--name", "x", "--purpose", "csam"), "error[not_found]"),
        (("export", "hay", tmp_path / "o"), "error[list_conflict]: the list hay was received"),
        (("add", "hay", "--hash", PDQ), "error[list_conflict]"),
        (("add", "hay", "--hash", PDQ[1:]), "error[bad_signal]"),
        (("remove", "hay", "99999"), "error[not_found]"),
        (("add", "hay"), "error[usage]: nothing to add"),
        (("show", "none"), "error[not_found]"),
        (("verify", "none"), "error[not_found]"),
        (("delete", "none", "--yes"), "error[not_found]"),
    ):
        lists(*arguments, code=2)
        assert lists.err.startswith(error), lists.err
        assert PDQ[1:] not in lists.err
