"""`seawall prevention`: what would be said and shown, and what it changed. No test depends on the day it is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from seawall.cli import _main
from seawall.deploy.prevention import Catalogue, Directory

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setitem(_main.COMMANDS, "prevention", "Words and services for those who are refused.")

    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            _main.main(["prevention", *arguments])
        said = capsys.readouterr()
        code = left.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return ran


def test_services_are_listed_and_shown_with_their_source(run: Run) -> None:
    code, out, _ = run("ls")
    assert code == 0
    assert len(out.splitlines()) == len(Directory.open().rows)
    assert [json.loads(line)["id"] for line in run("ls", "--country", "gb", "--json")[1].splitlines()] == [
        "gb-stop-it-now"
    ]
    out = run("show", "ca-talking-for-change")[1]
    assert "press, 2023" in out
    assert json.loads(run("show", "us-stop-it-now", "--json")[1])["country"] == "US"
    assert run("show", "nobody")[0] == 2


def test_the_lint_passes_and_names_the_drafts(run: Run) -> None:
    code, out, _ = run("lint", "--json")
    found = json.loads(out)
    assert (code, found["texts"], found["ok"]) == (0, [], True)
    assert found["drafts"] == sorted(Catalogue.open().texts)


def test_the_lint_fails_on_a_text_that_breaks_a_rule(run: Run, seawall_home: Path) -> None:
    folder = seawall_home / "messages"
    folder.mkdir(parents=True)
    own = Catalogue.open().texts["en"].model_dump() | {"minor": "The police will hear of this!"}
    (folder / "en.yaml").write_text(yaml.safe_dump(own))
    code, out, _ = run("lint")
    assert code == 1
    assert "en: minor: tipping_off" in out
    assert "en: minor: markup" in out


def test_a_release_fails_on_an_expired_service(run: Run, seawall_home: Path) -> None:
    seawall_home.mkdir()
    every = [row.id for row in Directory.open().rows]
    old = {
        "id": "xx", "languages": ["en"], "name": "Old", "audience": ["adult"],
        "channels": {"web": "https://help.example.org"}, "source_url": "https://help.example.org",
        "verified_on": "2020-01-01", "verified_by": "kim", "expires_on": "2020-06-01",
    }  # fmt: skip
    file = seawall_home / "helplines.yaml"
    file.write_text(yaml.safe_dump({"format": "seawall-helplines-1", "without": every, "rows": [old]}))
    assert run("lint")[0] == 0
    code, out, _ = run("lint", "--release")
    assert (code, "xx: expired on 2020-06-01" in out) == (1, True)
    file.write_text(yaml.safe_dump({"format": "seawall-helplines-1", "without": every}))
    assert run("lint", "--release")[0] == 0


def test_a_preview_says_every_theme_in_the_language_of_the_user(run: Run) -> None:
    rows = [json.loads(line) for line in run("preview", "--country", "DE", "--json")[1].splitlines()]
    assert [row["arm"] for row in rows] == ["law", "harm", "help", "holdout"]
    assert {row["locale"] for row in rows} == {"de"}
    assert rows[-1]["services"] == []
    assert "[neutral]" in run("preview", "--tier", "t0")[1]
    assert run("preview", "--tier", "T7")[0] == 2
    assert run("preview", "--audience", "everybody")[0] == 2
    assert "[plain] Sentimos" in run("preview", "--audience", "victim", "--locale", "es")[1]


def test_a_report_of_nothing_says_so(run: Run) -> None:
    code, out, _ = run("report", "--json")
    assert code == 0
    assert json.loads(out)["warnings"] == ["nothing was measured yet"]
    assert "nothing was measured yet" in run("report", "--since", "2026-W01")[1]
