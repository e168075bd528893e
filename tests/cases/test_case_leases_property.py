"""Leases, whatever people do in whatever order: one holder, no draft lost, nothing skipped comes back, none starves."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from seawall.cases import Claim, LeaseLost
from seawall.store import Store
from tests.cases.case_office import CaseOffice, Hands, case_office

PEOPLE = ("ada", "ben", "cem")
FEW = 3
"""So few cases at a time that people get in each other's way."""
people = st.sampled_from(PEOPLE)
_folders = itertools.count(1)


@dataclass
class Held:
    """What is expected of a task."""

    case: str
    owner: str | None = None
    token: int = 0
    until: datetime | None = None
    drafts: dict[str, dict[str, str]] = field(default_factory=dict)
    aside: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    given: dict[str, list[Claim]] = field(default_factory=dict)

    def free(self, now: datetime) -> bool:
        return self.owner is None or (self.until is not None and self.until < now)


def machine(database: Path, folder: Path) -> type[RuleBasedStateMachine]:
    class Leases(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            home = folder / str(next(_folders))
            home.mkdir()
            shutil.copy(database, home / "cases.db")
            self.clock = Hands()
            self.store = Store.open(f"sqlite:///{home / 'cases.db'}", clock=self.clock)
            self.office: CaseOffice = case_office(self.store, self.clock, home)
            self.lease = timedelta(seconds=self.office.cases.policy.lease_seconds)
            self.rest = timedelta(minutes=self.office.cases.policy.skip_minutes)
            self.tasks: dict[str, Held] = {}
            self.waiting: set[str] = set()
            self.texts = itertools.count(1)

        def teardown(self) -> None:
            self.store.close()

        @precondition(lambda self: len(self.waiting) + len(self.tasks) < FEW)
        @rule()
        def something_is_found(self) -> None:
            self.waiting.add(self.office.open())

        @rule(minutes=st.sampled_from([1, 6, 61]))
        def time_passes(self, minutes: int) -> None:
            self.clock.turn(minutes=minutes)

        @rule(person=people)
        def claim(self, person: str) -> None:
            now = self.clock()
            mine = [each for each in self.tasks.values() if each.owner == person]
            got = self.office.cases.claim(person)
            if got is None:
                assert not mine, "who holds something goes on with it"
                assert not self.waiting, "nothing that nobody had is kept back"
                left = [each for each in self.tasks.values() if each.free(now)]
                assert all(self.resting(each, person, now) for each in left), "nobody starves beside free tasks"
                return
            known = self.tasks.setdefault(got.task.id, Held(got.case.id))
            self.waiting.discard(got.case.id)
            if mine:
                assert known in mine
                assert got.task.token == known.token
            else:
                assert known.free(now), "nobody else holds it"
                assert not self.resting(known, person, now), "what was skipped does not come back"
                assert got.task.token > known.token, "who had it before is fenced"
            known.owner, known.token, known.until = person, got.task.token, now + self.lease
            known.given.setdefault(person, []).append(got)
            assert got.task.draft == known.drafts.get(person, {}), "no draft is lost, and none is anybody else's"

        def resting(self, held: Held, person: str, now: datetime) -> bool:
            if person not in held.aside:
                return False
            at, token = held.aside[person]
            return at > now - self.rest and token >= held.token

        @precondition(lambda self: self.tasks)
        @rule(data=st.data(), person=people, write=st.booleans())
        def heartbeat(self, data: st.DataObject, person: str, write: bool) -> None:
            known, got = self.picked(data, person)
            if got is None:
                return
            draft = {"fields": str(next(self.texts))} if write else None
            holds = known.owner == person and known.token == got.task.token
            if draft is not None:
                known.drafts[person] = draft
            if not holds:
                with pytest.raises(LeaseLost):
                    self.office.cases.heartbeat(got.task.id, person, got.task.token, draft)
                return
            task = self.office.cases.heartbeat(got.task.id, person, got.task.token, draft)
            known.until = self.clock() + self.lease
            assert task.draft == known.drafts.get(person, {})

        @precondition(lambda self: self.tasks)
        @rule(person=people, other=people)
        def somebody_else_takes_over(self, person: str, other: str) -> None:
            for each in (person, other, person):
                self.claim(each)
                self.clock.turn(minutes=6)

        @precondition(lambda self: self.tasks)
        @rule(data=st.data(), person=people)
        def give_back(self, data: st.DataObject, person: str) -> None:
            known, got = self.picked(data, person)
            if got is None:
                return
            if known.owner != person or known.token != got.task.token:
                with pytest.raises(LeaseLost):
                    self.office.cases.release(got.task.id, person, got.task.token, reason="not now")
                return
            self.office.cases.release(got.task.id, person, got.task.token, reason="not now")
            known.owner, known.until = None, None
            known.aside[person] = (self.clock(), known.token)

        @precondition(lambda self: self.tasks)
        @rule(data=st.data(), person=people)
        def decide(self, data: st.DataObject, person: str) -> None:
            known, got = self.picked(data, person)
            if got is None:
                return
            if known.owner != person or known.token != got.task.token:
                with pytest.raises(LeaseLost):
                    self.office.say(got, person)
                return
            assert self.office.say(got, person).decision is not None
            assert len(self.office.cases.decisions(known.case)) == 1
            del self.tasks[got.task.id]

        def picked(self, data: st.DataObject, person: str) -> tuple[Held, Claim | None]:
            known = data.draw(st.sampled_from(list(self.tasks.values())))
            given = known.given.get(person)
            # Also with a claim of theirs that was over long ago.
            return known, data.draw(st.sampled_from(given)) if given else None

        @invariant()
        def what_people_hold_is_what_they_were_given(self) -> None:
            for person in PEOPLE:
                held = {each.id: each.token for each in self.office.cases.held(person)}
                assert held == {key: each.token for key, each in self.tasks.items() if each.owner == person}, (
                    "one holder, and nothing else"
                )

    return Leases


def test_leases_keep_their_promises_whatever_people_do(migrated_sqlite: Path, tmp_path: Path) -> None:
    chosen = settings(max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine(migrated_sqlite, tmp_path), settings=chosen)
