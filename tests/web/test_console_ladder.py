"""The steps of an item: in their order, no further than somebody may go, and none while they rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import ItemKind, NewItem, Severity
from tests.web.console_bench import (
    WORDS,
    Bench,
    Person,
    benign,
    open_bench,
    picture,
    rule_broken,
)

RUNGS = ("caption", "tile", "stylised", "grey_full", "full")


NOBODYS = "0" * 32


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def begun(bench: Bench, *, who: str = "rita", **case: Any) -> tuple[Person, str, str]:
    """Open a case of one picture, and let somebody take it."""
    person = bench.person(who)
    (item,) = bench.ids(bench.open(bench.item(picture(1)), **case))
    return person, person.take(), item


def test_the_original_waits_for_a_reduced_form_in_this_task(bench: Bench) -> None:
    rita, task, item = begun(bench)
    assert rita.ask_for(task, item, "full").status_code == 403
    rita.look(task, item, "caption")
    assert rita.ask_for(task, item, "full").status_code == 403
    page = rita.get(f"/review/tasks/{task}").text
    assert re.search(r'value="full" disabled title="Look at a reduced form first."', page)
    rita.look(task, item, "stylised")
    assert 'value="full" disabled' not in rita.get(f"/review/tasks/{task}").text
    assert rita.get(rita.look(task, item, "full")).content == picture(1)


def test_a_reduced_form_of_another_item_or_task_opens_nothing(bench: Bench) -> None:
    both = [bench.item(picture(1)), bench.item(picture(2))]
    one, two = bench.ids(bench.open(*both))
    rita = bench.person("rita")
    task = rita.take()
    rita.look(task, one, "tile")
    assert rita.ask_for(task, two, "full").status_code == 403
    rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": "hold", "reason": "waits"})
    again = bench.ids(bench.open(both[0], subject="somebody else"))[0]
    other = rita.take()
    assert other != task
    assert rita.ask_for(other, again, "full").status_code == 403


def test_the_steps_are_offered_in_their_order_and_the_first_is_marked(bench: Bench) -> None:
    bench.open(bench.item(picture(1)))
    rita = bench.person("rita")
    task = rita.take()
    page = rita.get(f"/review/tasks/{task}").text
    assert tuple(re.findall(r'name="rung" value="(\w+)"', page)) == RUNGS
    assert re.findall(r'small first" type="submit" name="rung" value="(\w+)"', page) == ["caption"]
    assert "data-content" not in page


@pytest.mark.parametrize("category", ["ncii_adult", "other"])
def test_nobody_is_shown_more_than_they_chose_at_most(bench: Bench, category: str) -> None:
    rita, task, item = begun(bench, category=category)
    assert rita.post("/review/me/settings", {"top": "tile"}).status_code == 303
    page = rita.get(f"/review/tasks/{task}").text
    assert re.findall(r'value="(\w+)" disabled', page) == ["stylised", "grey_full", "full"]
    assert rita.get(rita.look(task, item, "tile")).status_code == 200
    for rung in ("stylised", "grey_full", "full"):
        assert rita.ask_for(task, item, rung).status_code == 403
    assert len(bench.shown()) == 1


def test_without_the_named_grant_nothing_is_shown(bench: Bench) -> None:
    (item,) = bench.ids(bench.open(bench.item(picture(1))))
    norah = bench.person("norah", grant=False)
    task = norah.take()
    page = norah.get(f"/review/tasks/{task}").text
    assert page.count("Nobody granted you access to evidence.") == len(RUNGS)
    for rung in RUNGS:
        assert norah.ask_for(task, item, rung).status_code == 403
    assert norah.get(f"/review/exposures/{NOBODYS}").status_code == 403
    assert bench.shown() == []
    assert norah.decide(task, benign(item)).headers["location"] == "/review?told=saved"


def _worked(bench: Bench, rita: Person, task: str, item: str, minutes: int) -> None:
    """Look now and then, for a while."""
    for _ in range(minutes // 4):
        bench.moment.pass_by(minutes=4)
        rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": ""})
        if rita.ask_for(task, item, "tile").status_code != 303:
            return


def test_when_a_break_is_due_nothing_more_is_shown(bench: Bench) -> None:
    rita, task, item = begun(bench, severity=Severity.CRITICAL)
    rita.look(task, item, "tile")
    _worked(bench, rita, task, item, 64)
    before = len(bench.shown())
    for rung in RUNGS[1:]:
        assert rita.ask_for(task, item, rung).status_code == 403
    assert len(bench.shown()) == before
    # Words about it are no showing, and what was begun can be ended.
    assert rita.get(rita.look(task, item, "caption")).headers["content-type"].startswith("text/plain")
    assert rita.decide(task, benign(item)).status_code == 303
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review/break"


def test_on_a_break_nothing_is_shown_even_if_it_was_asked_for_before(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    rita.post("/review/break", {})
    assert rita.ask_for(task, item, "stylised").status_code == 403
    assert rita.get(place).status_code in (403, 404)
    assert bench.events("vault.opened") == []


def test_what_was_judged_before_is_neither_shown_nor_asked_about(bench: Bench) -> None:
    rita, task, item = begun(bench)
    assert rita.decide(task, rule_broken(item)).headers["location"] == "/review?told=saved"
    case = bench.open(bench.item(picture(1)), bench.item(picture(2)), subject="somebody else")
    known, new = bench.ids(case)
    sam = bench.person("sam")
    task = sam.take()
    page = sam.page
    assert "judged before, not shown" in page
    assert f"/items/{known}/show" not in page
    assert f"/items/{new}/show" in page
    assert f'name="label-{known}"' not in page
    for rung in RUNGS:
        assert sam.ask_for(task, known, rung).status_code == 404
    assert bench.shown() == []
    answer = sam.decide(task, rule_broken(new))
    assert answer.headers["location"] == "/review?told=saved"


def test_what_was_judged_while_somebody_held_another_case_of_it_is_submitted_unseen(bench: Bench) -> None:
    one = bench.open(bench.item(picture(1)), subject="first")
    two = bench.open(bench.item(picture(1)), bench.item(picture(2)), subject="second")
    rita, sam = bench.person("rita"), bench.person("sam")
    first, second = rita.take(), sam.take()
    held = {bench.casework.cases.task(each).case_id: (who, each) for who, each in ((rita, first), (sam, second))}
    who, task = held[one]
    (item,) = bench.ids(one)
    assert who.decide(task, rule_broken(item)).headers["location"] == "/review?told=saved"
    who, task = held[two]
    known, new = bench.ids(two)
    assert who.ask_for(task, known, "tile").status_code == 404
    assert f'name="label-{known}"' not in who.get(f"/review/tasks/{task}").text
    answer = who.decide(task, rule_broken(new))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/review?told=saved")
    said = {each.item_id: each.label.value for each in bench.casework.cases.verdicts(two)}
    assert said == {known: "other_violation", new: "other_violation"}
    assert bench.shown() == []


def test_ids_of_others_lead_nowhere(bench: Bench) -> None:
    rita, sam = bench.person("rita"), bench.person("sam")
    one, two = bench.open(bench.item(picture(1))), bench.open(bench.item(picture(2)))
    mine, theirs = rita.take(), sam.take()
    cases = bench.casework.cases
    (item,), (other,) = (bench.ids(cases.task(each).case_id) for each in (mine, theirs))
    assert {cases.task(mine).case_id, cases.task(theirs).case_id} == {one, two}
    for task, thing in ((mine, other), (theirs, item), (theirs, other), (NOBODYS, item), (mine, NOBODYS), ("x", "y")):
        assert rita.ask_for(task, thing, "tile").status_code == 404, (task, thing)
    for exposure in (NOBODYS, "x", "a" * 33, "..%2f..", "%00"):
        assert rita.get(f"/review/exposures/{exposure}").status_code == 404, exposure
        assert rita.post(f"/review/exposures/{exposure}/seen", {"ms": "1"}).status_code in (404, 422), exposure
    assert bench.shown() == []


def test_a_step_that_there_is_not_is_not_taken(bench: Bench) -> None:
    rita, task, item = begun(bench)
    for rung, status in (("metadata", 403), ("", 400), ("everything", 400), ("FULL", 400)):
        assert rita.ask_for(task, item, rung).status_code == status, rung
    assert bench.shown() == []


def test_a_text_has_no_steps_of_pictures(bench: Bench) -> None:
    (item,) = bench.ids(bench.open(bench.item(WORDS.encode(), ItemKind.PROMPT)))
    rita = bench.person("rita")
    task = rita.take()
    assert re.findall(r'name="rung" value="(\w+)"', rita.page) == ["caption", "tile", "full"]
    for rung in ("stylised", "grey_full"):
        assert rita.ask_for(task, item, rung).status_code == 403


def test_an_item_whose_bytes_are_not_here_has_no_steps(bench: Bench) -> None:
    (item,) = bench.ids(bench.open(NewItem("link/1", ItemKind.LINK, ref="https://somewhere.example/1")))
    rita = bench.person("rita")
    task = rita.take()
    assert "/show" not in rita.page
    assert rita.ask_for(task, item, "caption").status_code == 404
