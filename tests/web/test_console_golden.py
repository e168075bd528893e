"""Golden tasks on the console: nothing on a page tells that it is one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from seawall.maintain.review import Golden
from tests.web.console_bench import Bench, Person, open_bench, picture, rule_broken

SAVED = "/review?told=saved"


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def opened(bench: Bench, *numbers: int, **rest: Any) -> tuple[str, list[str]]:
    """Open a case of pictures; return its id and theirs."""
    case = bench.open(*(bench.item(picture(number)) for number in numbers), **rest)
    return case, bench.ids(case)


def error_of(page: str, field: str) -> str:
    """What is told beside a field; nothing if nothing is."""
    found = re.search(rf'<p class="error" id="{re.escape(field)}-error">([^<]*)</p>', page)
    return unescape(found[1]) if found else ""


def always_golden(bench: Bench) -> Bench:
    """The same installation, in which every task that is given out is a golden one."""
    work = bench.casework
    desk = work.desk
    store, ledger = work.store, work.ledger
    golden = Golden(store, ledger, work.golden._side, work.golden._policy, chance=lambda: 0.0)
    made = type(desk)(
        store, work.cases, work.wellness, desk._side, golden, work.quality, work.seen, desk._compared
    )  # fmt: skip
    return bench.with_parts(desk=made)


def shape(page: str) -> list[str]:
    """What a page looks like: its words and marks, without ids, moments and what a case says of itself."""
    page = re.sub(r"[0-9a-f]{32,}|\b[0-9a-f]{8}\b|[0-9a-f]{12}…", "*", page)
    page = re.sub(r'name="token" value="\d+"', "", page)
    page = re.sub(r'<span class="mono">[^<]*</span>|<dt>Reference</dt><dd>[^<]*</dd>', "*", page)
    return [line.strip() for line in page.splitlines() if line.strip()]


SAID_OF_IT = {"detector": "d-1", "score": 0.91}


def met(bench: Bench, *, golden: bool, evidence: Mapping[str, Any] = SAID_OF_IT) -> tuple[Person, str]:
    """Take a real task, or a golden one that resembles it."""
    bench.open(bench.item(picture(1), evidence=evidence, stage="output", ref="gen-1"), subject="account-1")
    person = bench.person("rita")
    task = person.take()
    assert bench.console.desk.beside(task) == golden
    return person, task


@pytest.fixture
def stocked(bench: Bench) -> Bench:
    assert bench.casework.golden.stock(bench.casework.vault, 4, seed=7) == 4
    return always_golden(bench)


def test_the_page_of_a_golden_task_looks_as_that_of_any_other(
    stocked: Bench, migrated_sqlite: Path, tmp_path: Path
) -> None:
    person, _ = met(stocked, golden=True)
    folder = tmp_path / "another"
    folder.mkdir()
    with open_bench(migrated_sqlite, folder) as other:
        real, _ = met(other, golden=False)
        assert shape(person.page) == shape(real.page)


def test_what_is_known_of_a_golden_item_is_told_in_the_order_of_any_other(
    stocked: Bench, migrated_sqlite: Path, tmp_path: Path
) -> None:
    evidence = {"score": 0.91, "detector": "d-1", "a": {"z": 1, "b": 2}}
    person, _ = met(stocked, golden=True, evidence=evidence)
    folder = tmp_path / "another"
    folder.mkdir()
    lines = r'<ul class="evidence">.*?</ul>'
    with open_bench(migrated_sqlite, folder) as other:
        real, _ = met(other, golden=False, evidence=evidence)
        assert re.findall(lines, person.page) == re.findall(lines, real.page)


def test_a_golden_task_is_looked_at_and_submitted_as_any_other_and_tells_nothing(stocked: Bench) -> None:
    rita, task = met(stocked, golden=True)
    item = re.findall(r"/items/([0-9a-f]{32})/show", rita.page)[0]
    assert rita.ask_for(task, item, "full").status_code == 403
    for rung in ("caption", "tile", "full"):
        assert rita.get(rita.look(task, item, rung)).status_code == 200
    answer = rita.decide(task, {})
    assert error_of(answer.text, f"label-{item}") == "Choose what it is."
    draft = json.dumps([[f"why-{item}", "half a sen"]])
    assert rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": draft}).status_code == 200
    assert "half a sen</textarea>" in rita.get(f"/review/tasks/{task}").text
    answer = rita.decide(task, rule_broken(item))
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, SAVED, b"")
    page = rita.get(SAVED).text
    assert not re.search("golden|stand-in|canary|right|wrong answer", page, re.IGNORECASE)


@pytest.mark.parametrize("move", ["skip", "hold", "escalate"])
def test_a_golden_task_is_given_back_as_any_other(stocked: Bench, move: str) -> None:
    rita, task = met(stocked, golden=True)
    path = f"/review/tasks/{task}/move"
    if move != "skip":
        answer = rita.post(path, {"token": "1", "move": move, "reason": ""})
        assert (answer.status_code, "Say why." in answer.text) == (422, True)
    answer = rita.post(path, {"token": "1", "move": move, "reason": "not mine"})
    assert answer.headers["location"] == f"/review?told={move}"
    assert stocked.console.desk.held(rita.id) == []


def test_a_golden_task_whose_lease_ran_out_is_still_there_as_any_other(stocked: Bench) -> None:
    rita, task = met(stocked, golden=True)
    stocked.moment.pass_by(minutes=6)
    assert rita.get(f"/review/tasks/{task}").status_code == 200


def test_every_golden_task_can_be_answered_rightly(stocked: Bench) -> None:
    from seawall.store.tables import golden_item, side_task

    rita = stocked.person("rita")
    for number in range(4):
        stocked.open(stocked.item(picture(number)), subject=f"account {number}")
        task = rita.take()
        with stocked.casework.store.read() as connection:
            row = connection.execute(side_task.select().where(side_task.c.id == task)).one()
            assert len(connection.execute(golden_item.select()).all()) == 4
        for item, label in json.loads(row.expected).items():
            select = re.findall(rf'name="label-{item}".*?</select>', rita.page, re.DOTALL)[0]
            assert f'value="{label}"' in select, label
            rita.decide(task, {f"label-{item}": label, "outcome": "no_violation"})
