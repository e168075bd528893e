"""The desk of the console, over HTTP: who may come, what comes next, leases and drafts, breaks, and stopping."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from seawall.cases.model import Severity
from seawall.users import Permission, Role
from seawall.web.sessions import SessionAccess
from tests.web.console_bench import Bench, Person, benign, open_bench, picture
from tests.web.sign_in_browser import HTML

NOBODYS = "0" * 32
DRAFT = [["reasons", "rule-7, rule-9"], ["outcome", "not_reportable"], ["effect", "remove"], ["effect", "notify"]]


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def routes(bench: Bench) -> list[tuple[str, str, SessionAccess]]:
    """All routes of the console: method, path with ids that lead nowhere, and who may use them."""
    found = []
    for route in bench.app.routes:
        if isinstance(route, Route) and route.path.startswith("/review"):
            path = re.sub(r"\{\w+\}", NOBODYS, route.path)
            access = route.__dict__["access"]
            found += [(method, path, access) for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def opened(bench: Bench, number: int = 1, **rest: Any) -> tuple[str, str]:
    """Open a case of one picture; return its id and the item's."""
    case = bench.open(bench.item(picture(number)), subject=f"account {number}", **rest)
    return case, bench.ids(case)[0]


def lost(answer: httpx.Response) -> bool:
    return answer.headers.get("location") == "/review?told=lost"


def test_every_page_of_the_console_says_which_permission_it_takes(bench: Bench) -> None:
    found = routes(bench)
    assert len(found) >= 22
    for method, path, access in found:
        assert isinstance(access, SessionAccess), (method, path)
        assert access.permissions, (method, path)
    opening = {path for _, path, access in found if Permission.OPEN_EVIDENCE in access.permissions}
    assert opening == {f"/review/tasks/{NOBODYS}/items/{NOBODYS}/show", f"/review/exposures/{NOBODYS}"}


def test_whoever_is_signed_out_gets_nothing_anywhere(bench: Bench) -> None:
    for method, path, _ in routes(bench):
        assert bench.ask(method, path).status_code == 401, (method, path)
        answer = bench.ask(method, path, headers=HTML)
        if method == "GET":
            assert answer.headers["location"].startswith("/sign-in?next=%2Freview"), path
        else:
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.LEAD, Role.ADMIN, Role.AUDITOR])
def test_each_role_reaches_its_own_pages_alone(bench: Bench, role: Role) -> None:
    person = bench.person("pat", role, grant=False)
    may = bench.users.permissions(person.user)
    for method, path, access in routes(bench):
        if path in ("/review/stop", "/review/break", "/review/break/end"):
            continue
        answer = person.get(path) if method == "GET" else person.post(path, {"move": "hold", "reason": "r"})
        allowed = may.issuperset(access.permissions)
        assert (answer.status_code != 403) == allowed, (method, path, answer.status_code)
    expected = {
        Role.REVIEWER: {Permission.REVIEW},
        Role.LEAD: {Permission.REVIEW, Permission.ASSIGN, Permission.SEE_AGGREGATES},
        Role.ADMIN: set(),
        Role.AUDITOR: {Permission.SEE_AGGREGATES},
    }
    assert {each for each in expected[Role.LEAD] if each in may} == expected[role]


def test_a_form_without_the_token_of_the_session_does_nothing(bench: Bench) -> None:
    _, item = opened(bench)
    rita, lena = bench.person("rita"), bench.person("lena", Role.LEAD)
    task = rita.take()
    place = rita.look(task, item, "tile")
    case = bench.casework.cases.task(task).case_id
    known = {"task": task, "item": item, "exposure": place.rpartition("/")[2], "case": case}
    fields = {"token": "1", "move": "hold", "reason": "r", "rung": "tile", "ms": "1", **benign(item)}
    before = (bench.shown(), bench.casework.cases.get(case).version)
    posts = [
        re.sub(r"\{(\w+)\}", lambda name: known[name[1]], route.path)
        for route in bench.app.routes
        if isinstance(route, Route) and route.path.startswith("/review") and "POST" in (route.methods or ())
    ]
    assert len(posts) >= 13
    for path in posts:
        for token in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": rita.csrf}):
            who = lena if token.get("csrf") == rita.csrf else rita
            assert who.ask("POST", path, data={**fields, **token}).status_code == 403, (path, token)
        for headers in (
            {"origin": "https://elsewhere.example"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "http://127.0.0.1:1"},
        ):
            answer = rita.ask("POST", path, data={**fields, "csrf": rita.csrf}, headers=headers)
            assert answer.status_code == 403, (path, headers)
        file = {"f": ("f.txt", b"x", "text/plain")}
        assert rita.ask("POST", path, data={"csrf": rita.csrf}, files=file).status_code == 403, path
        # Nor does following a link.
        assert rita.get(path).status_code in (200, 403, 405), path
    assert (bench.shown(), bench.casework.cases.get(case).version) == before
    assert bench.events("exposure.seen") == []
    assert [each.id for each in bench.casework.desk.held(rita.id)] == [task]
    assert not bench.casework.wellness.load(rita.id).on_break


def test_pages_run_nothing_but_their_own_and_are_kept_nowhere(bench: Bench) -> None:
    opened(bench)
    lena = bench.person("lena", Role.LEAD)
    task = lena.take()
    case = bench.casework.cases.task(task).case_id
    pages = ("/review", "/review/cases", f"/review/cases/{case}", f"/review/tasks/{task}", "/review/me")
    for path in (*pages, "/review/team", "/review/support", "/review/break"):
        answer = lena.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "media-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"\s(style|on\w+)=|javascript:|data:|<style|autoplay", answer.text), path
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text), path
        assert not re.search(r"<script(?![^>]* src=)", answer.text), path


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
