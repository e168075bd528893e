"""The desk over HTTP: what comes next, leases and drafts, and giving things back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from seawall.cases.model import Severity
from seawall.users import Role
from tests.web.console_bench import Bench, benign, open_bench, picture

DRAFT = [["reasons", "rule-7, rule-9"], ["outcome", "not_reportable"], ["effect", "remove"], ["effect", "notify"]]


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def opened(bench: Bench, number: int = 1, **rest: Any) -> tuple[str, str]:
    """Open a case of one picture; return its id and the item's."""
    case = bench.open(bench.item(picture(number)), subject=f"account {number}", **rest)
    return case, bench.ids(case)[0]


def lost(answer: httpx.Response) -> bool:
    return answer.headers.get("location") == "/review?told=lost"


def test_the_most_urgent_case_comes_next_and_stays_until_it_is_decided(bench: Bench) -> None:
    opened(bench, 1, severity=Severity.LOW)
    urgent, item = opened(bench, 2, severity=Severity.HIGH, category="other")
    rita = bench.person("rita")
    task = rita.take()
    assert bench.casework.cases.task(task).case_id == urgent
    assert rita.take() == task
    page = rita.get("/review").text
    assert f'href="/review/tasks/{task}"' in page
    assert "Take the next case" not in re.sub(r"<table.*?</table>", "", page, flags=re.DOTALL)
    assert rita.decide(task, benign(item)).status_code == 303
    assert rita.take() != task


def test_two_people_are_given_two_cases_and_then_there_is_nothing(bench: Bench) -> None:
    opened(bench, 1)
    opened(bench, 2)
    rita, sam, tom = bench.person("rita"), bench.person("sam"), bench.person("tom")
    assert rita.take() != sam.take()
    answer = tom.post("/review/next", {"queue": ""})
    assert answer.headers["location"] == "/review?told=nothing"
    assert "Nothing waits for you at the moment." in tom.get(answer.headers["location"]).text


def test_somebody_can_take_from_one_queue(bench: Bench) -> None:
    opened(bench, 1, severity=Severity.CRITICAL)
    mild, _ = opened(bench, 2, severity=Severity.LOW)
    rita = bench.person("rita")
    assert 'aria-label="Take the next case from review"' in rita.get("/review").text
    assert bench.casework.cases.task(rita.take("review")).case_id == mild


def test_escalations_are_for_leads(bench: Bench) -> None:
    case, _ = opened(bench)
    rita, sam, lena = bench.person("rita"), bench.person("sam"), bench.person("lena", Role.LEAD)
    task = rita.take()
    rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "escalate", "reason": "not for me"})
    assert bench.casework.cases.get(case).state.value == "escalated"
    for queue in ("", "escalated"):
        assert sam.post("/review/next", {"queue": queue}).headers["location"] == "/review?told=nothing"
    assert ">escalated<" not in sam.get("/review").text
    assert ">escalated<" in lena.get("/review").text
    assert bench.casework.cases.task(lena.take("escalated")).case_id == case


def test_a_heartbeat_keeps_the_lease_and_the_draft(bench: Bench) -> None:
    _, item = opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    draft = [*DRAFT, [f"label-{item}", "other_violation"], [f"why-{item}", "as <b>said</b>\nbelow"]]
    for _ in range(3):
        bench.moment.pass_by(minutes=4)
        answer = rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": json.dumps(draft)})
        assert answer.status_code == 200
        assert answer.json() == {"lease_until": bench.casework.cases.task(task).lease_until}
        assert answer.headers["cache-control"] == "no-store"
    assert sam.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=nothing"
    page = rita.get(f"/review/tasks/{task}").text
    assert 'value="rule-7, rule-9"' in page
    assert '<option value="not_reportable" selected>' in page
    assert re.findall(r'name="effect" value="(\w+)" checked', page) == ["remove", "notify"]
    assert '<option value="other_violation" selected>' in page
    assert "as &lt;b&gt;said&lt;/b&gt;\nbelow</textarea>" in page


def test_a_draft_that_is_no_draft_is_refused(bench: Bench) -> None:
    opened(bench)
    rita = bench.person("rita")
    task = rita.take()
    path = f"/review/tasks/{task}/heartbeat"
    for draft in ("{", "5", "null", "[5]", '[["a"]]', "[" * 9000, f'[["a", "{"b" * 525_000}"]]', '[[1, 2, "3"]]'):
        assert 400 <= rita.post(path, {"token": "1", "draft": draft}).status_code < 500, draft[:20]
    for token in ("", "one", "-1", "1.0", "9" * 19, "²"):
        assert 400 <= rita.post(path, {"token": token, "draft": ""}).status_code < 500, token
    assert rita.get(f"/review/tasks/{task}").status_code == 200


def test_half_a_character_in_a_draft_does_not_close_the_page_of_its_task(bench: Bench) -> None:
    _, item = opened(bench)
    rita = bench.person("rita")
    task = rita.take()
    draft = f'[["reasons", "a\\ud800b"], ["why-{item}", "\\udfff"]]'
    answer = rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": draft})
    assert answer.status_code in (200, 400)
    assert rita.get(f"/review/tasks/{task}").status_code == 200


def test_only_whoever_holds_a_task_can_keep_it(bench: Bench) -> None:
    opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    for who, fields in ((sam, {"token": "1"}), (rita, {"token": "2"})):
        answer = who.post(f"/review/tasks/{task}/heartbeat", {**fields, "draft": json.dumps(DRAFT)})
        assert answer.status_code != 200
    assert lost(sam.get(f"/review/tasks/{task}"))
    assert lost(sam.post(f"/review/tasks/{task}/decide", {"token": "1"}))
    assert sam.post(f"/review/tasks/{task}/move", {"token": "1", "move": "skip"}).status_code == 404
    assert [each.id for each in bench.casework.desk.held(rita.id)] == [task]


def test_a_lost_lease_is_told_as_what_it_is_and_not_as_a_fault_of_the_server(bench: Bench) -> None:
    opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    bench.moment.pass_by(minutes=6)
    assert sam.take() == task
    answer = rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": ""})
    assert 400 <= answer.status_code < 500


def test_whoever_loses_a_case_loses_nothing_that_they_wrote(bench: Bench) -> None:
    _, item = opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    token = rita.value("token")
    bench.moment.pass_by(minutes=6)
    assert sam.take() == task
    written = {"token": token, f"label-{item}": "other_violation", f"why-{item}": "my words", "reasons": "rule-7"}
    answer = rita.post(f"/review/tasks/{task}/decide", written)
    assert lost(answer)
    assert "The case is no longer yours." in rita.get(answer.headers["location"]).text
    page = sam.get(f"/review/tasks/{task}").text
    assert "my words" not in page
    assert "rule-7" not in page
    sam.post(f"/review/tasks/{task}/move", {"token": sam.value("token"), "move": "skip"})
    assert rita.take() == task
    page = rita.get(f"/review/tasks/{task}").text
    assert "my words</textarea>" in page
    assert 'value="rule-7"' in page
    assert bench.casework.cases.decisions(bench.casework.cases.task(task).case_id) == []


def test_a_lease_that_ran_out_can_be_submitted_while_nobody_else_took_it_or_is_told_as_lost(bench: Bench) -> None:
    case, item = opened(bench)
    rita = bench.person("rita")
    task = rita.take()
    bench.moment.pass_by(minutes=6)
    answer = rita.decide(task, benign(item))
    decided = bool(bench.casework.cases.decisions(case))
    assert answer.headers["location"] == ("/review?told=saved" if decided else "/review?told=lost")


def test_what_is_skipped_goes_to_somebody_else_first(bench: Bench) -> None:
    opened(bench)
    rita, sam = bench.person("rita"), bench.person("sam")
    task = rita.take()
    answer = rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "skip", "reason": ""})
    assert answer.headers["location"] == "/review?told=skip"
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=nothing"
    assert sam.take() == task


def test_other_moves_want_a_reason_and_keep_what_was_drafted(bench: Bench) -> None:
    case, _ = opened(bench)
    rita = bench.person("rita")
    task = rita.take()
    rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": json.dumps(DRAFT)})
    for move in ("hold", "escalate"):
        answer = rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": move, "reason": " "})
        assert answer.status_code == 422
        assert "Say why." in answer.text
        assert 'value="rule-7, rule-9"' in answer.text
    for move in ("", "claim", "decide", "reopen", "__init__"):
        answer = rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": move, "reason": "r"})
        assert answer.status_code == 400, move
    answer = rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "hold", "reason": "an answer is awaited"})
    assert answer.headers["location"] == "/review?told=hold"
    assert bench.casework.cases.get(case).state.value == "on_hold"
