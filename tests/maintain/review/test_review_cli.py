"""`seawall review`: rules, sums and stocks from the shell; never a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from seawall.cli import _main
from seawall.clock import system_clock, to_iso
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import golden_item, ledger_event, rating
from seawall.users import Role, Users, passwords
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing import record
from seawall.vault.viewing.model import Exposure

PASSWORD = "three plain boats"
Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seawall review ARGUMENTS...` in this process."""
    monkeypatch.setitem(_main.COMMANDS, "review", "How reviewing goes.")

    def go(*arguments: object) -> SimpleNamespace:
        with pytest.raises(SystemExit) as left:
            _main.main(["review", *map(str, arguments)])
        said = capsys.readouterr()
        return SimpleNamespace(code=left.value.code, out=said.out, err=said.err)

    return go


@contextmanager
def opened() -> Iterator[tuple[Store, Ledger, Users]]:
    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield store, ledger, Users(store, ledger, settings)
        ledger.append_pending()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, seawall_home: Path) -> dict[str, str]:
    """An administrator, a lead, an auditor and five reviewers; the ids by name."""

    def cheap(**_parameters: Any) -> PasswordHasher:
        return PasswordHasher(1, 8, 1)

    monkeypatch.setattr(passwords, "PasswordHasher", cheap)
    roles = {"ada": Role.ADMIN, "lea": Role.LEAD, "aude": Role.AUDITOR}
    roles |= {f"rita{number}": Role.REVIEWER for number in range(5)}
    with opened() as (_, _, users):
        return {name: users.add(name, role, PASSWORD).id for name, role in roles.items()}


def recorded(kind: str) -> list[dict[str, Any]]:
    with opened() as (store, _, _), store.read() as connection:
        rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).mappings()
        found = [json.loads(row["data"]) for row in rows]
    return [each["body"] for each in found if each["kind"] == kind]


def rows_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def shipped(name: str) -> str:
    return (files("seawall.maintain.review") / name).read_text("utf-8")


def test_the_floor_is_shown_with_the_reason_of_every_value(run: Run) -> None:
    found = json.loads(run("floor", "--json").out)
    assert found["presets"]["csam"]["start"] == "metadata"
    assert found["limits"]["severe_minutes"] == 60
    assert set(found["grounds"]) >= {f"limits.{name}" for name in found["limits"]}
    words = run("floor").out
    assert found["sha256"] in words
    assert "severe_minutes: 60\n  A break of ten minutes or more" in words
    assert all(f"[{key}]" in words for key in found["sources"])


def test_the_floor_of_the_installation_is_the_one_that_is_shown(run: Run, seawall_home: Path) -> None:
    seawall_home.mkdir()
    text = shipped("wellness/floor.yaml").replace("severe_in_a_row: {value: 3", "severe_in_a_row: {value: 2")
    (seawall_home / "floor.yaml").write_text(text)
    assert json.loads(run("floor", "--json").out)["limits"]["severe_in_a_row"] == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("wellness/floor.yaml", "floor"), ("quality.yaml", "quality"), ("repeats.yaml", "repeats")],
)
def test_each_file_of_reviewing_is_checked_by_what_it_is(run: Run, tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(shipped(name))
    (found,) = rows_of(run("lint", file, "--json").out)
    assert (found["kind"], found["name"], found["version"], len(found["sha256"])) == (kind, "seawall", 1, 64)
    file.write_text(shipped(name).replace("version: 1", "version: none"))
    refused = run("lint", file)
    assert (refused.code, refused.out) == (2, "")
    assert "version" in refused.err


@pytest.mark.parametrize("text", ["review: seawall\n", "- floor\n", "{{{", ""])
def test_what_is_no_file_of_reviewing_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert run("lint", file).code == 2
    assert run("lint", tmp_path / "none.yaml").code == 2


def test_a_looser_floor_than_a_rule_of_conduct_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "floor.yaml"
    text = shipped("wellness/floor.yaml")
    file.write_text(text.replace("longest_minutes: {value: 120", "longest_minutes: {value: 240"))
    refused = run("floor", "--file", file)
    assert refused.code == 2
    assert "longest_minutes" in refused.err


def test_golden_tasks_are_stocked_shown_and_retired(run: Run, people: dict[str, str]) -> None:
    assert json.loads(run("golden", "add", 4, "--by", "lea", "--json").out) == {"new": 4, "in_stock": 4}
    stock = rows_of(run("golden", "ls", "--json").out)
    assert sorted(each["answer"] for each in stock) == ["benign", "benign", "canary", "canary"]
    assert [each["by"] for each in recorded("review.golden_stocked")] == [people["lea"]] * 4
    first = stock[0]["id"]
    assert run("golden", "retire", first, "--by", "ada").out == "1 retired, 3 in stock\n"
    assert run("golden", "retire", first, "--by", "ada").out == "0 retired, 3 in stock\n"
    assert recorded("review.golden_retired") == [{"golden": first, "by": people["ada"]}]
    assert json.loads(run("golden", "retire", "--all", "--by", "lea", "--json").out) == {"retired": 3, "in_stock": 0}
    assert all(each["retired_at"] for each in rows_of(run("golden", "ls", "--json").out))


def test_the_stock_tells_nothing_that_a_page_shows(run: Run, people: dict[str, str]) -> None:
    run("golden", "add", 2, "--by", "lea")
    shown = run("golden", "ls").out + run("golden", "ls", "--json").out
    with opened() as (store, _, _), store.read() as connection:
        kept = list(connection.execute(golden_item.select()).mappings())
    for row in kept:
        assert row["sha256"][:12] not in shown
        assert row["vault"] not in shown


def test_one_that_is_not_there_retires_none(run: Run, people: dict[str, str]) -> None:
    run("golden", "add", 2, "--by", "lea")
    first = rows_of(run("golden", "ls", "--json").out)[0]["id"]
    refused = run("golden", "retire", first, "0" * 32, "--by", "lea")
    assert refused.err.startswith("error[not_found]: there is no such stand-in")
    assert [each["retired_at"] for each in rows_of(run("golden", "ls", "--json").out)] == [None, None]
    assert run("golden", "retire", "--by", "lea").code == 2
    assert run("golden", "add", 501, "--by", "lea").err.startswith("error[usage]: draw 1 to 500")


@pytest.mark.parametrize("name", ["rita0", "aude", "nobody"])
def test_who_reviews_stocks_nothing(run: Run, people: dict[str, str], tmp_path: Path, name: str) -> None:
    assert run("golden", "add", 2, "--by", name).code == 2
    assert run("vocabulary", "import", a_list(tmp_path), "--by", name).code == 2
    assert run("golden", "ls", "--json").out == run("vocabulary", "ls", "--json").out == ""


def a_list(folder: Path, label: str = "A zorblax") -> Path:
    file = folder / "example.csv"
    file.write_text(f"# name: example\n# version: 1\nsection,id,label\nkind,zb,{label}\nkind,fl,A flarn\n")
    return file


def test_a_vocabulary_is_imported_once_and_never_changed(run: Run, people: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        assert run("vocabulary", "import", a_list(tmp_path), "--by", "lea").out == "example 1: 2 terms\n"
    refused = run("vocabulary", "import", a_list(tmp_path, "Another"), "--by", "lea")
    assert refused.code == 2
    assert "Another" not in refused.err
    (found,) = rows_of(run("vocabulary", "ls", "--json").out)
    assert (found["name"], found["version"], found["terms"]) == ("example", "1", 2)
    assert found["sha256"] in run("vocabulary", "ls").out
    assert "zorblax" not in run("vocabulary", "ls").out


def rate(unit: str, role: str, label: str, queue: str = "review", at: str = "2026-03-02T09:00:00.000000Z") -> None:
    row = {"unit": unit, "role": role, "label": label, "queue": queue, "policy": "p" * 64, "at": at}
    with opened() as (store, _, _), store.begin() as connection:
        connection.execute(rating.insert(), row)


def test_agreement_is_told_by_queue_and_policy(run: Run) -> None:
    said = [("benign", "benign"), ("adult", "adult"), ("adult", "benign"), ("benign", "benign")]
    for number, (first, second) in enumerate(said):
        rate(f"{number:032x}", "first", first)
        rate(f"{number:032x}", "second", second)
    rate("f" * 32, "rule", "adult", "other")
    rate("f" * 32, "qa", "adult", "other")
    found = {each["queue"]: each for each in rows_of(run("agreement", "--json").out)}
    assert found["review"]["kappa_second"] == pytest.approx(0.5)
    assert found["review"]["units"] == 4
    assert (found["other"]["rules"], found["other"]["rules_right"]) == (1, 1)
    assert found["other"]["kappa_second"] is None
    (line,) = run("agreement", "--queue", "review").out.splitlines()[1:]
    assert line.split()[:5] == ["review", "p" * 12, "4", "0.53", "0.50"]
    assert run("agreement", "--since", "2026-03-03", "--json").out == ""
    assert run("agreement", "--since", "yesterday").code == 2


@pytest.fixture
def weeks(monkeypatch: pytest.MonkeyPatch, people: dict[str, str]) -> Callable[[int, int], None]:
    """Let so many reviewers have met so many severe items, each in the week before this one."""
    shown: list[Exposure] = []

    def exposures(_self: object, user: str, since: Any) -> list[Exposure]:
        start = since if isinstance(since, str) else to_iso(since)
        return [each for each in shown if each.user == user and each.shown_at >= start]

    monkeypatch.setattr(record.ViewingRecord, "exposures", exposures)
    today = system_clock()
    last = today - timedelta(days=today.weekday() + 4)

    def met(count: int, items: int) -> None:
        for number in range(count):
            for item in range(items):
                digest = f"{number:032x}{item:032x}"
                known = Exposure(digest[:32], digest[:32], digest, people[f"rita{number}"], "0" * 32, "task",
                                 Rung.FULL, 4, to_iso(last))  # fmt: skip
                shown.append(known)

    return met


def test_a_load_is_told_of_five_people_and_rounded(run: Run, weeks: Callable[[int, int], None]) -> None:
    weeks(5, 12)
    (found,) = rows_of(run("load", "--json").out)
    assert (found["people"], found["mean_severe"], found["mean_units"], found["budget"]) == (5, 10, 50, 240)
    assert run("load").out.splitlines()[1].split() == [found["week"], "5", "50", "10", "240"]


def test_of_fewer_than_five_people_nothing_is_told(run: Run, weeks: Callable[[int, int], None]) -> None:
    weeks(4, 12)
    told = run("load", "--json")
    assert told.out == ""
    assert told.err.startswith("no week can be told")


def test_no_command_takes_a_person_to_tell_of(run: Run) -> None:
    for command in ("load", "agreement", "seen", "floor"):
        assert not {"--user", "--person", "--by", "--reviewer"} & set(run(command, "--help").out.split())


def test_what_was_seen_once_is_counted(run: Run) -> None:
    found = json.loads(run("seen", "--json").out)
    assert {key: found[key] for key in ("judged", "unseen_equal", "unseen_near")} == {
        "judged": 0,
        "unseen_equal": 0,
        "unseen_near": 0,
    }
    assert run("seen").out.startswith("0 verdicts of people hold\n0 items were decided unseen")


def test_a_demo_opens_drills_alone(run: Run, seawall_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.cases import Cases

    made = json.loads(run("demo", "--cases", 2, "--json").out)["cases"]
    with opened() as (store, ledger, _):
        cases = [Cases(store, ledger).get(each) for each in made]
    assert [(each.drill, each.queue) for each in cases] == [(True, "drills")] * 2
    assert run("demo", "--cases", 21).code == 2
