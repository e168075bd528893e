"""Looking at an item, over HTTP: recorded before a byte leaves, step by step, for its person, for a few minutes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import ItemKind, NewItem, Severity
from seawall.users import Role
from seawall.vault.viewing import Viewed
from tests.vault.picture_samples import sound, video
from tests.web.console_bench import (
    WORDS,
    Bench,
    Person,
    benign,
    has,
    mark_of,
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


class _Buttons(HTMLParser):
    """What can be followed and pressed on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.presses: list[tuple[str, dict[str, str]]] = []
        self._form: tuple[str, dict[str, str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href", "").startswith("/review"):
            self.links.append(found["href"])
        if tag == "form" and found.get("method") == "post":
            self._form = (found["action"], {})
        if self._form is None:
            return
        if tag == "input" and "name" in found:
            self._form[1][found["name"]] = found.get("value", "")
        if tag == "button":
            pressed = {found["name"]: found.get("value", "")} if "name" in found else {}
            self.presses.append((self._form[0], {**self._form[1], **pressed}))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def pressed_everywhere(person: Person, most: int) -> None:
    """Follow every link and press every button that somebody meets, each once."""
    place = re.compile(r"(?<=e=)[0-9a-f]{32}")
    waiting: list[tuple[str, dict[str, str] | None]] = [("/review", None)]
    met: set[str] = set()
    while waiting and len(met) < most:
        # What ends the work of the day comes last.
        at = next((n for n, (path, _) in enumerate(waiting) if not re.search("stop|break|opt-|decide|move", path)), 0)
        path, fields = waiting.pop(at)
        kind = (place.sub("*", path), fields and sorted((name, fields[name]) for name in fields if name != "csrf"))
        if str(kind) in met or path == "/sign-out":
            continue
        met.add(str(kind))
        answer = person.get(path) if fields is None else person.post(path, fields)
        assert answer.status_code < 500, (path, fields)
        if answer.status_code == 303:
            waiting.insert(0, (answer.headers["location"].partition("#")[0], None))
        found = _Buttons(answer.text) if "html" in answer.headers.get("content-type", "") else _Buttons("")
        waiting += [(each, None) for each in found.links] + list(found.presses)


def expect_no_leak(bench: Bench, marks: int, words: str = "lantern") -> int:
    """Check that original bytes left at logged reveals alone, and return how often they did."""
    rungs = {each.body["exposure"]: each.body["rung"] for each in bench.events("exposure.shown")}
    found = 0
    for answer in bench.answers:
        if not any(has(answer.body, mark_of(number)) for number in range(marks)) and not has(answer.body, words):
            continue
        path = re.fullmatch(r"/review/exposures/([0-9a-f]{32})", answer.path)
        assert answer.method == "GET" and path is not None, (answer.method, answer.path, answer.status)
        assert rungs[path[1]] == "full", answer.path
        found += 1
    return found


def test_whatever_is_followed_and_pressed_no_page_holds_anything_of_an_item(bench: Bench) -> None:
    evidence = {"canary": ["a"], "scores": {"model-1": 0.93}}
    for number in range(3):
        bench.open(
            bench.item(picture(number), evidence=evidence, stage="delivered"),
            bench.item(f"{WORDS} {number}".encode(), ItemKind.PROMPT, ref=f"generation-{number}"),
            severity=Severity(2 + number),
            subject=f"account-{number}",
        )
    for name, role in (("rita", Role.REVIEWER), ("lena", Role.LEAD)):
        pressed_everywhere(bench.person(name, role), 90)
    assert len({each.path for each in bench.answers}) > 25
    assert any("/show" in each.path and each.status == 303 for each in bench.answers)
    assert expect_no_leak(bench, 3) == 0


def test_original_bytes_leave_at_reveals_alone_and_each_was_recorded_before(bench: Bench) -> None:
    case = bench.open(bench.item(picture(0)), bench.item(WORDS.encode(), ItemKind.TEXT))
    sight, text = bench.ids(case)
    rita = bench.person("rita")
    task = rita.take()
    for item, rungs in ((sight, RUNGS), (text, ("caption", "tile", "full"))):
        for rung in rungs:
            place = rita.look(task, item, rung)
            rita.get(f"/review/tasks/{task}?e={place.rpartition('/')[2]}")
            before = len(bench.events("vault.opened"))
            assert rita.get(place).status_code == 200
            assert len(bench.events("vault.opened")) == before + 1
            rita.post(f"{place}/seen", {"ms": "5"})
    rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": json.dumps([["reasons", "rule-1"]])})
    rita.decide(task, {})
    rita.decide(task, benign(sight, text))
    rita.get(f"/review/cases/{case}")
    rita.get("/review/me")
    assert expect_no_leak(bench, 1) == 2
    kinds = [
        (each.kind, each.body.get("rung") or each.body["purpose"].removeprefix("shown: "), each.body["object"])
        for each in bench.events("exposure.shown", "vault.opened")
    ]
    steps = [(*each, item) for item in (sight, text) for each in _steps(item == sight)]
    objects = {each.id: each.vault for each in bench.casework.cases.items(case)}
    assert kinds == [(kind, rung, objects[item]) for kind, rung, item in steps]


def _steps(sight: bool) -> list[tuple[str, str]]:
    rungs = RUNGS if sight else ("caption", "tile", "full")
    return [(kind, rung) for rung in rungs for kind in ("exposure.shown", "vault.opened")]


def test_every_look_tells_who_at_what_and_for_which_case_and_task(bench: Bench) -> None:
    rita, task, item = begun(bench, severity=Severity.HIGH)
    rita.get(rita.look(task, item, "tile"))
    (shown,) = bench.events("exposure.shown")
    (opened,) = bench.events("vault.opened")
    case = bench.casework.cases.task(task).case_id
    assert {key: shown.body[key] for key in ("person", "case", "task", "rung", "severity")} == {
        "person": rita.id,
        "case": case,
        "task": task,
        "rung": "tile",
        "severity": 3,
    }
    assert (opened.body["person"], opened.body["case"], opened.body["purpose"]) == (rita.id, case, "shown: tile")


def test_asking_alone_brings_no_byte_and_a_page_brings_no_picture(bench: Bench) -> None:
    rita, task, item = begun(bench)
    answer = rita.ask_for(task, item, "tile")
    assert (answer.status_code, answer.content) == (303, b"")
    page = rita.get(answer.headers["location"])
    assert bench.events("vault.opened") == []
    assert not re.search(r"<(img[^>]*exposures|video|audio|iframe|object|embed)", page.text)
    assert 'data-content="/review/exposures/' in page.text
    assert answer.headers["location"].endswith("#item-1")


@pytest.mark.parametrize(
    ("data", "kind", "rungs"),
    [
        (picture(1), ItemKind.IMAGE, RUNGS),
        (WORDS.encode(), ItemKind.CONVERSATION, ("caption", "tile", "full")),
        (sound(0.5), ItemKind.AUDIO, ("caption", "tile", "full")),
    ],
)
def test_content_is_kept_nowhere_and_can_do_nothing(
    bench: Bench, data: bytes, kind: ItemKind, rungs: tuple[str, ...]
) -> None:
    (item,) = bench.ids(bench.open(bench.item(data, kind)))
    rita = bench.person("rita")
    task = rita.take()
    for rung in rungs:
        answer = rita.get(rita.look(task, item, rung))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "etag" not in answer.headers
        assert "last-modified" not in answer.headers
        assert (answer.content == data) == (rung == "full")
        if kind is ItemKind.CONVERSATION and rung == "tile":
            assert not re.search("heron|lantern|river", answer.text)


def test_what_could_run_comes_as_text_or_as_bytes(bench: Bench) -> None:
    files = (
        b"<!DOCTYPE html><html><body><script>document.title = 'ran'</script></body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
        bytes(range(256)),
    )
    items = bench.ids(bench.open(*(bench.item(data, ItemKind.TEXT) for data in files)))
    rita = bench.person("rita")
    task = rita.take()
    for item, data in zip(items, files, strict=True):
        rita.look(task, item, "tile")
        answer = rita.get(rita.look(task, item, "full"))
        assert (answer.status_code, answer.content) == (200, data)
        assert re.fullmatch(r"text/plain.*|application/octet-stream", answer.headers["content-type"])
        assert "sandbox" in answer.headers["content-security-policy"]


def test_nobody_else_is_shown_what_somebody_asked_for(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    for name, role, status in (
        ("sam", Role.REVIEWER, 404),
        ("lena", Role.LEAD, 404),
        ("audit", Role.AUDITOR, 403),
        ("root", Role.ADMIN, 403),
    ):
        other = bench.person(name, role)
        assert other.get(place).status_code == status, name
        assert other.post(f"{place}/seen", {"ms": "9"}).status_code == status, name
    assert bench.ask("GET", place).status_code == 401
    assert bench.ask("GET", place, headers={"accept": "text/html"}).headers["location"].startswith("/sign-in")
    assert bench.events("vault.opened") == []
    assert rita.get(place).status_code == 200


def test_what_was_asked_for_can_be_looked_at_for_a_quarter_of_an_hour(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    for _ in range(3):
        bench.moment.pass_by(minutes=4, seconds=59)
        answer = rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": ""})
        assert answer.status_code == 200
    assert rita.get(place).status_code == 200
    bench.moment.pass_by(seconds=4)
    assert rita.get(place).status_code == 404
    assert "data-content" not in rita.get(f"/review/tasks/{task}?e={place.rpartition('/')[2]}").text
    assert rita.get(rita.look(task, item, "tile")).status_code == 200


@pytest.mark.parametrize("how", ["skip", "hold", "escalate", "stop", "decide"])
def test_whoever_no_longer_holds_the_task_is_shown_nothing(bench: Bench, how: str) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    if how == "stop":
        rita.post("/review/stop", {"task": task, "draft": ""})
    elif how == "decide":
        assert rita.decide(task, benign(item)).headers["location"] == "/review?told=saved"
    else:
        told = rita.post(f"/review/tasks/{task}/move", {"token": "1", "move": how, "reason": "not mine"})
        assert told.headers["location"] == f"/review?told={how}"
    assert rita.get(place).status_code == 404
    assert rita.ask_for(task, item, "tile").status_code == 404
    assert bench.events("vault.opened") == []


def test_when_somebody_else_has_taken_over_the_first_is_shown_nothing_more(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.moment.pass_by(minutes=6)
    sam = bench.person("sam")
    assert sam.take() == task
    assert rita.get(place).status_code == 404
    assert rita.ask_for(task, item, "tile").status_code == 404
    assert sam.get(place).status_code == 404
    # What the first was shown opens nothing for the second.
    assert sam.ask_for(task, item, "full").status_code == 403
    assert sam.get(sam.look(task, item, "tile")).status_code == 200


def test_a_grant_that_is_taken_back_ends_looking_at_once(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.users.revoke_child_safety(rita.id, bench.admin.id)
    if rita.get("/review").status_code != 200:
        assert rita.sign_in("rita").status_code == 303
        rita.get("/review")
    assert rita.get(place).status_code == 403
    assert rita.ask_for(task, item, "tile").status_code == 403
    assert len(bench.shown()) == 1


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


def _full(bench: Bench, data: bytes, kind: ItemKind) -> tuple[Person, str, str]:
    (item,) = bench.ids(bench.open(bench.item(data, kind)))
    rita = bench.person("rita")
    task = rita.take()
    reduced = rita.look(task, item, "tile")
    return rita, reduced, rita.look(task, item, "full")


def test_a_player_gets_parts_of_the_original_and_each_is_recorded(bench: Bench) -> None:
    data = video(1.0)
    rita, _, place = _full(bench, data, ItemKind.VIDEO)
    page = rita.get(f"/review/tasks/{bench.events('exposure.shown')[0].body['task']}?e={place.rpartition('/')[2]}")
    assert 'data-how="player"' in page.text
    assert "media-src 'self'" in page.headers["content-security-policy"]
    size, step, parts = len(data), len(data) // 3 + 1, b""
    for start in range(0, size, step):
        answer = rita.get(place, headers={"range": f"bytes={start}-{start + step - 1}"})
        end = min(size, start + step) - 1
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{end}/{size}")
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]
        parts += answer.content
    assert parts == data
    opened = [each for each in bench.events("vault.opened") if each.body["purpose"] == "shown: full"]
    assert len(opened) == 3
    assert rita.get(place, headers={"range": "bytes=0-"}).content == data


def test_parts_beyond_the_end_or_of_no_form_are_no_parts(bench: Bench) -> None:
    data = sound(0.2)
    rita, reduced, place = _full(bench, data, ItemKind.AUDIO)
    for wanted in (f"bytes={len(data)}-", "bytes=9-3"):
        answer = rita.get(place, headers={"range": wanted})
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{len(data)}"
    for wanted in ("bytes=-5", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b", "bytes=" + "9" * 30 + "-"):
        answer = rita.get(place, headers={"range": wanted})
        assert (answer.status_code, answer.content == data) == (200, True), wanted
    # Of a reduced form there are no parts, least of all of the original.
    answer = rita.get(reduced, headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert data[:40] not in answer.content


def test_parts_end_with_the_quarter_of_an_hour(bench: Bench) -> None:
    rita, _, place = _full(bench, sound(0.2), ItemKind.AUDIO)
    bench.moment.pass_by(minutes=16)
    answer = rita.get(place, headers={"range": "bytes=0-9"})
    assert answer.status_code == 404


def viewed(bench: Bench, rita: Person, item: str) -> Viewed:
    vault = bench.casework.cases.items(bench.casework.cases.list()[0].id)[0].vault
    assert vault is not None and item
    return bench.casework.viewing.viewed(vault, user=rita.id)


def test_what_somebody_saw_follows_from_what_was_shown_and_told(bench: Bench) -> None:
    rita, task, item = begun(bench)
    seen = [viewed(bench, rita, item)]
    for rung in ("caption", "tile", "full"):
        place = rita.look(task, item, rung)
        rita.get(place)
        seen.append(viewed(bench, rita, item))
    bench.moment.pass_by(seconds=3)
    assert rita.post(f"{place}/seen", {"ms": "1500", "spans": "[]", "sound": "0"}).status_code == 204
    seen.append(viewed(bench, rita, item))
    assert seen == [Viewed.UNVIEWED, Viewed.UNVIEWED, Viewed.REDUCED, Viewed.REDUCED, Viewed.FULL_IMAGE]
    assert "You saw the original." in rita.get(f"/review/tasks/{task}").text


def test_a_page_cannot_state_what_was_seen(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.moment.pass_by(seconds=3)
    claims = {"viewed": "full_image", "rung": "full", "full": "1", "ms": "2000"}
    assert rita.post(f"{place}/seen", claims).status_code == 204
    assert viewed(bench, rita, item) is Viewed.REDUCED
    rita.decide(task, benign(item, **{f"viewed-{item}": "full_image", "viewed": "full_image"}))
    assert bench.casework.viewing.exposures(rita.id, "2026-01-01T00:00:00.000000Z")[0].rung.value == "tile"


def test_nobody_saw_for_longer_than_time_has_passed(bench: Bench) -> None:
    rita, task, item = begun(bench)
    rita.look(task, item, "tile")
    place = rita.look(task, item, "full")
    rita.post(f"{place}/seen", {"ms": "86400000"})
    assert viewed(bench, rita, item) is Viewed.REDUCED
    bench.moment.pass_by(seconds=2)
    rita.post(f"{place}/seen", {"ms": "99999999999999999999"})
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).visible_ms == 2000
    # Less, told later, takes nothing back.
    rita.post(f"{place}/seen", {"ms": "-7"})
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).visible_ms == 2000


def test_a_video_counts_as_seen_in_full_when_all_of_it_was_played(bench: Bench) -> None:
    (item,) = bench.ids(bench.open(bench.item(video(2.0), ItemKind.VIDEO)))
    rita = bench.person("rita")
    task = rita.take()
    rita.look(task, item, "tile")
    place = rita.look(task, item, "full")
    rita.get(place, headers={"range": "bytes=0-"})
    bench.moment.pass_by(seconds=1)
    rita.post(f"{place}/seen", {"ms": "1000", "spans": "[[0, 1]]", "sound": "1"})
    assert viewed(bench, rita, item) is Viewed.REDUCED
    bench.moment.pass_by(seconds=2)
    rita.post(f"{place}/seen", {"ms": "2500", "spans": "[[0, 1], [1, 2]]", "sound": "1"})
    assert viewed(bench, rita, item) is Viewed.FULL_DURATION


GARBAGE: tuple[dict[str, str], ...] = (
    {"ms": "soon"},
    {"ms": "1.5"},
    {"ms": "9" * 5000},
    {"ms": "1", "spans": "{"},
    {"ms": "1", "spans": "5"},
    {"ms": "1", "spans": "null"},
    {"ms": "1", "spans": "[5]"},
    {"ms": "1", "spans": "[[1]]"},
    {"ms": "1", "spans": "[[1, 2, 3]]"},
    {"ms": "1", "spans": '[["a", "b"]]'},
    {"ms": "1", "spans": "[[null, 1]]"},
    {"ms": "1", "spans": "[" * 20_000},
    {"ms": "1", "spans": json.dumps([[n, n + 0.5] for n in range(2100)])},
)
NO_TIME = ("[[0, NaN]]", "[[0, Infinity]]", "[[0, 1e999]]", "[[-5, -1]]", "[[3, 1]]")


def test_garbage_from_a_page_is_refused_and_changes_nothing(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.moment.pass_by(seconds=3)
    for told in GARBAGE:
        assert 400 <= rita.post(f"{place}/seen", told).status_code < 500, told
    assert bench.events("exposure.seen") == []
    for spans in NO_TIME:
        assert rita.post(f"{place}/seen", {"ms": "1", "spans": spans}).status_code in (204, 400, 422), spans
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).spans == ()


def test_a_number_that_no_clock_has_is_refused_as_other_garbage_is(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    assert 400 <= rita.post(f"{place}/seen", {"ms": "1", "spans": f"[[0, 1{'0' * 400}]]"}).status_code < 500
