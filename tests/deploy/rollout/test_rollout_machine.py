"""Whatever happens in whatever order: nobody gets in ahead of the verdict, and a kill holds until it is revived."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from seawall.deploy.rollout import NotAdvanced, RolloutRefused, Verdict
from tests.deploy.rollout.conftest import Bench


def test_no_order_of_events_opens_a_stage_without_the_verdict_or_two_persons(migrated_sqlite: Path) -> None:
    class Release(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.folder = Path(tempfile.mkdtemp())
            shutil.copy(migrated_sqlite, self.folder / "x.db")
            self.bench = Bench(f"sqlite:///{self.folder / 'x.db'}", self.folder / "home")
            self.bench.plan()
            self.place, self.killed = 0, False

        def teardown(self) -> None:
            if hasattr(self, "bench"):
                self.bench.store.close()
                shutil.rmtree(self.folder)

        @rule(good=st.integers(0, 600), bad=st.integers(0, 6), failed=st.integers(0, 6), hours=st.integers(0, 80))
        def use(self, good: int, bad: int, failed: int, hours: int) -> None:
            self.bench.clock.move(hours=hours)
            if good + bad + failed:
                self.bench.watch(good, bad, failed)
            now = self.bench.rollouts.status("aurora")[0].row.stage
            assert now <= self.place
            self.place = now

        @rule()
        def advance(self) -> None:
            before = self.bench.rollouts.status("aurora")[0]
            try:
                after = self.bench.rollouts.advance("aurora", person="pat")
            except (NotAdvanced, RolloutRefused):
                # Looking may have closed an override.
                assert self.bench.rollouts.status("aurora")[0].row.stage <= self.place
            else:
                assert before.opinion.verdict is Verdict.PASS
                assert not before.row.frozen
                assert after.row.stage == before.row.stage + 1
            self.place = self.bench.rollouts.status("aurora")[0].row.stage

        @rule(days=st.integers(1, 20))
        def override(self, days: int) -> None:
            until = self.bench.clock.now + timedelta(days=days)
            with suppress(RolloutRefused):
                self.bench.rollouts.override("aurora", persons=("pat", "kim"), reason="x", expires=until)
            self.place = self.bench.rollouts.status("aurora")[0].row.stage

        @rule(frozen=st.booleans())
        def freeze(self, frozen: bool) -> None:
            with suppress(RolloutRefused):
                if frozen:
                    self.bench.rollouts.freeze("aurora", person="pat", reason="x")
                else:
                    self.bench.rollouts.unfreeze("aurora", person="pat", reason="x")

        @rule()
        def kill(self) -> None:
            self.bench.book.switch.kill("aurora", person="pat", reason="x")
            self.killed = True

        @rule()
        def revive(self) -> None:
            try:
                self.bench.rollouts.revive("aurora", self.bench.book.switch, person="pat", reason="x")
            except RolloutRefused:
                assert not self.killed
            self.killed = False

        @invariant()
        def admission_is_what_the_database_says(self) -> None:
            self.bench.book.tick()
            self.place = min(self.place, self.bench.rollouts.status("aurora")[0].row.stage)
            admitted = self.bench.book.admit("aurora", "ada")
            if self.killed:
                assert admitted.reason == "rollout:killed"
            else:
                assert admitted.allowed == (self.place >= 0)

    run_state_machine_as_test(
        Release,
        settings=settings(
            max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_machine_itself_needs_a_plan(lite: Bench) -> None:
    assert lite.book.refresh()
    assert lite.book.admit("aurora", "ada").allowed
    with pytest.raises(Exception, match="no plan"):
        lite.rollouts.advance("aurora", person="pat")
