"""A host's page reports what readers of messages did: counted, and nobody named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.deploy.prevention import Catalogue, PreventionDoor, read_counts
from seawall.settings import Settings
from seawall.store import Store

VERSION = Catalogue.open().texts["en"].version
ROW = """
format: seawall-helplines-1
rows:
  - id: us-nonsense
    country: US
    languages: [en]
    name: Zorblax Line
    audience: [worried]
    channels: {{phone: 555-0100}}
    source_url: https://zorblax.invalid
    verified_on: {today}
    verified_by: tests
    expires_on: {end}
"""
LAW = f"T1.law.adult.en.{VERSION}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    with Store.open(f"sqlite:///{tmp_path / 'counts.db'}") as store:
        yield store


@pytest.fixture
def page(server: Any, store: Store, seawall_home: Path) -> Any:
    """A server that counts in the database."""
    seawall_home.mkdir(mode=0o700, exist_ok=True)
    return server.with_parts(prevention=PreventionDoor.open(Settings.from_env(), store))


def counted(store: Store) -> dict[tuple[str, str], int]:
    return {(name, kind): n for (_, name, kind), n in read_counts(store).messages.items()}


def test_every_click_is_counted_once_by_message(page: Any, store: Store) -> None:
    for _ in range(3):
        answer = page.ask("POST", "/v1/prevention/clicks", json={"message_id": LAW})
        assert (answer.status_code, answer.json()) == (200, {"message_id": LAW})
    assert counted(store) == {(LAW, "clicked"): 3}


@pytest.mark.parametrize("audience", ["worried", "minor", "victim", "bystander"])
def test_a_choice_brings_the_words_for_it_and_counts_them_as_shown(page: Any, store: Store, audience: str) -> None:
    said = page.ask("POST", "/v1/prevention/choices", json={"message_id": LAW, "audience": audience}).json()
    name = f"T1.plain.{audience}.en.{VERSION}"
    assert said["message_id"] == name
    assert said["text"].startswith(getattr(Catalogue.open().texts["en"], audience))
    assert counted(store) == {(name, "shown"): 1}
    # What was chosen can be clicked as well.
    assert page.ask("POST", "/v1/prevention/clicks", json={"message_id": name}).status_code == 200


def test_a_telephone_number_is_given_inside_its_country_alone(server: Any, store: Store, seawall_home: Path) -> None:
    seawall_home.mkdir(mode=0o700, exist_ok=True)
    today = store.clock().date()
    (seawall_home / "helplines.yaml").write_text(ROW.format(today=today, end=today + timedelta(days=90)))
    page = server.with_parts(prevention=PreventionDoor.open(Settings.from_env(), store))
    asked = {"message_id": LAW, "audience": "worried"}
    for country, phones in (("US", True), ("JP", False)):
        services = page.ask("POST", "/v1/prevention/choices", json={**asked, "country": country}).json()["services"]
        assert any(each.get("phone") for each in services) is phones


def test_the_language_of_the_message_stays(page: Any) -> None:
    version = Catalogue.open().texts["de"].version
    asked = {"message_id": f"T2.help.adult.de.{version}", "audience": "victim"}
    said = page.ask("POST", "/v1/prevention/choices", json=asked).json()
    assert said["message_id"] == f"T1.plain.victim.de.{version}"


@pytest.mark.parametrize(
    "name",
    [
        "zorblax",
        "T1.law.adult.tlh.1",
        f"T1.law.adult.en.{VERSION + 1}",
        "T1.law.adult.en.0",
        "T9.law.adult.en.1",
        "T1.law.adult.en.1.1",
    ],
)
def test_what_was_never_shown_is_not_counted(page: Any, store: Store, name: str) -> None:
    for path, more in (("clicks", {}), ("choices", {"audience": "victim"})):
        answer = page.ask("POST", f"/v1/prevention/{path}", json={"message_id": name, **more})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_message")
    assert counted(store) == {}


@pytest.mark.parametrize(
    "body", [{}, {"message_id": LAW, "audience": "adult"}, {"message_id": LAW, "audience": "victim", "account": "x"}]
)
def test_a_choice_that_is_not_as_it_must_be_is_refused(page: Any, store: Store, body: dict[str, str]) -> None:
    assert page.ask("POST", "/v1/prevention/choices", json=body).status_code == 422
    assert counted(store) == {}


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("effects", 403), ("admin", 200)])
def test_counting_needs_the_scope_of_checks(page: Any, key: str | None, status: int) -> None:
    assert page.ask("POST", "/v1/prevention/clicks", key=key, json={"message_id": LAW}).status_code == status


def test_a_database_that_fails_is_told_and_nothing_more(page: Any, store: Store) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE prevention_count")
    answer = page.ask("POST", "/v1/prevention/clicks", json={"message_id": LAW})
    assert answer.status_code == 503
    assert "prevention_count" not in answer.text


def test_a_server_without_messages_has_none_to_count(server: Any) -> None:
    assert server.ask("POST", "/v1/prevention/clicks", json={"message_id": LAW}).status_code == 404
