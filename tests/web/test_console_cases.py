"""Cases in the console, over HTTP: as a list and one by one, without content, and moved by leads alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import Door, ItemKind, NewItem, Severity
from seawall.users import Role
from tests.web.console_bench import Bench, Person, benign, has, mark_of, open_bench, picture, rule_broken

NOBODYS = "0" * 32


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def links(page: str) -> list[str]:
    """The cases that a page leads to, in its order."""
    return re.findall(r'href="/review/cases/([0-9a-f]{32})"', page)


def decided(bench: Bench, person: Person, number: int, **rest: Any) -> str:
    """Open a case of one picture and let somebody decide it."""
    case = bench.open(bench.item(picture(number)), **rest)
    (item,) = bench.ids(case)
    assert person.decide(person.take(), rule_broken(item, effect="remove")).status_code == 303
    return case


def test_the_list_is_by_urgency_and_can_be_narrowed(bench: Bench) -> None:
    low = bench.open(bench.item(picture(1)), severity=Severity.LOW)
    high = bench.open(bench.item(picture(2)), severity=Severity.CRITICAL)
    drill = bench.open(bench.item(picture(3)), drill=True, door=Door.DRILL, category="canary")
    rita = bench.person("rita")
    assert set(links(rita.get("/review/cases").text)) == {low, high, drill}
    assert links(rita.get("/review/cases").text).index(high) < links(rita.page).index(low)
    assert links(rita.get("/review/cases?queue=drills").text) == [drill]
    assert links(rita.get("/review/cases?queue=child-safety").text) == [high]
    assert links(rita.get("/review/cases?state=decided").text) == []
    assert "No cases." in rita.page
    for query in ("queue=nowhere", "state=lost", "after=x", "queue=%00", "state=<b>"):
        assert set(links(rita.get(f"/review/cases?{query}").text)) == {low, high, drill}, query
    assert rita.get(f"/review/cases?after={NOBODYS}").status_code == 404


def test_a_long_list_goes_on_until_all_were_there(bench: Bench) -> None:
    made = {bench.open(NewItem(f"link/{n}", ItemKind.LINK, ref="r"), subject=f"account {n}") for n in range(53)}
    rita = bench.person("rita")
    path: str | None = "/review/cases"
    found: list[str] = []
    for _ in range(3):
        if path is None:
            break
        page = rita.get(path).text
        found += links(page)
        more = re.search(r'class="button" href="(/review/cases\?[^"]*)"', page)
        path = more[1].replace("&amp;", "&") if more is not None else None
    assert len(found) == len(made) == 53
    assert set(found) == made


def test_the_page_of_a_case_tells_what_happened_and_shows_no_content(bench: Bench) -> None:
    rita, sam = bench.person("rita"), bench.person("sam")
    case = decided(bench, rita, 1, category="other")
    page = sam.get(f"/review/cases/{case}").text
    for words in ("This page shows no content.", "Against the rules; nothing to report", "rule-1", "Remove it"):
        assert words in page
    assert re.findall(r"<b>(Opened|Taken|Decided)</b>", page) == ["Opened", "Taken", "Decided"]
    assert rita.user.pseudonym in page
    assert rita.user.name not in re.sub(r"<header.*?</header>", "", page, flags=re.DOTALL).lower().split()
    assert not re.search(r"exposures|/show|<img(?![^>]*/static/)|<video|<audio", page)
    assert not has(page.encode(), mark_of(1))


def test_who_reads_a_case_is_recorded(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)))
    sam = bench.person("sam")
    assert bench.events("read") == []
    sam.get(f"/review/cases/{case}")
    (read,) = bench.events("read")
    assert read.body == {"user": sam.id, "what": "case", "item": case}


def test_a_case_that_there_is_not_is_not_found(bench: Bench) -> None:
    lena = bench.person("lena", Role.LEAD)
    for case in (NOBODYS, "x", "a" * 33, "%00", "..%2fcases", "A" * 32):
        assert lena.get(f"/review/cases/{case}").status_code == 404, case
        answer = lena.post(f"/review/cases/{case}/steer", {"move": "hold", "reason": "r"})
        assert answer.status_code == 404, case


def test_what_a_colleague_said_is_on_no_page_before_the_second_has_spoken(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)), severity=Severity.CRITICAL)
    (item,) = bench.ids(case)
    rita, sam, lena = bench.person("rita"), bench.person("sam"), bench.person("lena", Role.LEAD)
    said = rule_broken(item, **{f"why-{item}": "my own words", "reasons": "rule-of-mine"})
    assert rita.decide(rita.take(), said).headers["location"] == "/review?told=second"
    for who in (sam, lena, rita):
        page = who.get(f"/review/cases/{case}").text
        for words in ("my own words", "rule-of-mine", "Another rule", "Against the rules"):
            assert words not in page, (who.user.name, words)
        assert "Judged; another person is asked" in page
    second = sam.take()
    assert sam.decide(second, rule_broken(item)).headers["location"] == "/review?told=saved"
    page = sam.get(f"/review/cases/{case}").text
    assert "Another rule" in page
    assert rita.user.pseudonym in page
    assert sam.user.pseudonym in page


def test_reviewers_are_offered_no_moves_and_can_make_none(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)))
    rita = bench.person("rita")
    page = rita.get(f"/review/cases/{case}").text
    assert "/steer" not in page
    for move in ("hold", "escalate", "assign", "reopen", "resume"):
        answer = rita.post(f"/review/cases/{case}/steer", {"move": move, "reason": "r"})
        assert answer.status_code == 403
    assert bench.casework.cases.get(case).state.value == "new"


def test_a_lead_moves_a_case_as_its_state_allows(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)))
    (item,) = bench.ids(case)
    lena, rita = bench.person("lena", Role.LEAD), bench.person("rita")
    path = f"/review/cases/{case}"

    def offered() -> list[str]:
        return re.findall(r'name="move" value="(\w+)"', lena.get(path).text)

    def steer(move: str, reason: str = "an <b>answer</b> is awaited") -> int:
        return lena.post(f"{path}/steer", {"move": move, "reason": reason}).status_code

    assert set(offered()) == {"hold", "escalate", "assign"}
    assert steer("hold") == 303
    assert set(offered()) == {"assign", "resume"}
    assert "an &lt;b&gt;answer&lt;/b&gt; is awaited" in lena.page
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=nothing"
    assert steer("resume") == 303
    assert steer("assign", "") == 303
    assert bench.casework.cases.get(case).assigned == lena.id
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=nothing"
    assert lena.decide(lena.take(), benign(item)).status_code == 303
    assert offered() == ["reopen"]
    assert steer("reopen") == 303
    assert bench.casework.cases.get(case).state.value == "new"


def test_a_move_that_the_state_does_not_allow_is_told_on_the_page(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)))
    lena = bench.person("lena", Role.LEAD)
    for move, reason, words in (
        ("reopen", "r", "cannot be"),
        ("resume", "r", "cannot be"),
        ("hold", "", "Say why."),
        ("hold", "  ", "Say why."),
    ):
        answer = lena.post(f"/review/cases/{case}/steer", {"move": move, "reason": reason})
        assert answer.status_code == 422, move
        assert words in answer.text
    for move in ("", "claim", "decide", "overturn", "__class__", "list", "submit", "close_settled"):
        answer = lena.post(f"/review/cases/{case}/steer", {"move": move, "reason": "r"})
        assert answer.status_code == 400, move
    answer = lena.post(f"/review/cases/{case}/steer", {"move": "hold", "reason": "r" * 5000})
    assert answer.status_code == 422
    assert bench.casework.cases.get(case).state.value == "new"


def test_a_case_taken_from_under_a_reviewer_is_lost_and_nothing_more_is_shown(bench: Bench) -> None:
    case = bench.open(bench.item(picture(1)))
    (item,) = bench.ids(case)
    rita, lena = bench.person("rita"), bench.person("lena", Role.LEAD)
    task = rita.take()
    place = rita.look(task, item, "tile")
    lena.get(f"/review/cases/{case}")
    assert lena.post(f"/review/cases/{case}/steer", {"move": "hold", "reason": "law"}).status_code == 303
    assert rita.get(place).status_code == 404
    assert rita.ask_for(task, item, "tile").status_code == 404
    answer = rita.post(f"/review/tasks/{task}/decide", {"token": "1", **benign(item)})
    assert answer.headers["location"] == "/review?told=lost"
    assert bench.casework.cases.decisions(case) == []


def test_related_cases_are_led_to_with_the_reason(bench: Bench) -> None:
    same = bench.item(picture(1))
    one = bench.open(same, subject="first")
    two = bench.open(same, bench.item(picture(2)), subject="second")
    rita = bench.person("rita")
    assert one in links(rita.get(f"/review/cases/{two}").text)
    task = rita.take()
    other = {one: two, two: one}[bench.casework.cases.task(task).case_id]
    assert other in links(rita.get(f"/review/tasks/{task}").text)


def test_names_that_come_from_outside_run_nowhere(bench: Bench) -> None:
    bad = '"><img src=x onerror=alert(1)>'
    item = NewItem("link/1", ItemKind.LINK, ref=bad, evidence={bad: bad})
    case = bench.open(item, subject=bad, category='a"b<i>', jurisdiction="<b>")
    rita = bench.person("rita")
    task = rita.take()
    for path in ("/review", "/review/cases", f"/review/cases/{case}", f"/review/tasks/{task}"):
        page = rita.get(path).text
        assert "<img src=x" not in page, path
        assert "<i>" not in page, path
        assert 'a"b' not in page, path
