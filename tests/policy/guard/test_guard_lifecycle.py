"""From draft to live: legal ways only, one live policy, one ledger event for each step, nothing weaker unnoticed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import NotFound
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import (
    GuardPolicy,
    GuardPolicyError,
    PolicyStageError,
    PolicyUnsound,
    WeakerPolicy,
    load_guard_policy,
    parse_guard_policy,
)
from seawall.policy.guard.lifecycle import LivePolicies, PolicyStore, Stage, step_to
from seawall.store import Store
from seawall.store.tables import ledger_event, policy_version

SHIPPED = load_guard_policy()


def edition(version: int, *changes: tuple[str, str]) -> GuardPolicy:
    """Return the shipped policy under a name of its own, changed."""
    text = SHIPPED.text.replace("guard: guard-default", "guard: ours").replace("version: 1", f"version: {version}", 1)
    for old, new in changes:
        text = text.replace(old, new, 1)
    return parse_guard_policy(text)


STRICTER = ("abstained: review", "abstained: block")
WEAKER = ("abstained: review", "abstained: allow")


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url) as store:
        yield store


@pytest.fixture
def ledger(store: Store, tmp_path: Path) -> Ledger:
    """Its ledger."""
    return Ledger.open(store, KeyFile(tmp_path / "keys"))


@pytest.fixture
def policies(store: Store, ledger: Ledger) -> PolicyStore:
    """Its policies."""
    return PolicyStore(store, ledger)


def _events(store: Store) -> list[dict[str, Any]]:
    with store.read() as connection:
        rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).mappings().all()
    data = [json.loads(row["data"]) for row in rows]
    return [each["body"] for each in data if each["kind"].startswith("policy.")]


def test_the_shipped_policy_is_live_until_another_is(policies: PolicyStore) -> None:
    assert policies.live().hash == SHIPPED.hash
    ours = edition(1)
    policies.add(ours, person="ada")
    assert policies.live().hash == SHIPPED.hash
    policies.move("ours@1", Stage.LIVE, person="ada", now=True)
    assert policies.live().hash == ours.hash
    policies.move("ours@1", Stage.RETIRED, person="ada")
    assert policies.live().hash == SHIPPED.hash


def test_a_policy_goes_from_draft_to_live_and_the_one_before_it_is_retired(policies: PolicyStore, store: Store) -> None:
    policies.add(edition(1), person="ada")
    policies.move("ours@1", Stage.LIVE, person="ada", now=True)
    policies.add(edition(2, STRICTER), person="ada")
    policies.move("ours@2", Stage.SHADOW, person="ada")
    policies.move("ours@2", Stage.PERCENTAGE, person="ada", percent=10)
    policies.move("ours@2", Stage.PERCENTAGE, person="ada", percent=50)
    policies.move("ours@2", Stage.LIVE, person="ben")
    assert {each.label: each.stage for each in policies.all()} == {"ours@1": Stage.RETIRED, "ours@2": Stage.LIVE}
    steps = [(each["version"], each["from"], each["to"], each["percent"]) for each in _events(store) if "to" in each]
    assert steps == [
        (1, "draft", "live", None),
        (2, "draft", "shadow", None),
        (2, "shadow", "percentage", 10),
        (2, "percentage", "percentage", 50),
        (1, "live", "retired", None),
        (2, "percentage", "live", None),
    ]
    assert _events(store)[-1]["person"] == "ben"


def test_adding_a_policy_again_changes_nothing_and_another_under_its_name_is_refused(
    policies: PolicyStore, store: Store
) -> None:
    first = policies.add(edition(1), person="ada")
    assert policies.add(edition(1), person="ben") == first
    assert len(_events(store)) == 1
    with pytest.raises(PolicyStageError, match="another ours@1"):
        policies.add(edition(1, STRICTER), person="ada")
    pretended = SHIPPED.text.replace("abstained: review", "abstained: block")
    with pytest.raises(PolicyStageError, match="policy that ships"):
        policies.add(parse_guard_policy(pretended), person="ada")


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.SHADOW])
def test_a_jump_to_live_has_to_be_asked_for(policies: PolicyStore, stage: Stage) -> None:
    policies.add(edition(1), person="ada")
    policies.move("ours@1", stage, person="ada")
    with pytest.raises(PolicyStageError, match="share of accounts"):
        policies.move("ours@1", Stage.LIVE, person="ada")
    assert policies.move("ours@1", Stage.LIVE, person="ada", now=True).stage is Stage.LIVE


@pytest.mark.parametrize("stage", [Stage.LIVE, Stage.PERCENTAGE])
def test_a_weaker_policy_judges_only_for_a_reason_that_is_recorded(
    policies: PolicyStore, store: Store, stage: Stage
) -> None:
    policies.add(edition(1, WEAKER), person="ada")
    percent = 5 if stage is Stage.PERCENTAGE else None
    policies.move("ours@1", Stage.SHADOW, person="ada")
    with pytest.raises(WeakerPolicy, match="state:abstained"):
        policies.move("ours@1", stage, person="ada", percent=percent, now=True)
    with pytest.raises(PolicyStageError, match="reason"):
        policies.move("ours@1", stage, person="ada", percent=percent, now=True, weaker=" ")
    assert policies.get("ours@1").stage is Stage.SHADOW
    policies.move("ours@1", stage, person="ada", percent=percent, now=True, weaker="our models abstain too often")
    assert _events(store)[-1]["weaker"] == "our models abstain too often"


def test_going_back_to_the_shipped_policy_is_weaker_too_if_ours_was_stricter(policies: PolicyStore) -> None:
    policies.add(edition(1, STRICTER), person="ada")
    policies.move("ours@1", Stage.LIVE, person="ada", now=True)
    with pytest.raises(WeakerPolicy):
        policies.move("ours@1", Stage.RETIRED, person="ada")
    policies.move("ours@1", Stage.RETIRED, person="ada", weaker="too many false alarms")
    assert policies.live().hash == SHIPPED.hash


def test_a_policy_that_is_milder_with_minors_never_judges(policies: PolicyStore) -> None:
    policies.add(edition(1, ("when: {standing: banned}", "when: {standing: banned, age_signal: adult}")), person="ada")
    with pytest.raises(PolicyUnsound, match="account-banned"):
        policies.move("ours@1", Stage.LIVE, person="ada", now=True, weaker="a reason")


@pytest.mark.parametrize(("now", "wanted"), list(itertools.product(Stage, Stage)))
def test_there_is_no_way_that_the_table_does_not_name(now: Stage, wanted: Stage) -> None:
    legal = {
        "draft": {"shadow", "percentage", "live", "retired"},
        "shadow": {"draft", "percentage", "live", "retired"},
        "percentage": {"percentage", "shadow", "live", "retired"},
        "live": {"retired"},
        "retired": {"live", "shadow"},
    }
    if wanted in legal[now]:
        step = step_to(now, wanted)
        assert step.jump is (wanted is Stage.LIVE and now is not Stage.PERCENTAGE)
        assert step.judges is (wanted in (Stage.LIVE, Stage.PERCENTAGE) or now is Stage.LIVE)
    else:
        with pytest.raises(PolicyStageError, match="cannot become"):
            step_to(now, wanted)


def test_of_many_who_activate_at_once_one_policy_is_live_and_each_step_is_on_record(
    policies: PolicyStore, store: Store, migrated_url: str, tmp_path: Path
) -> None:
    for version in range(1, 5):
        policies.add(edition(version), person="ada")

    def activate(version: int) -> None:
        with Store.open(migrated_url) as own:
            desk = PolicyStore(own, Ledger(own, KeyFile(tmp_path / "keys")))
            desk.move(f"ours@{version}", Stage.LIVE, person="ada", now=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(activate, range(1, 5)))
    stages = [each.stage for each in policies.all()]
    assert sorted(stages) == [Stage.LIVE, Stage.RETIRED, Stage.RETIRED, Stage.RETIRED]
    moved = [event["to"] for event in _events(store) if "to" in event]
    assert (moved.count("live"), moved.count("retired")) == (4, 3)


def test_a_share_goes_with_percentage_alone_and_one_policy_at_a_time(policies: PolicyStore) -> None:
    policies.add(edition(1), person="ada")
    policies.add(edition(2), person="ada")
    for stage, percent in ((Stage.PERCENTAGE, None), (Stage.SHADOW, 5), (Stage.PERCENTAGE, 0), (Stage.PERCENTAGE, 100)):
        with pytest.raises(PolicyStageError, match="share of accounts"):
            policies.move("ours@1", stage, person="ada", percent=percent)
    policies.move("ours@1", Stage.PERCENTAGE, person="ada", percent=5)
    with pytest.raises(PolicyStageError, match="ours@1 is in percentage"):
        policies.move("ours@2", Stage.PERCENTAGE, person="ada", percent=5)


def test_a_step_that_was_taken_is_taken_once(policies: PolicyStore, store: Store) -> None:
    policies.add(edition(1), person="ada")
    policies.move("ours@1", Stage.SHADOW, person="ada")
    policies.move("ours@1", Stage.SHADOW, person="ada")
    assert len(_events(store)) == 2


def test_a_policy_that_is_not_there_is_not_found(policies: PolicyStore) -> None:
    with pytest.raises(NotFound, match="ours@7"):
        policies.move("ours@7", Stage.SHADOW, person="ada")


def test_a_text_that_was_changed_in_the_database_does_not_judge(policies: PolicyStore, store: Store) -> None:
    policies.add(edition(1), person="ada")
    policies.move("ours@1", Stage.LIVE, person="ada", now=True)
    with store.begin() as connection:
        connection.execute(policy_version.update().values(text=edition(1, WEAKER).text))
    with pytest.raises(GuardPolicyError, match="not what it was"):
        policies.live()
    with pytest.raises(GuardPolicyError, match="not what it was"):
        LivePolicies(store)


class Seconds:
    """Seconds that rise when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """A clock of the test's own."""
    return Seconds()


def test_a_worker_follows_a_change_of_another_process_within_a_second(
    policies: PolicyStore, migrated_url: str, seconds: Seconds
) -> None:
    with Store.open(migrated_url) as other:
        live = LivePolicies(other, monotonic=seconds)
        policies.add(edition(1), person="ada")
        policies.move("ours@1", Stage.SHADOW, person="ada")
        assert live.choose("acc").shadows == ()
        seconds.now = 0.6
        assert [policy.label for policy in live.choose("acc").shadows] == ["ours@1"]
        policies.move("ours@1", Stage.LIVE, person="ada", now=True)
        seconds.now = 1.2
        assert live.choose("acc").live.label == "ours@1"
        assert live.live.label == "ours@1"
        assert live.choose("acc").shadows == ()
        policies.move("ours@1", Stage.RETIRED, person="ada")
        seconds.now = 1.8
        assert live.choose("acc").live.hash == SHIPPED.hash
        assert not live.stale


def test_the_database_is_not_asked_more_than_twice_a_second(
    policies: PolicyStore, store: Store, seconds: Seconds
) -> None:
    live = LivePolicies(store, monotonic=seconds)
    policies.add(edition(1), person="ada")
    policies.move("ours@1", Stage.SHADOW, person="ada")
    seconds.now = 0.49
    assert live.choose("acc").shadows == ()


def test_a_share_of_accounts_is_stable_and_grows_by_those_it_lacks(
    policies: PolicyStore, store: Store, seconds: Seconds
) -> None:
    policies.add(edition(1), person="ada")
    live = LivePolicies(store, secret=b"s" * 32, monotonic=seconds)
    accounts = [f"account-{number}" for number in range(1000)]
    before: set[str] = set()
    for percent in (10, 40, 80):
        policies.move("ours@1", Stage.PERCENTAGE, person="ada", percent=percent)
        live.refresh()
        chosen = {account for account in accounts if live.choose(account).live.label == "ours@1"}
        assert chosen == {account for account in accounts if live.choose(account).live.label == "ours@1"}
        assert abs(len(chosen) - 10 * percent) < 60
        assert before <= chosen
        before = chosen
    elsewhere = LivePolicies(store, secret=b"t" * 32, monotonic=seconds)
    assert before != {account for account in accounts if elsewhere.choose(account).live.label == "ours@1"}
    again = LivePolicies(store, secret=b"s" * 32, monotonic=seconds)
    assert before == {account for account in accounts if again.choose(account).live.label == "ours@1"}


def test_the_last_policies_go_on_judging_while_the_database_is_gone(
    policies: PolicyStore, store: Store, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.add(edition(1), person="ada")
    policies.move("ours@1", Stage.LIVE, person="ada", now=True)
    live = LivePolicies(store, monotonic=seconds)

    def gone(_self: Store) -> Iterator[Any]:
        from seawall.errors import StoreError

        raise StoreError("the database is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "read", gone)
        seconds.now = 1.0
        assert live.choose("acc").live.label == "ours@1"
        assert live.stale
    seconds.now = 2.0
    assert live.choose("acc").live.label == "ours@1"
    assert not live.stale


def test_a_policy_alone_needs_no_database() -> None:
    ours = edition(1)
    live = LivePolicies.fixed(ours)
    assert live.choose("acc").live is ours
    live.refresh()
    assert not live.stale
