"""Waits: they grow and end, tell nothing about who exists, and let no stranger keep an administrator out."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import sign_in_wait
from seawall.users import LockoutRules, MustWait, Passwords, Role, SignInRefused, User, Users, Waits

PASSWORD = "three plain boats"


def wrong(users: Users, name: str = "adelaide", **where: Any) -> type[Exception]:
    with pytest.raises(SignInRefused) as refused:
        users.sign_in.password(name, "not the password", **where)
    return refused.type


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    waits = Waits(5)
    assert [waits.after(count) for count in (0, 5)] == [None, None]
    assert [waits.after(count) for count in (6, 7, 8)] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert {waits.after(count) for count in (20, 1000, 10**9)} == {timedelta(minutes=15)}


def test_after_a_few_failures_there_is_a_wait_that_ends(users: Users, admin: User, moment: Any) -> None:
    assert [wrong(users) for _ in range(7)] == [SignInRefused] * 6 + [MustWait]
    with pytest.raises(MustWait) as wait:
        users.sign_in.password("adelaide", PASSWORD)
    assert wait.value.seconds == 30
    moment.pass_by(seconds=31)
    assert users.sign_in.password("adelaide", PASSWORD) == admin
    assert wrong(users) is SignInRefused


def test_attempts_during_a_wait_make_it_no_longer(users: Users, admin: User, moment: Any) -> None:
    for _ in range(100):
        wrong(users)
    moment.pass_by(seconds=31)
    assert users.sign_in.password("adelaide", PASSWORD) == admin


def test_names_that_nobody_has_wait_like_those_that_somebody_has(users: Users, admin: User) -> None:
    gone = users.add("greg", Role.REVIEWER, PASSWORD)
    users.disable(gone.id)
    users.add("sol", Role.REVIEWER, subject=("https://issuer.example", "s"))

    def answers(name: str) -> list[tuple[str, int]]:
        found = []
        for _ in range(9):
            with pytest.raises(SignInRefused) as refused:
                users.sign_in.password(name, "not the password")
            found.append((str(refused.value), getattr(refused.value, "seconds", 0)))
        return found

    assert answers("adelaide") == answers("nobody") == answers("greg") == answers("sol") == answers("Nobody Else")


def test_each_refusal_takes_one_verification_whoever_it_is_for(users: Users, admin: User, cheap: Passwords) -> None:
    verified: list[str | None] = []
    honest = cheap.verify

    def counting(stored: str | None, password: str) -> bool:
        verified.append("somebody" if stored else "nobody")
        return honest(stored, password)

    cheap.verify = counting  # type: ignore[method-assign]
    wrong(users)
    wrong(users, "nobody")
    assert verified == ["somebody", "nobody"]


def test_a_stranger_makes_nobody_wait_in_a_browser_that_is_known(users: Users, admin: User) -> None:
    device = users.sign_in.remember_device(admin.id, None)
    for _ in range(30):
        wrong(users, address="192.0.2.1")
    with pytest.raises(MustWait):
        users.sign_in.password("adelaide", PASSWORD, address="192.0.2.7")
    assert users.sign_in.password("adelaide", PASSWORD, address="192.0.2.1", device=device) == admin


def test_a_known_browser_is_known_for_its_owner_alone(users: Users, admin: User, rhea: User, moment: Any) -> None:
    device = users.sign_in.remember_device(rhea.id, None)
    for _ in range(6):
        wrong(users, device=device)
    assert wrong(users, device=device) is MustWait
    assert [wrong(users, "rhea", device=device) for _ in range(12)][10:] == [SignInRefused, MustWait]
    moment.pass_by(days=181)
    for _ in range(6):
        wrong(users, "rhea", device=device)
    assert wrong(users, "rhea", device=device) is MustWait


def test_only_so_many_browsers_are_known(users: Users, admin: User, moment: Any) -> None:
    devices = []
    for _ in range(12):
        moment.pass_by(seconds=1)
        devices.append(users.sign_in.remember_device(admin.id, None))
    assert users.sign_in.remember_device(admin.id, devices[-1]) == devices[-1]
    for _ in range(7):
        wrong(users)
    for device in devices[2:]:
        assert users.sign_in.password("adelaide", PASSWORD, device=device) == admin
    with pytest.raises(MustWait):
        users.sign_in.password("adelaide", PASSWORD, device=devices[0])


def test_an_address_that_tries_many_names_waits(users: Users, admin: User) -> None:
    for number in range(21):
        assert wrong(users, f"name{number}", address="192.0.2.1") is SignInRefused
    assert wrong(users, "another", address="192.0.2.1") is MustWait
    assert wrong(users, "another", address="192.0.2.2") is SignInRefused


def test_signing_in_to_ones_own_account_buys_no_guesses_at_others(users: Users, admin: User, rhea: User) -> None:
    for number in range(21):
        wrong(users, f"name{number}", address="192.0.2.1")
        if number < 20:
            users.sign_in.password("rhea", PASSWORD, address="192.0.2.1")
    assert wrong(users, "another", address="192.0.2.1") is MustWait


def test_many_at_once_get_no_more_guesses(users: Users, admin: User) -> None:
    found: list[type[Exception]] = []

    def guess() -> None:
        for _ in range(5):
            try:
                users.sign_in.password("adelaide", "not the password")
            except SignInRefused as refused:
                found.append(type(refused))

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 20
    assert found.count(SignInRefused) == 6


def test_a_right_password_buys_no_guesses_at_codes(users: Users, admin: User) -> None:
    found = []
    for _ in range(8):
        users.sign_in.password("adelaide", PASSWORD)
        with pytest.raises(SignInRefused) as refused:
            users.sign_in.factor(admin, "000000")
        found.append(refused.type)
    assert found == [SignInRefused] * 6 + [MustWait] * 2


def test_an_operator_forgets_failures(users: Users, admin: User) -> None:
    for _ in range(7):
        wrong(users)
    users.unlock(admin.id)
    assert users.sign_in.password("adelaide", PASSWORD) == admin


def test_a_wait_is_recorded_once_for_somebody_and_never_for_nobody(
    users: Users, admin: User, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    for _ in range(20):
        wrong(users)
        wrong(users, "nobody")
    assert [event["user"] for event in events("user.must_wait")] == [admin.id]


def test_failures_are_forgotten_after_a_day(users: Users, admin: User, store: Store, moment: Any) -> None:
    for number in range(5):
        wrong(users, f"name{number}", address=f"192.0.2.{number}")
    moment.pass_by(days=1, seconds=1)
    users.sign_in.password("adelaide", PASSWORD)
    with store.read() as connection:
        assert connection.execute(sign_in_wait.select()).all() == []


RULES = LockoutRules(user=Waits(2, 10, 60), address=Waits(4, 10, 60), device=Waits(3, 10, 60))


class Doors(RuleBasedStateMachine):
    """An administrator, and strangers who try to get in or to keep them out."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.folder = Path(tempfile.mkdtemp(prefix="seawall-doors-"))
        shutil.copy(self.template, self.folder / "db")
        self.store = Store.open(f"sqlite:///{self.folder / 'db'}", clock=lambda: self.now)
        ledger = Ledger(self.store, KeyFile(self.folder / "keys"))
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.users = Users(self.store, ledger, Settings(self.folder, ""), passwords=cheap, rules=RULES)
        self.guesses: list[tuple[datetime, str]] = []
        self.device = ""
        self.owner_failed = 0

    @initialize()
    def admin(self) -> None:
        self.adelaide = self.users.add("adelaide", Role.ADMIN, PASSWORD)
        self.device = self.users.sign_in.remember_device(self.adelaide.id, None)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(
        name=st.sampled_from(["adelaide", "nobody"]),
        address=st.sampled_from(["a", "b", "c", None]),
        count=st.integers(1, 6),
    )
    def strangers_guess(self, name: str, address: str | None, count: int) -> None:
        for _ in range(count):
            try:
                self.users.sign_in.password(name, "not the password", address=address)
            except MustWait as wait:
                assert 1 <= wait.seconds <= 60
            except SignInRefused:
                self.guesses.append((self.now, name))
            else:
                raise AssertionError("a wrong password let somebody in")

    @rule(seconds=st.integers(1, 200))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def the_owner_signs_in_where_they_did_before(self) -> None:
        if self.owner_failed < RULES.device.free:
            assert (
                self.users.sign_in.password("adelaide", PASSWORD, address="a", device=self.device).id
                == self.adelaide.id
            )
            self.owner_failed = 0

    @rule()
    def the_owner_mistypes(self) -> None:
        with pytest.raises(SignInRefused):
            self.users.sign_in.password("adelaide", "not my password", address="a", device=self.device)
        self.owner_failed += 1

    @precondition(lambda self: self.owner_failed)
    @rule()
    def the_owner_waits(self) -> None:
        self.now += timedelta(seconds=61)
        assert self.users.sign_in.password("adelaide", PASSWORD, device=self.device).id == self.adelaide.id
        self.owner_failed = 0

    @rule()
    def the_owner_comes_from_elsewhere_after_the_longest_wait(self) -> None:
        self.now += timedelta(seconds=61)
        assert self.users.sign_in.password("adelaide", PASSWORD, address="new").id == self.adelaide.id
        self.guesses = [each for each in self.guesses if each[1] != "adelaide"]

    @invariant()
    def guesses_are_few(self) -> None:
        for name in ("adelaide", "nobody"):
            late = [at for at, whose in self.guesses if whose == name and at > self.now - timedelta(seconds=9)]
            # Before the first wait there are the free ones and the one that begins it; after that one for each wait.
            assert len(late) <= RULES.user.free + 1


def test_no_order_of_events_keeps_the_owner_out_or_lets_a_stranger_guess(migrated_sqlite: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Doors.template = migrated_sqlite
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Doors,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
