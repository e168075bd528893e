"""The directory: dated, sourced, silent about what has expired."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.deploy.prevention import Audience, Directory, DirectoryInvalid, check_directory
from seawall.deploy.prevention.directory import LIFETIME

THEN = datetime(2026, 11, 23, tzinfo=UTC)
LATER = THEN + timedelta(days=400)

OWN: dict[str, Any] = {
    "id": "xx-example",
    "country": "AQ",
    "languages": ["en"],
    "name": "Example",
    "audience": ["adult", "minor", "victim"],
    "channels": {"phone": "000 111", "web": "https://help.example.org"},
    "source_url": "https://help.example.org/contact",
    "verified_on": "2026-11-01",
    "verified_by": "kim, by telephone",
    "expires_on": "2027-04-01",
}


def _write(home: Path, *rows: dict[str, Any], **more: Any) -> None:
    home.mkdir(exist_ok=True)
    text = yaml.safe_dump({"format": "seawall-helplines-1", "rows": [copy.deepcopy(row) for row in rows], **more})
    (home / "helplines.yaml").write_text(text)


def test_every_shipped_row_has_a_source_a_date_and_a_life_of_180_days() -> None:
    rows = Directory.open().rows
    assert {row.country for row in rows if row.country} == {
        "AU", "BE", "CA", "DE", "FR", "GB", "IE", "NL", "NO", "NZ", "SE", "US",
    }  # fmt: skip
    for row in rows:
        assert row.expires_on - row.verified_on == LIFETIME
        assert "not confirmed by the service" in row.verified_by
        assert row.source


def test_no_shipped_row_is_for_minors_or_victims() -> None:
    for row in Directory.open().rows:
        assert not {Audience.MINOR, Audience.VICTIM, Audience.BYSTANDER} & set(row.audience)


def test_a_telephone_number_is_shown_only_inside_its_country() -> None:
    directory = Directory.open()
    inside = directory.services(country="GB", audience=Audience.ADULT, now=THEN)
    assert [service.phone for service in inside] == ["0808 1000 900"]
    for country in ("JP", None):
        elsewhere = directory.services(country=country, audience=Audience.ADULT, now=THEN)
        assert [service.web for service in elsewhere] == ["https://ecsa.lucyfaithfull.org"]
        assert not any(service.phone for service in elsewhere)
    assert directory.services(country="UK", audience=Audience.ADULT, now=THEN) == inside


def test_expired_rows_are_hidden_and_reported() -> None:
    directory = Directory.open()
    assert directory.services(country="GB", audience=Audience.ADULT, now=LATER) == ()
    assert check_directory(THEN) == []
    assert len(check_directory(LATER)) == len(directory.rows)
    assert directory.problems(THEN, ahead=timedelta(days=200))[0].split(": ")[1].startswith("expires on")


def test_a_row_is_shown_until_the_day_before_it_expires() -> None:
    row = Directory.open().rows[0]
    last = datetime(row.expires_on.year, row.expires_on.month, row.expires_on.day, tzinfo=UTC)
    assert not row.expired(last - timedelta(seconds=1))
    assert row.expired(last)


def test_a_country_whose_rows_have_expired_falls_back_to_the_international_service(tmp_path: Path) -> None:
    _write(tmp_path, OWN | {"expires_on": "2026-11-20"})
    services = Directory.open(tmp_path).services(country="AQ", audience=Audience.ADULT, now=THEN)
    assert [service.name for service in services] == ["ECSA prevention database"]


def test_an_operator_adds_replaces_and_removes_rows(tmp_path: Path) -> None:
    _write(tmp_path, OWN, OWN | {"id": "gb-stop-it-now", "country": "GB"}, without=["us-stop-it-now"])
    directory = Directory.open(tmp_path)
    for country in ("AQ", "GB"):
        found = directory.services(country=country, audience=Audience.MINOR, now=THEN)
        assert [service.phone for service in found] == ["000 111"]
    assert not any(row.country == "US" for row in directory.rows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"source_url": None},
        {"verified_by": ""},
        {"verified_on": None},
        {"expires_on": "2027-12-01"},
        {"expires_on": "2026-10-01"},
        {"channels": {}},
        {"channels": {"web": "http://help.example.org"}},
        {"channels": {"web": "https://help.example.org/?utm_source=x"}},
        {"channels": {"phone": "call me"}},
        {"country": "Antarctica"},
        {"audience": ["everybody"]},
        {"country": None},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_a_row_that_is_not_dated_sourced_and_plain_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    _write(tmp_path, OWN | wrong)
    with pytest.raises(DirectoryInvalid) as refused:
        Directory.open(tmp_path)
    assert "000 111" not in str(refused.value)


def test_files_that_are_no_directory_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "helplines.yaml"
    for text in ("[1, 2]", "a: &x [1]\nb: *x", "rows: {", "\x00", "format: seawall-helplines-2"):
        path.write_text(text)
        with pytest.raises(DirectoryInvalid, match=r"helplines\.yaml"):
            Directory.open(tmp_path)
    _write(tmp_path, OWN, OWN)
    with pytest.raises(DirectoryInvalid, match="two rows"):
        Directory.open(tmp_path)
    _write(tmp_path, without=["nobody"])
    with pytest.raises(DirectoryInvalid, match="nobody"):
        Directory.open(tmp_path)
