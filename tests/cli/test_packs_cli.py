"""`seawall packs` as a stranger runs it: no command but an admitted one prints a term, and the ledger knows each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import _main

WORDS = ("zorblax", "vexnog")
SOURCE = """
name: our-words
version: 3
owner: trust and safety
expires: 9999-06-30
terms:
  - {category: csem.grooming, language: en, term: zorblax, weight: 0.8}
  - {category: adult_sexual, term: vexnog plim}
  - {category: adult_sexual, term: quimpel}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.yaml"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def packs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seawall_home: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run `seawall packs ARGUMENTS...` in this process; no term may be in what it says."""
    monkeypatch.setitem(_main.COMMANDS, "packs", "Seal, install and inspect packs of terms.")

    def run(*arguments: str | Path, home: Path = seawall_home, terms: bool = False) -> tuple[int, str, str]:
        monkeypatch.setenv("SEAWALL_HOME", str(home))
        with pytest.raises(SystemExit) as left:
            _main.main(["packs", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert terms or not any(word in out + err for word in WORDS)
        return int(left.value.code or 0), out, err

    return run


Run = Callable[..., tuple[int, str, str]]


def _events(home: Path) -> list[dict[str, Any]]:
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings

    path = home / "export"
    with open_store(Settings(home, f"sqlite:///{home / 'seawall.db'}")) as store:
        Ledger.open(store, KeyFile(home / "keys")).export(path)
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return [row for row in rows if str(row.get("kind", "")).startswith("pack.")]


def test_a_home_opens_the_file_that_it_sealed(packs: Run, source: Path, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pack"
    assert packs("seal", source, "--out", file)[0] == 0
    assert packs("open", file)[0] == 0


def test_a_pack_is_sealed_installed_listed_opened_and_removed(packs: Run, source: Path, seawall_home: Path) -> None:
    code, out, _ = packs("seal", source)
    assert code == 0
    assert "our-words version 3" in out and "3 terms" in out
    code, out, _ = packs("ls")
    assert code == 0 and "seawall-ages" in out and "our-words" in out
    code, out, _ = packs("open", "our-words", "--json")
    fields = json.loads(out)
    assert fields["categories"] == {"adult_sexual": 2, "csem.grooming": 1}
    assert fields["terms"] == 3 and fields["expires"] == "9999-06-30" and not fields["blind"]
    assert packs("remove", "our-words")[0] == 0
    assert [row["name"] for row in json.loads(packs("ls", "--json")[1])] == ["seawall-ages", "seawall-canary"]
    assert packs("remove", "our-words")[0] == 2
    events = _events(seawall_home)
    assert [(each["kind"], each["body"]["action"]) for each in events] == [
        ("pack.version", "installed"),
        ("pack.version", "removed"),
    ]
    assert events[0]["body"]["sha256"] == fields["sha256"] == events[1]["body"]["sha256"]
    assert events[0]["body"]["categories"] == fields["categories"]
    assert not any(word in json.dumps(events) for word in WORDS)


def test_revealing_prints_the_source_and_is_recorded_first(packs: Run, source: Path, seawall_home: Path) -> None:
    packs("seal", source)
    code, out, _ = packs("open", "our-words", "--reveal", terms=True)
    assert code == 0 and "zorblax" in out and "vexnog plim" in out
    assert [each["kind"] for each in _events(seawall_home)] == ["pack.version", "pack.revealed"]


def test_a_blind_pack_cannot_be_revealed(packs: Run, source: Path) -> None:
    code, out, _ = packs("seal", source, "--blind", "--name", "blind-words")
    assert code == 0 and "keyed digests of 3 terms" in out
    assert packs("open", "blind-words", "--reveal")[0] == 2


def test_a_pack_goes_to_another_home_with_its_key_and_its_signer(
    packs: Run, source: Path, tmp_path: Path, seawall_home: Path
) -> None:
    key, file, pem, other = (tmp_path / name for name in ("shared.key", "words.pack", "them.pem", "other-home"))
    key.write_text("ab" * 32)
    key.chmod(0o600)
    assert packs("seal", source, "--out", file, "--key", key)[0] == 0
    assert json.loads(packs("ls", "--json")[1])[-1]["name"] == "seawall-canary"
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    with open_ledger(Settings.from_env()) as ledger:
        pem.write_text(ledger.public_key().to_pem())
    assert packs("install", file, home=other)[0] == 3
    assert packs("install", file, "--key", key, home=other)[0] == 3
    assert packs("open", file, "--key", key, "--trust", pem, home=other)[0] == 0
    assert json.loads(packs("ls", "--json", home=other)[1])[-1]["name"] == "seawall-canary"
    assert packs("install", file, "--key", key, "--trust", pem, home=other)[0] == 0
    assert json.loads(packs("ls", "--json", home=other)[1])[-1]["name"] == "our-words"
    code, _, err = packs("open", "our-words", "--reveal", home=other)
    assert code == 2 and "only packs that this home sealed" in err


def test_a_refused_pack_is_listed_with_the_reason_and_exit_code_3(packs: Run, source: Path, seawall_home: Path) -> None:
    packs("seal", source)
    path = seawall_home / "packs" / "our-words.pack"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    code, out, err = packs("ls")
    assert code == 3 and "seawall-ages" in out and "our-words: error[pack_refused]" in err
    code, out, _ = packs("ls", "--json")
    assert code == 3 and json.loads(out)[-1]["error"]["code"] == "pack_refused"
    assert packs("open", "our-words")[0] == 3
    assert packs("remove", "our-words")[0] == 0
    assert packs("ls")[0] == 0


@pytest.mark.parametrize(
    "text", ["", "zorblax", SOURCE.replace("3", "[3]"), SOURCE.replace("csem.grooming", "drill"), "a: &a [*a]"]
)
def test_a_bad_source_is_refused_without_repeating_it(packs: Run, source: Path, text: str) -> None:
    source.write_text(text)
    code, out, err = packs("seal", source)
    assert code == 2 and out == "" and "error[pack_format]" in err


def test_missing_files_are_said(packs: Run, tmp_path: Path, source: Path) -> None:
    assert packs("seal", tmp_path / "missing")[0] == 2
    assert packs("open", "missing")[0] == 2
    assert packs("install", tmp_path / "missing")[0] == 2
    assert packs("seal", source, "--key", tmp_path / "missing")[0] == 2
    assert packs("seal", source, "--out", tmp_path / "no" / "where")[0] == 2
    assert packs("install", source, "--trust", source)[0] == 3
