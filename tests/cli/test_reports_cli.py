"""`seawall reports`: documents from JSON, and what is wrong with them. Nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seawall.cli.reports import app
from seawall.errors import SeawallError
from seawall.maintain.authorities.ncmec.parsing import parse
from seawall.maintain.authorities.ncmec.rendering import to_json
from seawall.maintain.authorities.ncmec.schema import load_schema

DATA = Path(__file__).parents[1] / "data" / "authorities"
SCHEMA = load_schema()


def sample(name: str) -> Any:
    return to_json(parse((DATA / f"{name}.xml").read_bytes()), SCHEMA.roots[name].type)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A report with one file, as JSON."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"report": sample("report"), "files": [sample("fileDetails")]}))
    return path


def run(*arguments: str | Path, typed: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=typed, catch_exceptions=False)


def test_a_report_and_the_details_of_its_file_are_rendered(written: Path) -> None:
    for part, name in (("report", "report"), ("file:1", "fileDetails")):
        ran = run("render", written, "--authority", "ncmec", "--part", part)
        assert ran.exit_code == 0
        assert to_json(parse(ran.stdout_bytes), SCHEMA.roots[name].type) == sample(name)
        assert "BR16" in ran.stderr, "what a person should look at is told beside it"


def test_elements_beside_files_are_the_report(tmp_path: Path) -> None:
    beside = sample("report") | {"files": [{"fileDetails": sample("fileDetails")}]}
    ran = run("render", "-", typed=json.dumps(beside))
    assert ran.exit_code == 0
    assert ran.stdout.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<report><incidentSummary>')


def test_what_is_wrong_is_told_by_path_and_rule(written: Path) -> None:
    ran = run("lint", written, "--json")
    told = json.loads(ran.stdout)
    assert (ran.exit_code, told["errors"]) == (0, 0)
    data = json.loads(written.read_text())
    data["report"]["personOrUserReported"][0]["espIdentifier"] = 123
    data["files"][0]["exifViewedByEsp"] = "true"
    data["files"][0]["nothing"] = "x"
    written.write_text(json.dumps(data))
    ran = run("lint", written)
    assert ran.exit_code == 1
    assert "error: report/personOrUserReported/espIdentifier: BR22" in ran.stdout
    assert "error: fileDetails/exifViewedByEsp: BR14" in ran.stdout
    assert "error: files[1]/nothing: schema.unknown" in ran.stdout


def test_what_would_be_sent_is_said_in_words_with_its_digest(written: Path) -> None:
    ran = run("preview", written)
    assert ran.exit_code == 0
    assert "    account id: 00123" in ran.stdout.splitlines()
    told = json.loads(run("preview", written, "--json").stdout)
    assert f"digest of what would be sent: {told['digest']}" in ran.stdout
    assert [each["name"] for each in told["documents"]] == ["The report", "File 1"]
    assert told["completeness"]["score"] > 80
    written.write_text("{}")
    with pytest.raises(SeawallError):
        run("preview", written)


@pytest.mark.parametrize(
    ("text", "part", "told"),
    [
        ("{", "report", "no JSON"),
        ("[]", "report", "is an object"),
        ('{"files": 1}', "report", "is a list"),
        ('{"files": []}', "file:1", "no part"),
        ('{"files": [{}]}', "file:2", "no part"),
        ('{"files": [{}]}', "file:x", "no part"),
        ('{"files": [{}]}', "file:1", "reportId"),
        ("{}", "report", "incidentSummary"),
        ('{"report": {"zorblax": "zorblax"}}', "report", "schema.unknown"),
    ],
)
def test_what_cannot_be_rendered_is_an_error(tmp_path: Path, text: str, part: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SeawallError) as refused:
        run("render", path, "--part", part)
    assert told in refused.value.message


def test_another_authority_or_edition_is_refused(written: Path, tmp_path: Path) -> None:
    for wrong in (("--authority", "nobody"), ("--profile", "2016")):
        with pytest.raises(SeawallError):
            run("render", written, *wrong)
    with pytest.raises(SeawallError, match="no file"):
        run("lint", tmp_path / "none.json")
