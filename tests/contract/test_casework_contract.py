"""From what the guard stops to what the host is told, with real servers and real people's hands on the library."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from seawall.cases import Cases, Submission
from seawall.cases.model import EffectKind, Label, NewVerdict, Outcome
from seawall.casework import open_casework
from seawall.settings import Settings
from tests.contract.gateway_pair import words
from tests.ui.console_site import Site, served

PEOPLE = ("1" * 32, "2" * 32)


def judge(cases: Cases, person: str) -> Any:
    claim = cases.claim(person)
    assert claim is not None
    said = tuple(NewVerdict(each, Label.CANARY) for each in sorted(cases.asked(claim.task.id)))
    wanted = Submission(said, Outcome.REPORTABLE, (EffectKind.REMOVE, EffectKind.STRIKE), ("drill-1",))
    return cases.submit(claim.task.id, person, claim.task.token, wanted)


def until(what: Any, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


def settings_of(site: Site) -> Settings:
    return Settings.from_env(os.environ | {"SEAWALL_HOME": str(site.home)})


def test_what_the_guard_stops_is_decided_by_two_and_the_host_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with served(home, "--detectors", "canary") as site:
        asked = {"account": "acct-7", "prompt": words("ab")}
        reply = site.ask("POST", "/v1/check/input", asked)
        assert (reply["action"], reply["drill"]) == ("block", True)
        assert site.ask("POST", "/v1/check/input", {"account": "acct-7", "prompt": "a boat"})["action"] == "allow"
        with open_casework(settings_of(site)) as casework:
            (case,) = casework.cases.list()
            assert (case.subject, case.queue, case.drill) == ("acct-7", "drills", True)
            (item,) = casework.cases.items(case.id)
            assert item.decision_id == reply["decision_id"]
            assert words("a") not in repr(item)
            assert judge(casework.cases, PEOPLE[0]).decision is None
            decision = judge(casework.cases, PEOPLE[1]).decision
            assert decision is not None
            # The server's own workers do the rest.
            done = until(lambda: all(each.done_at for each in casework.cases.effects(case.id)))
            assert done
            results = {each.kind: each.result for each in casework.cases.effects(case.id)}
            assert results[EffectKind.STRIKE]["skipped"] == "drill"
