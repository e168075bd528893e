"""Pages of one's own, over HTTP: what somebody met, how things are shown to them; and what is told of all together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.cases.model import ItemKind, Severity
from seawall.maintain.review import Wellness
from seawall.users import Role
from tests.web.console_bench import WORDS, Bench, Person, benign, open_bench, picture

SETTINGS = "/review/me/settings"


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def offered(page: str, name: str) -> list[str]:
    """The values that a choice offers."""
    found = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
    assert found is not None, name
    return re.findall(r'<option value="([^"]*)"', found[0])


def chosen(page: str, name: str) -> str:
    """The value that a choice has."""
    found = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
    assert found is not None, name
    (value,) = re.findall(r'<option value="([^"]*)" selected>', found[0])
    return value


def test_only_what_is_as_strict_as_the_floor_is_offered(bench: Bench) -> None:
    rita = bench.person("rita")
    page = rita.get("/review/me").text
    floor = bench.casework.wellness.floor
    assert all(int(each or 0) <= floor.presets["default"].hide_seconds for each in offered(page, "hide_seconds"))
    assert all(int(each or 0) <= floor.presets["default"].volume for each in offered(page, "volume"))
    assert all(int(each or 1) <= floor.limits.day_units for each in offered(page, "day_units"))
    for name in ("start", "top", "hide_seconds", "volume", "day_units"):
        chosen(page, name)


def test_what_somebody_chooses_holds_for_them_alone_and_is_shown_again(bench: Bench) -> None:
    rita, sam = bench.person("rita"), bench.person("sam")
    units = str(bench.casework.wellness.floor.limits.day_units // 2)
    wanted = {"start": "metadata", "top": "grey_full", "hide_seconds": "2", "volume": "0", "day_units": units}
    before = bench.casework.wellness.settings(sam.id)
    answer = rita.post(SETTINGS, wanted)
    assert answer.headers["location"] == "/review/me?told=saved"
    page = rita.get("/review/me?told=saved").text
    assert "Saved." in page
    assert {name: chosen(page, name) for name in wanted} == wanted
    assert bench.casework.wellness.settings(sam.id) == before
    kept = bench.casework.wellness.preset(rita.id, "csam")
    assert (kept.top.value, kept.hide_seconds, kept.volume) == ("grey_full", 2, 0)
    assert bench.casework.wellness.settings(rita.id).limits.day_units == int(units)


@pytest.mark.parametrize("category", ["csam", "csem.grooming", "ncii_adult", "canary", "adult", "other"])
def test_what_holds_for_all_kinds_holds_for_each(bench: Bench, category: str) -> None:
    rita = bench.person("rita")
    assert rita.post(SETTINGS, {"top": "tile", "hide_seconds": "2", "volume": "0"}).status_code == 303
    kept = bench.casework.wellness.preset(rita.id, category)
    assert (kept.top.value, kept.hide_seconds, kept.volume) == ("tile", 2, 0)


def test_nothing_can_be_chosen_that_is_looser_than_the_floor(bench: Bench) -> None:
    rita = bench.person("rita")
    wellness = bench.casework.wellness
    categories = [*wellness.floor.presets, "csem.grooming", "other"]
    floor = {each: wellness.floor.preset(each) for each in categories}
    for wanted in (
        {"start": "full"},
        {"start": "full", "top": "full"},
        {"hide_seconds": "120"},
        {"volume": "100"},
        {"day_units": "999999"},
        {"day_units": "241"},
        {"blur": "0", "grey": "0", "hold": "0", "muted": "0"},
    ):
        answer = rita.post(SETTINGS, wanted)
        assert answer.status_code in (303, 422), wanted
        for each in categories:
            kept = wellness.preset(rita.id, each)
            assert kept.stricter(floor[each]) == kept, (wanted, each)
        assert wellness.settings(rita.id).limits.day_units <= wellness.floor.limits.day_units, wanted


def test_a_looser_limit_is_told_beside_its_field(bench: Bench) -> None:
    rita = bench.person("rita")
    answer = rita.post(SETTINGS, {"day_units": "300"})
    assert answer.status_code == 422
    assert re.search(r'<p class="error" id="day_units-error">[^<]*can only be stricter', answer.text)


def test_a_setting_that_is_none_is_refused_and_not_a_fault_of_the_server(bench: Bench) -> None:
    rita = bench.person("rita")
    before = bench.casework.wellness.settings(rita.id)
    for wanted in (
        {"start": "everything"},
        {"top": "<b>"},
        {"hide_seconds": "soon"},
        {"hide_seconds": "-1"},
        {"hide_seconds": "0"},
        {"hide_seconds": "999999"},
        {"volume": "1e3"},
        {"volume": "²"},
        {"day_units": "1" * 30},
        {"day_units": "0"},
    ):
        answer = rita.post(SETTINGS, wanted)
        assert 400 <= answer.status_code < 500, (wanted, answer.status_code)
    assert bench.casework.wellness.settings(rita.id) == before


def test_saving_the_page_as_it_is_changes_nothing(bench: Bench) -> None:
    rita = bench.person("rita")
    page = rita.get("/review/me").text
    names = ("start", "top", "hide_seconds", "volume", "day_units")
    assert rita.post(SETTINGS, {name: chosen(page, name) for name in names}).status_code == 303
    wellness = bench.casework.wellness
    for category in wellness.floor.presets:
        assert wellness.preset(rita.id, category) == wellness.floor.preset(category), category


def test_a_floor_without_the_usual_kinds_of_harm_has_a_page_too(bench: Bench) -> None:
    floor = bench.casework.wellness.floor
    other = replace(floor, presets={"default": floor.presets["default"]})
    work = bench.casework
    made = bench.with_parts(wellness=Wellness(work.store, work.viewing, other))
    rita = made.person("rita")
    assert rita.get("/review/me").status_code == 200
    assert rita.post(SETTINGS, {"top": "tile"}).status_code == 303
    assert made.console.wellness.preset(rita.id, "anything").top.value == "tile"


def test_opting_out_asks_no_reason_and_is_taken_back(bench: Bench) -> None:
    rita = bench.person("rita")
    assert 'name="reason"' not in rita.get("/review/me").text
    for category, until in (("csem", "always"), ("ncii_adult", "today"), ("*", "always")):
        assert rita.post("/review/me/opt-out", {"category": category, "until": until}).status_code == 303
    outs = bench.casework.wellness.opted_out(rita.id)
    assert set(outs) == {"csem", "ncii_adult", "*"}
    assert outs["csem"] is None
    assert outs["ncii_adult"] is not None
    page = rita.get("/review/me").text
    assert page.count('action="/review/me/opt-in"') == 3
    for category in ("csem", "ncii_adult", "*"):
        assert rita.post("/review/me/opt-in", {"category": category}).status_code == 303
    assert bench.casework.wellness.opted_out(rita.id) == {}


def test_a_category_that_is_none_is_refused(bench: Bench) -> None:
    rita = bench.person("rita")
    for category in ("", "a" * 65, "a\nb"):
        answer = rita.post("/review/me/opt-out", {"category": category, "until": "always"})
        assert 400 <= answer.status_code < 500, category
    for category in ("", "a" * 65):
        assert rita.post("/review/me/opt-in", {"category": category}).status_code < 500
    assert bench.casework.wellness.opted_out(rita.id) == {}


def seen(bench: Bench, person: Person, number: int) -> None:
    """Let somebody look at one severe text and decide it."""
    text = bench.item(f"boat {number} {WORDS}".encode(), ItemKind.TEXT)
    bench.open(text, severity=Severity.HIGH, subject=f"account {number}")
    task = person.take()
    (item,) = bench.ids(bench.casework.cases.task(task).case_id)
    person.look(task, item, "tile")
    person.look(task, item, "full")
    assert person.decide(task, benign(item)).status_code == 303


def test_what_somebody_met_is_told_to_them_alone(bench: Bench) -> None:
    rita, sam, lena = bench.person("rita"), bench.person("sam"), bench.person("lena", Role.LEAD)
    seen(bench, rita, 1)
    assert "<dd>1 / 60</dd>" in rita.get("/review/me").text
    assert bench.casework.wellness.load(rita.id).spent > 0
    assert "<dd>0 / 60</dd>" in sam.get("/review/me").text
    for query in (f"?user={rita.id}", f"?id={rita.id}", "?user=rita"):
        assert "<dd>0 / 60</dd>" in sam.get(f"/review/me{query}").text
    for path in ("/review/me", "/review/team", "/review"):
        page = lena.get(path).text
        assert rita.id not in page
        assert rita.user.pseudonym not in page
        assert ">rita<" not in page


def test_the_team_page_counts_no_fewer_than_five(bench: Bench) -> None:
    people = [bench.person(f"rev{number}") for number in range(5)]
    lena = bench.person("lena", Role.LEAD)
    for number, each in enumerate(people[:4]):
        seen(bench, each, number)
        bench.moment.pass_by(hours=1)
    bench.moment.pass_by(days=7)
    assert "Units a person" not in lena.get("/review/team").text
    for number, each in enumerate(people, 10):
        seen(bench, each, number)
    bench.moment.pass_by(days=7)
    page = lena.get("/review/team").text
    assert "Units a person" in page
    assert re.findall(r'<td class="number">(\d+)</td>', page)[:1] == ["5"]
    for each in people:
        assert each.id not in page
        assert each.user.pseudonym not in page
        assert each.user.name not in page


def test_the_team_page_is_linked_for_those_who_may_see_it(bench: Bench) -> None:
    assert "/review/team" in bench.person("lena", Role.LEAD).get("/review").text
    assert "/review/team" not in bench.person("rita").get("/review").text
    audit = bench.person("audit", Role.AUDITOR)
    assert audit.get("/review/team").status_code == 200


def test_the_support_page_shows_the_lines_of_the_organisation(bench: Bench) -> None:
    lines = ("Talk to <Ann>, room 3", "0800 000 000")
    made = bench.with_parts(support=lines)
    rita = made.person("rita")
    page = rita.get("/review/support").text
    assert "Talk to &lt;Ann&gt;, room 3" in page
    assert "0800 000 000" in page
    assert "Help near you" in page
    assert "Help near you" not in bench.person("sam").get("/review/support").text


@pytest.mark.parametrize(
    ("language", "word"), [("de", "Pult|Schreibtisch|Arbeitsplatz|Nächst"), ("ar", "[\u0600-\u06ff]{3}")]
)
def test_pages_speak_the_language_that_was_chosen(bench: Bench, language: str, word: str) -> None:
    bench.open(bench.item(picture(1)))
    rita = bench.person("rita", Role.LEAD)
    task = rita.take()
    case = bench.casework.cases.task(task).case_id
    paths = ("", "/cases", f"/cases/{case}", f"/tasks/{task}", "/me", "/break", "/support", "/team")
    for path in paths:
        answer = rita.get(f"/review{path}?lang={language}")
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in answer.text
    assert re.search(word, rita.get(f"/review?lang={language}").text)
    assert ('dir="rtl"' in rita.page) == (language == "ar")
    moved = rita.post(f"/review/next?lang={language}", {"queue": ""})
    assert f"lang={language}" in moved.headers["location"]
