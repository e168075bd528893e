"""Admission and the kill switch: from local files, closed whenever it cannot be told."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.guard.contract import Rollouts
from seawall.deploy.rollout import ALL, KillSwitch, KillSwitchUnusable, RolloutBook, RolloutRefused
from seawall.deploy.rollout.book import posture_file
from seawall.deploy.rollout.killswitch import file_of
from seawall.deploy.rollout.posture import Gate, Posture, bucket
from seawall.errors import StorageFull
from seawall.policy.guard import CheckKind

if TYPE_CHECKING:
    from tests.deploy.rollout.conftest import Bench

SALT = "ab" * 32
CROWD = [f"account-{number}" for number in range(4000)]


def _gate(percent: float, salt: str = SALT) -> Gate:
    return Gate(salt, frozenset(), percent, False, frozenset(CheckKind))


def _ticking() -> float:
    _ticking.now += 1  # type: ignore[attr-defined]
    return float(_ticking.now)  # type: ignore[attr-defined]


_ticking.now = 0.0  # type: ignore[attr-defined]


def _switch(home: Path) -> KillSwitch:
    return KillSwitch(home, monotonic=_ticking)


def test_it_is_the_rollouts_of_the_guard(lite: Bench) -> None:
    rollouts: Rollouts = lite.book
    lite.plan()
    assert rollouts.admit("aurora", "ada").allowed


@pytest.mark.parametrize(
    ("percent", "least", "most"), [(1, 15, 70), (10, 320, 480), (50, 1850, 2150), (100, 4000, 4000)]
)
def test_a_percentage_admits_about_that_share(percent: float, least: int, most: int) -> None:
    assert least <= sum(_gate(percent).admits(account) for account in CROWD) <= most


@given(st.text(max_size=40), st.floats(0.01, 100), st.floats(0.01, 100))
def test_whoever_is_in_stays_in_as_the_percentage_grows(account: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert not _gate(small).admits(account) or _gate(large).admits(account)
    assert 0 <= bucket(SALT, account) < 1


def test_another_model_chooses_others() -> None:
    ours = {account for account in CROWD if _gate(10).admits(account)}
    theirs = {account for account in CROWD if _gate(10, "cd" * 32).admits(account)}
    assert len(ours & theirs) < 100


def test_stages_admit_their_cohort_and_everybody_before(lite: Bench) -> None:
    lite.plan()
    assert lite.book.admit("aurora", "ada").allowed
    assert lite.book.admit("aurora", "mallory").reason == "rollout:cohort"
    for _ in range(3):
        lite.watch(good=500)
        lite.clock.move(hours=25)
        lite.watch(good=1)
        lite.rollouts.advance("aurora", person="pat")
    lite.book.refresh()
    assert lite.book.admit("aurora", "mallory").allowed


def test_a_frozen_rollout_keeps_who_is_in_and_lets_nobody_else_in(lite: Bench) -> None:
    lite.plan()
    lite.rollouts.freeze("aurora", person="pat", reason="looking into something")
    lite.book.refresh()
    assert lite.book.admit("aurora", "ada").allowed
    assert lite.book.admit("aurora", "mallory").reason == "rollout:frozen"


def test_models_without_a_plan_are_open_unless_the_plan_says_closed(lite: Bench) -> None:
    lite.plan()
    assert lite.book.admit("zephyr", "ada").allowed
    assert lite.book.admit(None, "ada").allowed
    lite.plan("format: seawall-rollout-1\nunlisted: closed\nmodels: {aurora: {stages: [{name: s, accounts: [ada]}]}}")
    assert lite.book.admit("zephyr", "ada").reason == "rollout:unknown"
    assert lite.book.admit(None, "ada").reason == "rollout:unknown"


def test_admission_goes_on_from_the_file_when_the_database_is_gone(lite: Bench, seawall_home: Path) -> None:
    lite.plan()
    alone = RolloutBook(seawall_home, monotonic=_ticking)
    assert alone.admit("aurora", "ada").allowed
    assert not alone.admit("aurora", "mallory").allowed
    assert not alone.tick()


def test_without_database_and_file_nobody_is_admitted(tmp_path: Path) -> None:
    assert RolloutBook(tmp_path / "new").admit("anything", "ada").reason == "rollout:unknown"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": "seawall-posture-1"}', b"\xff" * 99, b"null"])
def test_a_damaged_file_is_no_posture(tmp_path: Path, damage: bytes) -> None:
    path = posture_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    assert Posture.load(path) is None
    assert RolloutBook(tmp_path).admit("anything", "ada").reason == "rollout:unknown"


def test_a_file_that_is_damaged_later_leaves_what_was_known(lite: Bench, seawall_home: Path) -> None:
    lite.plan()
    alone = RolloutBook(seawall_home, monotonic=_ticking)
    assert alone.admit("aurora", "ada").allowed
    posture_file(seawall_home).write_bytes(b"{")
    assert alone.admit("aurora", "ada").allowed
    assert not alone.admit("aurora", "mallory").allowed


@given(
    st.dictionaries(st.text(max_size=20), st.floats(0, 100), max_size=5),
    st.booleans(),
    st.frozensets(st.text(max_size=10), max_size=3),
)
def test_a_posture_is_read_as_it_was_written(models: dict[str, float], unlisted: bool, killed: frozenset[str]) -> None:
    import tempfile

    gates = {
        name: Gate(SALT, frozenset({"ada"}), share, share > 50, frozenset(CheckKind)) for name, share in models.items()
    }
    posture = Posture(3, unlisted, gates, killed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x" / "posture.json"
        posture.save(path)
        assert Posture.load(path) == posture
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_change_by_another_process_is_seen_without_the_database(lite: Bench, seawall_home: Path) -> None:
    lite.plan()
    alone = RolloutBook(seawall_home, monotonic=_ticking)
    assert not alone.admit("aurora", "mallory").allowed
    lite.plan("format: seawall-rollout-1\nmodels: {aurora: {stages: [{name: s, accounts: [mallory]}]}}")
    assert alone.admit("aurora", "mallory").allowed


def test_a_killed_model_is_refused_at_once_and_others_are_not(tmp_path: Path) -> None:
    switch = _switch(tmp_path)
    assert not switch.killed("aurora")
    switch.kill("aurora", person="pat", reason="because")
    assert switch.killed("aurora")
    assert not switch.killed("zephyr")
    assert not switch.killed(None)
    assert _switch(tmp_path).killed("aurora")
    path = switch.folder / file_of("aurora")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(switch.folder.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["person"] == "pat"


def test_a_home_that_the_switch_makes_is_private(tmp_path: Path) -> None:
    _switch(tmp_path / "home")
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_an_answer_is_at_most_half_a_second_old(tmp_path: Path) -> None:
    now = [0.0]
    looker = KillSwitch(tmp_path, monotonic=lambda: now[0])
    assert not looker.killed("aurora")
    _switch(tmp_path).kill("aurora", person="pat", reason="because")
    now[0] = 0.5
    assert looker.killed("aurora")


def test_killing_everything_is_one_file_that_anybody_can_make(tmp_path: Path) -> None:
    switch = _switch(tmp_path)
    (switch.folder / "ALL").touch()
    assert switch.killed("aurora")
    assert switch.killed(None)
    assert [kill.model for kill in switch.kills()] == [ALL]


@given(st.text(min_size=1, max_size=60))
def test_any_name_has_a_plain_file_name(model: str) -> None:
    name = file_of(model)
    assert name == "ALL" if model == ALL else len(name) == 69
    assert "/" not in name


def test_what_a_file_holds_does_not_matter(tmp_path: Path) -> None:
    switch = _switch(tmp_path)
    for damage in (b"", b"{", b"\xff\xfe", b"[]", b'{"model": "other", "id": 1}'):
        (switch.folder / file_of("aurora")).write_bytes(damage)
        assert switch.killed("aurora")
        assert switch.kills()[0].model is None
    (switch.folder / ".tmp-left-over").touch()
    assert not switch.killed("zephyr")


def test_a_directory_that_cannot_be_read_kills_everything(tmp_path: Path) -> None:
    switch = _switch(tmp_path)
    assert not switch.killed("aurora")
    switch.folder.rmdir()
    assert switch.killed("aurora")
    assert switch.killed(None)
    assert not switch.readable()
    switch.folder.write_text("a file is no directory")
    assert switch.killed("aurora")
    with pytest.raises(KillSwitchUnusable):
        switch.kills()
    assert RolloutBook(tmp_path, monotonic=_ticking).admit("aurora", "ada").reason == "rollout:killed"


def test_a_full_disk_does_not_keep_the_switch_from_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    monkeypatch.setattr("seawall.deploy.rollout.killswitch.create_once", full)
    switch = _switch(tmp_path)
    switch.kill("aurora", person="pat", reason="because")
    assert switch.killed("aurora")


def test_killing_twice_keeps_the_first(tmp_path: Path) -> None:
    switch = _switch(tmp_path)
    first = switch.kill("aurora", person="pat", reason="because")
    assert switch.kill("aurora", person="kim", reason="also").id == first.id


def test_a_kill_made_offline_is_recorded_when_the_database_is_back_and_only_once(bench: Bench) -> None:
    bench.plan()
    bench.book.switch.kill("aurora", person="pat", reason="because")
    assert bench.book.admit("aurora", "ada").reason == "rollout:killed"
    assert "rollout.killed" not in bench.events()
    for _ in range(2):
        bench.book.tick()
    assert bench.events().count("rollout.killed") == 1
    assert bench.rollouts.status("aurora")[0].killed


def test_a_kill_reaches_other_machines_and_a_revival_lifts_all_of_it(bench: Bench, tmp_path: Path) -> None:
    bench.plan()
    elsewhere = RolloutBook(tmp_path / "elsewhere", bench.rollouts, monotonic=_ticking)
    elsewhere.switch.kill("aurora", person="kim", reason="also")
    bench.book.switch.kill("aurora", person="pat", reason="because")
    elsewhere.tick()
    bench.book.tick()
    third = RolloutBook(tmp_path / "third", bench.rollouts, monotonic=_ticking)
    third.tick()
    assert third.admit("aurora", "ada").reason == "rollout:killed"
    bench.rollouts.revive("aurora", bench.book.switch, person="pat", reason="mended")
    for book in (bench.book, elsewhere, third):
        book.tick()
        assert book.admit("aurora", "ada").allowed
    assert bench.events().count("rollout.revived") == 2
    with pytest.raises(RolloutRefused, match="not killed"):
        bench.rollouts.revive("aurora", bench.book.switch, person="pat", reason="again")


def test_a_kill_without_details_can_be_revived(bench: Bench) -> None:
    bench.plan()
    (bench.book.switch.folder / file_of("aurora")).touch()
    (bench.book.switch.folder / "ALL").touch()
    for name in ("aurora", ALL):
        bench.book.tick()
        assert not bench.book.admit("aurora", "ada").allowed
        bench.rollouts.revive(name, bench.book.switch, person="pat", reason="mended")
    bench.book.tick()
    assert bench.book.admit("aurora", "ada").allowed


def test_the_book_looks_by_itself_and_stops(lite: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    looked = threading.Event()
    monkeypatch.setattr("seawall.deploy.rollout.book.TICK", 0.01)
    monkeypatch.setattr(RolloutBook, "tick", lambda self: looked.set())
    lite.book.start()
    assert looked.wait(10)
    lite.book.close()


def test_a_home_that_cannot_be_written_is_closed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert RolloutBook(blocked).admit("aurora", "ada").reason == "rollout:killed"
    with pytest.raises(KillSwitchUnusable):
        KillSwitch(blocked).kill("aurora", person="pat", reason="because")
    assert os.path.isfile(blocked)  # noqa: PTH113
