"""The guard is told who is restricted and who goes too fast; decisions lead to strikes, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.accounts import Accounts, RestrictionKind, parse_ladder
from seawall.accounts.refusals import Refusal, add_refusals
from seawall.clock import to_iso
from seawall.decisions import DecisionRecord
from seawall.deploy.enforcement import EnforcementBook, StandingUnknown, shipped_ladder
from seawall.deploy.enforcement.standing import Standings
from seawall.deploy.guard.contract import AccountBook, Standing
from seawall.errors import StoreError
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind
from seawall.store import Store
from seawall.store.outbox import Outbox
from tests.deploy.enforcement.conftest import SECRET, Moment

Decide = Callable[..., DecisionRecord]
WHO = {"person": "ada", "reason": "seen"}


def _ask(book: AccountBook, account: str = "a-1", kind: CheckKind = CheckKind.INPUT) -> Standing:
    return book.standing(account, kind, None)


def test_who_was_never_written_of_is_unrestricted(book: EnforcementBook) -> None:
    assert _ask(book) == Standing()


def test_a_zero_tolerance_decision_bans_before_the_next_check(book: EnforcementBook, decide: Decide) -> None:
    _ask(book)
    decide(strike="zero_tolerance")
    assert _ask(book) == Standing(frozenset({"banned"}), frozenset(), True)
    assert _ask(book, "a-2") == Standing()


def test_a_drill_gives_no_strike_and_counts_for_nothing(
    store: Store, ledger: Ledger, book: EnforcementBook, decide: Decide, accounts: Accounts, outbox: Outbox
) -> None:
    for _ in range(20):
        decide(drill=True, strike="zero_tolerance")
    assert _ask(book) == Standing()
    assert accounts.show("a-1").strikes == {}
    assert list(outbox.messages()) == []


def test_a_drill_can_prove_the_path_to_the_host(
    store: Store, ledger: Ledger, outbox: Outbox, decide: Decide, accounts: Accounts
) -> None:
    proving = EnforcementBook.open(store, ledger, SECRET, drill_effects=True)
    record = decide(drill=True)
    for _ in range(2):
        with store.begin() as connection:
            proving.settle(connection, [record])
    (message,) = outbox.messages()
    told = message.payload
    assert (told["type"], told["drill"], told["decision_id"], told["restriction"]) == ("drill", True, record.id, None)
    assert accounts.show("a-1").restrictions == {}


def test_refusals_of_every_kind_count_together_as_probing(book: EnforcementBook, decide: Decide) -> None:
    for kind in (CheckKind.INPUT, CheckKind.UPLOAD, CheckKind.OUTPUT):
        decide(kind=kind)
        assert _ask(book) == Standing(frozenset(), frozenset(), True)
    decide(kind=CheckKind.FINETUNE)
    assert _ask(book).pace == {"probing"}


def test_one_request_that_is_sent_again_and_again_is_probing_later_than_many(
    book: EnforcementBook, decide: Decide
) -> None:
    for _ in range(7):
        decide(digest="d" * 64)
        assert _ask(book).pace == frozenset()
    decide(digest="d" * 64)
    assert _ask(book).pace == {"probing"}


def test_probing_ends_and_repetition_is_forgotten(book: EnforcementBook, decide: Decide, moment: Moment) -> None:
    for _ in range(4):
        decide()
    assert _ask(book).pace == {"probing"}
    moment.pass_by(hours=1)
    assert _ask(book) == Standing(repeated=True)
    moment.pass_by(hours=23)
    assert _ask(book) == Standing()


def test_a_refusal_because_of_the_account_or_a_failure_is_no_attempt(book: EnforcementBook, decide: Decide) -> None:
    for _ in range(10):
        decide(rules=["state:failed", "pace.minute"])
        decide(action="review")
        decide(action="allow", rules=[])
    assert _ask(book) == Standing()


def test_rates_are_counted_by_sliding_windows(book: EnforcementBook, moment: Moment) -> None:
    assert [_ask(book).pace for _ in range(120)] == [frozenset()] * 120
    assert _ask(book).pace == {"rate:minute"}
    moment.pass_by(seconds=45)
    assert _ask(book).pace == {"rate:minute"}
    moment.pass_by(seconds=45)
    assert _ask(book).pace == frozenset()
    assert _ask(book, "a-2").pace == frozenset()


def test_workers_share_the_rate(store: Store, ledger: Ledger) -> None:
    half = EnforcementBook.open(store, ledger, SECRET, workers=2)
    assert [_ask(half).pace for _ in range(60)] == [frozenset()] * 60
    assert _ask(half).pace == {"rate:minute"}


def test_strikes_lead_to_the_same_limits_every_time(
    store: Store, ledger: Ledger, book: EnforcementBook, decide: Decide, moment: Moment, accounts: Accounts
) -> None:
    def play(account: str) -> list[Any]:
        seen: list[Any] = []
        start = moment.now
        for step in range(12):
            moment.pass_by(minutes=3 * step)
            decide(account, strike="attempt" if step % 3 else "serious", kind=list(CheckKind)[step % 4])
            standing = _ask(book, account)
            seen.append((sorted(standing.restrictions), sorted(standing.pace), standing.repeated))
        moment.now = start
        return seen

    first = play("a-1")
    assert first == play("a-2")
    assert any("suspended" in restrictions for restrictions, _, _ in first)
    assert any(pace == ["probing"] for _, pace, _ in first)
    one, other = (accounts.show(name).restrictions.values() for name in ("a-1", "a-2"))
    assert [(each.kind, each.starts_at, each.ends_at) for each in one] == [
        (each.kind, each.starts_at, each.ends_at) for each in other
    ]


def test_a_restriction_ends_by_itself(book: EnforcementBook, decide: Decide, moment: Moment) -> None:
    decide(strike="attempt")
    decide(strike="attempt")
    assert _ask(book).restrictions == {"cooldown"}
    moment.pass_by(minutes=15)
    assert _ask(book).restrictions == frozenset()


class Seconds:
    """Monotonic time that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_another_worker_writes_is_seen_within_half_a_second(
    store: Store, accounts: Accounts, decide: Decide
) -> None:
    seconds = Seconds()
    other = Standings(store, accounts, monotonic=seconds)
    assert other.look("a-1")[0] == frozenset()
    ban = accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    decide("a-2")
    seconds.now += 0.5
    assert other.look("a-1")[0] == {"banned"}
    assert other.look("a-2")[2]
    accounts.lift(ban.id, **WHO)
    seconds.now += 0.5
    assert other.look("a-1")[0] == frozenset()


def test_standing_that_cannot_be_told_is_an_error_and_never_clean(
    store: Store, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = Seconds()
    standings = Standings(store, accounts, monotonic=seconds)
    standings.look("a-1")
    asked = []

    def gone(*_arguments: object) -> None:
        asked.append(seconds.now)
        raise StoreError("the database is gone")

    monkeypatch.setattr(accounts, "news", gone)
    seconds.now += 0.6
    assert standings.look("a-1")[0] == frozenset()
    for _ in range(5):
        seconds.now += 0.5
        with pytest.raises(StandingUnknown, match="the database is gone"):
            standings.look("a-1")
    before = len(asked)
    for _ in range(50):
        with pytest.raises(StandingUnknown):
            standings.look("a-1")
    assert len(asked) == before
    monkeypatch.undo()
    seconds.now += 0.5
    assert standings.look("a-1")[0] == frozenset()


def test_a_new_process_knows_who_was_restricted_and_who_was_refused(
    store: Store, ledger: Ledger, book: EnforcementBook, decide: Decide
) -> None:
    for _ in range(4):
        decide()
    decide("a-2", strike="zero_tolerance")
    fresh = EnforcementBook.open(store, ledger, SECRET)
    assert (_ask(fresh).pace, _ask(fresh, "a-2").restrictions) == ({"probing"}, {"banned"})


def test_old_refusals_and_old_effects_are_swept(
    book: EnforcementBook, decide: Decide, moment: Moment, outbox: Outbox
) -> None:
    decide(strike="zero_tolerance")
    (message,) = outbox.messages()
    outbox.acknowledge(message.id)
    assert book.sweep() == 0
    moment.pass_by(days=31)
    assert book.sweep() == 2
    assert list(outbox.messages()) == []


def test_a_hundred_decisions_of_which_one_strikes_go_in_one_transaction(
    store: Store, ledger: Ledger, book: EnforcementBook, decide: Decide, accounts: Accounts
) -> None:
    records = [decide(f"b-{number}", strike="serious" if number == 50 else None) for number in range(100)]
    with store.begin() as connection:
        book.settle(connection, records)
    assert list(accounts.refs()) == ["b-50"]
    assert len(accounts.show("b-50").strikes) == 1


def test_a_refusal_whose_transaction_commits_late_is_still_seen(postgres_url: str, tmp_path: Path) -> None:
    seconds = Seconds()
    moment = Moment()
    with Store.open(postgres_url, clock=moment) as store:
        accounts = EnforcementBook.open(store, Ledger.open(store, KeyFile(tmp_path / "k")), SECRET).accounts
        standings = Standings(store, accounts, monotonic=seconds)
        at = to_iso(moment())
        with store.begin() as early:
            add_refusals(early, [Refusal("1" * 32, "a-1", "input", at, "d")])
            with store.begin() as later:
                add_refusals(later, [Refusal("2" * 32, "a-2", "input", at, "d")])
            seconds.now += 1
            assert (standings.look("a-1")[2], standings.look("a-2")[2]) == (False, True)
        seconds.now += 1
        assert standings.look("a-1")[2]
        seconds.now += 60
        assert standings.look("a-1")[2]


def test_a_ban_that_is_being_written_is_never_overlooked_while_the_database_is_away(
    store: Store, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = Seconds()
    standings = Standings(store, accounts, monotonic=seconds)
    standings.look("a-1")
    standings.expect({"a-1": "1" * 32})

    def gone(*_arguments: object) -> None:
        raise StoreError("the database is gone")

    monkeypatch.setattr(accounts, "news", gone)
    with pytest.raises(StandingUnknown):
        standings.look("a-1")
    assert standings.look("a-2")[0] == frozenset()


def test_a_ladder_that_is_activated_counts_for_running_workers(
    store: Store, accounts: Accounts, decide: Decide
) -> None:
    seconds = Seconds()
    standings = Standings(store, accounts, monotonic=seconds)
    decide()
    seconds.now += 1
    assert standings.look("a-1")[1] == frozenset()
    data = json.loads(shipped_ladder().source)
    data["pace"]["probing"] = {"refusals": 1, "within": "1h"}
    accounts.ladders.activate(parse_ladder(data), **WHO)
    seconds.now += 1
    assert standings.look("a-1")[1] == {"probing"}
