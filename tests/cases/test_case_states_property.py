"""Whatever is tried with a case: what is offered can be done, what is refused changes nothing, its log tells all."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from seawall.cases import Claim, LeaseLost, NotForYou
from seawall.cases.errors import CaseError, IllegalTransition
from seawall.cases.model import CaseState, EffectKind, Label, Severity
from seawall.cases.states import OPEN, replay
from seawall.store import Store
from tests.cases.case_office import Hands, case_office, item

PEOPLE = ("ada", "ben", "cem", "deb", "eve", "fay")
people = st.sampled_from(PEOPLE)
_folders = itertools.count(1)


def machine(database: Path, folder: Path) -> type[RuleBasedStateMachine]:
    class States(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            home = folder / str(next(_folders))
            home.mkdir()
            shutil.copy(database, home / "cases.db")
            self.clock = Hands()
            self.store = Store.open(f"sqlite:///{home / 'cases.db'}", clock=self.clock)
            self.office = case_office(self.store, self.clock, home)
            self.held: dict[str, Claim] = {}

        def teardown(self) -> None:
            self.store.close()

        @initialize(severity=st.sampled_from([Severity.MEDIUM, Severity.CRITICAL]))
        def open(self, severity: Severity) -> None:
            self.case = self.office.open(subject="a-1", severity=severity)

        @property
        def state(self) -> CaseState:
            return self.office.cases.get(self.case).state

        @rule()
        def more_is_found(self) -> None:
            if self.state in OPEN:
                assert self.office.open(item(), subject="a-1") == self.case

        @rule(person=people)
        def claim(self, person: str) -> None:
            got = self.office.cases.claim(person)
            if got is not None and got.case.id == self.case:
                self.held[person] = got

        @rule(person=people, label=st.sampled_from([Label.BENIGN, Label.ADULT, Label.UNSURE]))
        def submit(self, person: str, label: Label) -> None:
            claim = self.held.get(person)
            if claim is None:
                return
            before = len(self.office.cases.events(self.case))
            try:
                self.office.say(claim, person, label, effects=(EffectKind.REMOVE,) if label is Label.ADULT else ())
            except (CaseError, LeaseLost, NotForYou):
                assert len(self.office.cases.events(self.case)) == before
            self.held.pop(person)

        @rule(move=st.sampled_from(["hold", "resume", "escalate", "reopen"]), person=people)
        def steer(self, move: str, person: str) -> None:
            before = self.office.cases.get(self.case)
            offered = move in self.office.cases.legal(before.state)
            try:
                getattr(self.office.cases, move)(self.case, person, "because")
            except IllegalTransition:
                assert not offered, f"{move} was offered in {before.state}"
                assert self.office.cases.get(self.case).version == before.version
            except CaseError:
                # Another case of the subject is open, or somebody had a part in it.
                assert self.office.cases.get(self.case).version == before.version
            else:
                same = self.office.cases.get(self.case).version == before.version
                assert offered or (same and move == "escalate"), f"{move} was not offered in {before.state}"

        @rule(person=people)
        def overturn(self, person: str) -> None:
            decisions = self.office.cases.decisions(self.case)
            if not decisions:
                return
            had_part = person in (decisions[-1].first, decisions[-1].second)
            before = self.office.cases.get(self.case)
            try:
                with self.store.begin() as connection:
                    self.office.cases.overturn(connection, decisions[-1].id, person=person, reason="it was not so")
            except CaseError:
                assert self.office.cases.get(self.case).version == before.version
            else:
                assert not had_part

        @rule(minutes=st.sampled_from([1, 10, 120]))
        def time_passes(self, minutes: int) -> None:
            self.clock.turn(minutes=minutes)

        @invariant()
        def the_log_tells_the_state(self) -> None:
            if not hasattr(self, "case"):
                return
            case = self.office.cases.get(self.case)
            events = self.office.cases.events(self.case)
            assert replay(each.kind for each in events) is case.state
            assert [each.number for each in events] == list(range(1, len(events) + 1))
            assert case.version == len(events)
            assert self.office.cases.verify(self.case)

        @invariant()
        def of_decisions_one_stands_and_nobody_is_in_it_twice(self) -> None:
            if not hasattr(self, "case"):
                return
            decisions = self.office.cases.decisions(self.case)
            superseded = {each.supersedes for each in decisions}
            assert len([each for each in decisions if each.id not in superseded]) == min(1, len(decisions))
            assert all(each.first != each.second for each in decisions)

        @invariant()
        def an_open_case_waits_for_somebody(self) -> None:
            if not hasattr(self, "case"):
                return
            case = self.office.cases.get(self.case)
            if case.state in OPEN:
                status = {each.queue: each for each in self.office.cases.queues()}
                assert sum(each.open for each in status.values()) >= 1

    return States


def test_a_case_is_what_its_log_tells_whatever_is_tried(migrated_sqlite: Path, tmp_path: Path) -> None:
    chosen = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine(migrated_sqlite, tmp_path), settings=chosen)


@pytest.mark.parametrize("state", list(CaseState))
def test_every_state_offers_only_what_its_table_knows(state: CaseState) -> None:
    from seawall.cases import Cases

    known = {"claim", "escalate", "hold", "resume", "assign", "appeal", "uphold", "overturn", "reopen"}
    assert set(Cases.legal(state)) <= known
