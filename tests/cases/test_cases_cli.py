"""`seawall cases`: what a lead types, what is printed, what is on the record, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from seawall.cases import Cases, Submission
from seawall.cases.model import (
    Door,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
    NewVerdict,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
)
from seawall.casework import open_casework
from seawall.casework.rehearsal import rehearse
from seawall.cli import _main
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.settings import Settings
from seawall.store.tables import ledger_event
from seawall.users import Passwords, Role, Users, passwords

PASSWORD = "three plain boats"
LISTED = "ab" * 32
Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seawall ARGUMENTS...` in this process."""
    monkeypatch.setitem(_main.COMMANDS, "cases", "What people decide.")

    def go(*arguments: str) -> SimpleNamespace:
        with pytest.raises(SystemExit) as left:
            _main.main([*arguments])
        said = capsys.readouterr()
        return SimpleNamespace(code=left.value.code, out=said.out, err=said.err)

    return go


@contextmanager
def opened() -> Iterator[tuple[Cases, Users]]:
    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield Cases(store, ledger), Users(store, ledger, settings, passwords=Passwords())
        ledger.append_pending()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, seawall_home: Path) -> dict[str, str]:
    """Somebody of each role, and rex, who is disabled; the ids by name."""

    def cheap(**_parameters: Any) -> PasswordHasher:
        return PasswordHasher(1, 8, 1)

    monkeypatch.setattr(passwords, "PasswordHasher", cheap)
    with opened() as (_, users):
        roles = {"ada": Role.ADMIN, "lea": Role.LEAD, "rita": Role.REVIEWER, "rex": Role.LEAD, "aude": Role.AUDITOR}
        made = {name: users.add(name, role, PASSWORD).id for name, role in roles.items()}
        users.disable(made["rex"])
    return made


def an_opening(subject: str = "a-1", **changes: Any) -> Opening:
    evidence = {
        "matches": [
            {"list": "partner", "entry": "e-7", "type": "pdq", "distance": 4, "sha256": LISTED, "value": LISTED},
        ],
        "pdq": LISTED,
        "terms": ["zorblax"],
        "scores": {"photo": 0.91},
        "note": "a line\nand \x1b[31manother",
    }
    item = NewItem(f"k/{subject}", ItemKind.IMAGE, sha256=LISTED, ref="upload 17", evidence=evidence)
    known: dict[str, Any] = {
        "subject_kind": SubjectKind.ACCOUNT,
        "subject": subject,
        "door": Door.GUARD,
        "severity": Severity.HIGH,
        "category": "csem.grooming",
        "items": (item,),
    }
    return Opening(**(known | changes))


@pytest.fixture
def case(people: dict[str, str]) -> str:
    with opened() as (cases, _):
        return cases.open_case(an_opening())


def events(kind: str) -> list[dict[str, Any]]:
    with open_store(Settings.from_env()) as store, store.read() as connection:
        rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).mappings()
        found = [json.loads(row["data"]) for row in rows]
    return [each["body"] for each in found if each["kind"] == kind]


def test_cases_are_listed_the_most_urgent_first_a_page_at_a_time(run: Run, case: str) -> None:
    with opened() as (cases, _):
        mild = cases.open_case(an_opening("a-2", severity=Severity.LOW, category="other"))
        drill = cases.open_case(an_opening("a-3", drill=True, door=Door.DRILL, category="canary"))
    first = run("cases", "ls", "--json", "--no-drill", "--limit", "1")
    assert [json.loads(line)["id"] for line in first.out.splitlines()] == [case]
    assert first.err == f"there may be more: --after {case}\n"
    rest = run("cases", "ls", "--json", "--no-drill", "--after", case)
    assert [json.loads(line)["id"] for line in rest.out.splitlines()] == [mild]
    assert [line.split()[0] for line in run("cases", "ls", "--drill").out.splitlines()] == ["ID", drill]
    assert [line.split()[0] for line in run("cases", "ls", "--queue", "review").out.splitlines()] == ["ID", mild]
    assert run("cases", "ls", "--state", "closed", "--json").out == ""


@pytest.mark.parametrize("arguments", [("--queue", "none-such"), ("--state", "none-such"), ("--limit", "501")])
def test_what_there_is_not_is_an_error_that_names_what_there_is(run: Run, people: object, arguments: Any) -> None:
    refused = run("cases", "ls", *arguments)
    assert refused.code == 2
    assert refused.err.startswith("error[usage]: ")
    assert refused.out == "" or refused.out.startswith("ID")


def test_a_case_is_shown_whole_and_that_it_was_read_is_on_the_record(
    run: Run, case: str, people: dict[str, str]
) -> None:
    shown = run("cases", "show", case, "--by", "rita", "--json")
    told = json.loads(shown.out)
    assert told["case"]["state"] == "new"
    assert told["case"]["queue"] == "child-safety"
    assert [each["kind"] for each in told["events"]] == ["opened"]
    assert told["follows_from_events"] is True
    assert set(told["legal"]) == {"claim", "escalate", "hold", "assign"}
    assert told["items"][0]["labels"] == []
    assert events("read") == [{"user": people["rita"], "what": "case", "item": case}]


def test_nothing_of_a_list_and_no_term_is_printed(run: Run, case: str) -> None:
    for arguments in ((), ("--json",)):
        out = run("cases", "show", case, *arguments).out
        assert LISTED not in out
        assert "zorblax" not in out
        assert "\x1b" not in out
        assert "matches entry: e-7" in out
        assert "scores photo: 0.91" in out
        assert LISTED[:12] in out


def test_whoever_is_not_named_reads_as_the_command_line(run: Run, case: str) -> None:
    assert run("cases", "show", case).code == 0
    assert [each["user"] for each in events("read")] == ["command line"]


def test_an_auditor_may_read_an_administrator_may_not(run: Run, case: str) -> None:
    assert run("cases", "show", case, "--by", "aude").code == 0
    for name, code in (("ada", "not_permitted"), ("rex", "not_permitted"), ("nobody", "not_found")):
        refused = run("cases", "show", case, "--by", name)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith(f"error[{code}]: ")
    assert len(events("read")) == 1


def test_a_case_that_is_not_there_was_not_read(run: Run, people: object) -> None:
    refused = run("cases", "show", "0" * 32)
    assert refused.err.startswith("error[not_found]: there is no case with this id")
    assert events("read") == []


def test_a_lead_steers_a_case(run: Run, case: str, people: dict[str, str]) -> None:
    held = run("cases", "hold", case, "--by", "lea", "--reason", "an answer of the police", "--json")
    assert json.loads(held.out)["state"] == "on_hold"
    assert run("cases", "resume", case, "--by", "lea").out == f"{case}  new, queue child-safety\n"
    kept = run("cases", "assign", case, "--by", "lea", "--to", "rita", "--json")
    assert json.loads(kept.out)["assigned"] == people["rita"]
    freed = run("cases", "assign", case, "--by", "lea", "--nobody", "--json")
    assert json.loads(freed.out)["assigned"] is None
    assert "escalated" in run("cases", "escalate", case, "--by", "lea", "--reason", "hard to tell").out
    told = json.loads(run("cases", "show", case, "--json").out)
    assert [each["kind"] for each in told["events"]] == [
        *("opened", "held", "resumed", "assigned", "assigned", "escalated"),
    ]
    assert {each["person"] for each in told["events"][1:]} == {people["lea"]}
    with opened() as (_, users):
        pseudonym = users.get(people["lea"]).pseudonym
    words = run("cases", "show", case).out
    assert f"held -> on_hold by {pseudonym}: an answer of the police" in words
    assert people["lea"] not in words


@pytest.mark.parametrize("name", ["rita", "ada", "aude", "rex"])
def test_nobody_else_steers_a_case(run: Run, case: str, name: str) -> None:
    refused = run("cases", "hold", case, "--by", name, "--reason", "why not")
    assert refused.code == 2
    assert refused.err.startswith("error[not_permitted]: ")
    assert [each["kind"] for each in json.loads(run("cases", "show", case, "--json").out)["events"]] == ["opened"]


@pytest.mark.parametrize("to", [("--to", "ada"), ("--to", "rex"), ("--to", "nobody"), (), ("--to", "rita", "--nobody")])
def test_a_case_is_kept_for_reviewers_alone(run: Run, case: str, to: tuple[str, ...]) -> None:
    assert run("cases", "assign", case, "--by", "lea", *to).code == 2
    assert json.loads(run("cases", "show", case, "--json").out)["case"]["assigned"] is None


def test_what_a_state_does_not_allow_is_refused(run: Run, case: str) -> None:
    refused = run("cases", "reopen", case, "--by", "lea", "--reason", "look again")
    assert refused.err == (
        "error[case_state]: a case that is new cannot be reopened ('seawall cases show CASE' says what it allows)\n"
    )
    assert run("cases", "hold", case, "--by", "lea", "--reason", "  ").err.startswith("error[usage]: ")


def test_queues_are_shown_in_the_order_of_the_policy(run: Run, case: str) -> None:
    rows = [json.loads(line) for line in run("cases", "queues", "--json").out.splitlines()]
    assert [row["queue"] for row in rows][:2] == ["drills", "danger"]
    assert [row["queue"] for row in rows if row["open"]] == ["child-safety"]
    assert "4 hours" in next(line for line in run("cases", "queues").out.splitlines() if "child-safety" in line)


def test_the_policy_is_printed_and_checked_with_its_hash(run: Run, seawall_home: Path, tmp_path: Path) -> None:
    text = (files("seawall.cases") / "review.yaml").read_text("utf-8")
    shipped = json.loads(run("cases", "policy", "--json").out)
    assert shipped["policy"]["escalation"] == "escalated"
    assert shipped["sha256"] in run("cases", "policy").out
    other = tmp_path / "review.yaml"
    other.write_text(text.replace("skip_minutes: 60", "skip_minutes: 61"))
    checked = json.loads(run("cases", "policy", "lint", str(other), "--json").out)
    assert (checked["queues"], checked["shipped"]) == (8, False)
    assert checked["sha256"] != shipped["sha256"]
    assert json.loads(run("cases", "policy", "--file", str(other), "--json").out)["sha256"] == checked["sha256"]
    seawall_home.mkdir(exist_ok=True)
    (seawall_home / "review.yaml").write_text(other.read_text())
    assert checked["sha256"] in run("cases", "policy", "lint").out


def test_a_policy_with_a_slip_of_the_pen_is_refused_by_place(run: Run, tmp_path: Path) -> None:
    text = (files("seawall.cases") / "review.yaml").read_text("utf-8")
    other = tmp_path / "review.yaml"
    other.write_text(text.replace("otherwise: single", "otherwise: simple"))
    refused = run("cases", "policy", "lint", str(other))
    assert refused.code == 2
    assert "verification: otherwise" in refused.err
    assert run("cases", "policy", "lint", str(tmp_path / "none.yaml")).err.startswith("error[review_policy]: ")


def test_the_help_imports_no_database() -> None:
    import subprocess
    import sys

    script = (
        "import sys\nimport seawall.cli.cases\n"
        "sys.exit(','.join(sorted({'sqlalchemy', 'numpy', 'PIL', 'cryptography'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def say(case: str, person: str, label: Label, outcome: Outcome, **more: Any) -> None:
    with open_casework(Settings.from_env()) as casework:
        claim = casework.cases.claim(person)
        assert claim is not None
        assert claim.case.id == case
        why = "" if label in (Label.BENIGN, Label.CANARY) else "clause 4"
        verdicts = tuple(NewVerdict(each.id, label, rationale=why) for each in casework.cases.items(case))
        casework.cases.submit(claim.task.id, person, claim.task.token, Submission(verdicts, outcome, **more))


def test_what_the_first_said_is_not_shown_before_the_second_has_spoken(
    run: Run, case: str, people: dict[str, str]
) -> None:
    say(case, people["rita"], Label.BENIGN, Outcome.NO_VIOLATION)
    out = run("cases", "show", case, "--json").out + run("cases", "show", case).out
    assert '"state": "awaiting_second"' in out
    assert "benign" not in out
    assert "no_violation" not in out
    say(case, people["lea"], Label.BENIGN, Outcome.NO_VIOLATION)
    told = json.loads(run("cases", "show", case, "--json").out)
    assert told["items"][0]["labels"] == ["benign"]
    assert [each["outcome"] for each in told["decisions"]] == ["no_violation"]
    assert (told["decisions"][0]["first"], told["decisions"][0]["second"]) == (people["rita"], people["lea"])


def test_a_decided_case_tells_what_follows_and_what_is_kept(run: Run, people: dict[str, str]) -> None:
    with open_casework(Settings.from_env()) as casework:
        (case,) = rehearse(casework)
    reasons, effects = ("clause 4",), (EffectKind.REMOVE, EffectKind.NOTIFY)
    say(case, people["rita"], Label.CANARY, Outcome.NOT_REPORTABLE, reasons=reasons, effects=effects)
    told = json.loads(run("cases", "show", case, "--json").out)
    assert told["case"]["drill"] is True
    assert [each["labels"] for each in told["items"]] == [["canary"], ["canary"]]
    assert {each["viewed"] for each in told["items"]} == {"unviewed"}
    assert [each["kind"] for each in told["effects"]].count("remove") == 2
    assert {each["done_at"] for each in told["effects"]} == {None}
    assert {each["object"] for each in told["holds"]} == {each["vault"] for each in told["items"]}
    words = run("cases", "show", case).out
    assert "DRILL" in words
    assert ": not_reportable (remove, notify) by " in words
    assert words.count("remove, waits since") == 2
    assert words.endswith("now possible: appeal, overturn, reopen\n")
