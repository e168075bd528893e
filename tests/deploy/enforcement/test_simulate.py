"""A ladder is tried on decisions before anybody feels it, and then does what was shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from seawall.accounts import Accounts, LadderInvalid
from seawall.decisions import DecisionRecord, recorded
from seawall.deploy.enforcement import load_ladder, shipped_ladder, simulate
from seawall.errors import NotFound
from seawall.store import Store, tables
from tests.deploy.enforcement.conftest import Moment

Decide = Callable[..., DecisionRecord]


def test_what_is_simulated_is_what_happens(store: Store, decide: Decide, accounts: Accounts, moment: Moment) -> None:
    for step in range(30):
        moment.pass_by(hours=step)
        name = ["attempt", "serious", None, "unheard"][step % 4]
        decide(f"a-{step % 3}", strike=name, drill=step % 10 == 9)
        decide("quiet", action="allow", rules=[])
    found = simulate(shipped_ladder(), recorded(store))
    assert found.decisions == 57
    assert found.unknown == found.strikes["unheard"] > 0
    assert found.accounts()["suspend"] > 0
    happened = [
        (each.account, each.id, each.kind, each.starts_at, each.ends_at)
        for ref in accounts.refs()
        for each in accounts.show(ref).restrictions.values()
    ]
    simulated = [(each.account, each.id, each.kind, each.starts_at, each.ends_at) for each in found.restrictions]
    assert simulated == happened
    assert found.to_dict()["accounts"] == found.accounts()


def test_simulating_writes_nothing_and_shows_probing(store: Store, decide: Decide, tmp_path: Path) -> None:
    for _ in range(5):
        decide("prober")
    decide("other")
    harsh = tmp_path / "ladder.yaml"
    harsh.write_text(
        "name: harsh\nclasses: {x: {points: 1, expires: 1d}}\notherwise: x\nrungs: [{at: 1, do: ban}]\n"
        "pace: {probing: {refusals: 2, within: 1h}}\n"
    )
    with store.read() as connection:
        before = connection.execute(select(func.count()).select_from(tables.ledger_event)).scalar()
    assert simulate(load_ladder(harsh), recorded(store)).probing == ("prober",)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.ledger_event)).scalar() == before


@pytest.mark.parametrize(
    "text", ["", "{", "name: x", "a: &a [1]\nb: *a", "name: x\nname: y", "!!python/object:os.system {}", "\x00", "- 1"]
)
def test_a_file_that_is_no_ladder_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ladder.yaml"
    file.write_text(text)
    with pytest.raises(LadderInvalid):
        load_ladder(file)


def test_a_ladder_that_is_too_long_or_missing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ladder.yaml"
    file.write_bytes(b"# " + b"x" * (256 * 1024))
    with pytest.raises(LadderInvalid, match="longer"):
        load_ladder(file)
    with pytest.raises(NotFound):
        load_ladder(tmp_path / "none.yaml")


def test_the_classes_of_the_shipped_policy_are_on_the_shipped_ladder() -> None:
    ladder = shipped_ladder()
    assert {"attempt", "serious", "zero_tolerance"} == set(ladder.classes)
    assert ladder.terms("zero_tolerance").outright is not None
    assert [str(rung.do) for rung in ladder.rungs] == ["warn", "cooldown", "feature_off", "suspend", "ban"]
