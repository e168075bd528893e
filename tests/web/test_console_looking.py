"""Looking at an item, over HTTP: recorded before a byte leaves, for its person, for a few minutes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import ItemKind, Severity
from seawall.users import Role
from tests.vault.picture_samples import sound
from tests.web.console_bench import (
    WORDS,
    Bench,
    Person,
    benign,
    has,
    mark_of,
    open_bench,
    picture,
)

RUNGS = ("caption", "tile", "stylised", "grey_full", "full")


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
