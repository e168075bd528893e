"""Stopping, breaks and what somebody leaves out, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import Severity
from tests.web.console_bench import Bench, Person, benign, open_bench, picture

DRAFT = [["reasons", "rule-7, rule-9"], ["outcome", "not_reportable"], ["effect", "remove"], ["effect", "notify"]]


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def opened(bench: Bench, number: int = 1, **rest: Any) -> tuple[str, str]:
    """Open a case of one picture; return its id and the item's."""
    case = bench.open(bench.item(picture(number)), subject=f"account {number}", **rest)
    return case, bench.ids(case)[0]


def test_i_need_to_stop_gives_all_back_with_what_was_written_and_begins_a_break(bench: Bench) -> None:
    _, item = opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    draft = json.dumps([*DRAFT, [f"why-{item}", "half a sen"]])
    answer = rita.post("/review/stop", {"task": task, "draft": draft})
    assert answer.headers["location"] == "/review/break?told=stop"
    page = rita.get(answer.headers["location"]).text
    assert "nobody asks why" in page
    assert "/review/break/end" in page
    assert bench.casework.desk.held(rita.id) == []
    assert bench.casework.wellness.load(rita.id).on_break
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review/break"
    assert 'href="/review/break"' in rita.get("/review").text
    assert sam.take() == task
    sam.post(f"/review/tasks/{task}/move", {"token": sam.value("token"), "move": "skip"})
    rita.post("/review/break/end", {})
    assert rita.take() == task
    page = rita.get(f"/review/tasks/{task}").text
    assert "half a sen</textarea>" in page
    assert 'value="rule-7, rule-9"' in page


def test_stopping_comes_before_anything_that_is_written(bench: Bench) -> None:
    opened(bench, 1)
    opened(bench, 2)
    rita, sam = bench.person("rita"), bench.person("sam")
    theirs = sam.take()
    for draft in ("{", "", '[["a", "' + "b" * 50_000 + '"]]'):
        task = rita.take()
        rita.post("/review/stop", {"task": task, "draft": draft})
        assert bench.casework.desk.held(rita.id) == []
        rita.post("/review/break/end", {})
        bench.moment.pass_by(hours=2)
        sam.post(f"/review/tasks/{theirs}/heartbeat", {"token": "1", "draft": json.dumps(DRAFT)})
    # Nobody stops somebody else, nor writes for them.
    rita.post("/review/stop", {"task": theirs, "draft": "[]"})
    assert [each.id for each in bench.casework.desk.held(sam.id)] == [theirs]
    assert bench.casework.desk.held(sam.id)[0].draft["fields"] == DRAFT


def test_a_break_of_ones_own_can_be_ended_at_once(bench: Bench) -> None:
    rita = bench.person("rita")
    page = rita.get("/review/break").text
    assert 'action="/review/break"' in page
    assert "/review/break/end" not in page
    assert rita.post("/review/break", {}).headers["location"] == "/review/break"
    assert "/review/break/end" in rita.get("/review/break").text
    assert rita.post("/review/break/end", {}).headers["location"] == "/review"
    assert not bench.casework.wellness.load(rita.id).on_break


def _tired(bench: Bench, **case: Any) -> Person:
    """Somebody who looked at severe things for so long that a break is due."""
    _, item = opened(bench, severity=Severity.CRITICAL, **case)
    rita = bench.person("rita")
    task = rita.take()
    for _ in range(16):
        rita.ask_for(task, item, "tile")
        bench.moment.pass_by(minutes=4)
        rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": ""})
    assert bench.casework.wellness.load(rita.id).must_break
    rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "skip", "reason": ""})
    return rita


def test_a_break_that_is_due_lasts_as_long_as_a_break_does(bench: Bench) -> None:
    rita = _tired(bench)
    opened(bench, 2, severity=Severity.LOW)
    assert "You have reached a limit." in rita.get("/review").text
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review/break"
    assert "A break is due." in rita.get("/review/break").text
    rita.post("/review/break", {})
    bench.moment.pass_by(minutes=9)
    page = rita.get("/review/break").text
    assert "The console opens again by itself." in page
    assert "/review/break/end" not in page
    assert rita.post("/review/break/end", {}).headers["location"] == "/review/break"
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review/break"
    bench.moment.pass_by(minutes=2)
    assert "/review/break/end" in rita.get("/review/break").text
    assert rita.post("/review/break/end", {}).headers["location"] == "/review"
    assert rita.take()


def test_after_three_severe_cases_something_lighter_comes(bench: Bench) -> None:
    items = [opened(bench, number, severity=Severity.HIGH)[1] for number in range(5)]
    mild, _ = opened(bench, 9, severity=Severity.LOW)
    rita = bench.person("rita")
    for _ in range(3):
        task = rita.take()
        case = bench.casework.cases.task(task).case_id
        assert case != mild
        rita.decide(task, benign(*bench.ids(case)))
    assert bench.casework.cases.task(rita.take()).case_id == mild
    assert len(items) == 5


def test_categories_that_somebody_opted_out_of_are_not_given_to_them(bench: Bench) -> None:
    one, _ = opened(bench, 1, category="csem.grooming", severity=Severity.MEDIUM)
    rita, sam = bench.person("rita"), bench.person("sam")
    assert rita.post("/review/me/opt-out", {"category": "csem", "until": "always"}).status_code == 303
    answer = rita.post("/review/next", {"queue": ""})
    assert answer.headers["location"] in ("/review?told=nothing", "/review?told=lighter")
    other, _ = opened(bench, 2, category="other", severity=Severity.LOW)
    task = rita.take()
    assert bench.casework.cases.task(task).case_id == other
    rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "hold", "reason": "waits"})
    rita.post("/review/me/opt-in", {"category": "csem"})
    assert bench.casework.cases.task(rita.take()).case_id == one
    assert "opted" not in sam.get("/review/me").text


def test_not_today_leaves_out_what_is_severe_until_tomorrow(bench: Bench) -> None:
    severe, _ = opened(bench, 1, severity=Severity.CRITICAL)
    rita = bench.person("rita")
    assert rita.post("/review/me/opt-out", {"category": "*", "until": "today"}).status_code == 303
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=lighter"
    mild, _ = opened(bench, 2, severity=Severity.LOW)
    task = rita.take()
    assert bench.casework.cases.task(task).case_id == mild
    rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "hold", "reason": "waits"})
    bench.moment.pass_by(hours=17)
    assert bench.casework.cases.task(rita.take()).case_id == severe


def test_what_was_told_is_chosen_from_a_list(bench: Bench) -> None:
    rita = bench.person("rita")
    for said in ("<b>x</b>", "Everything is fine", "title", "../..", ""):
        page = rita.get("/review", params={"told": said}).text
        assert 'role="status"' not in page
