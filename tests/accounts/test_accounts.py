"""Strikes lead up the ladder, fade, expire and can be taken back; every step is a fact, an event and an effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from seawall.accounts import (
    AccountError,
    Accounts,
    AlreadyDone,
    Deserved,
    Ladder,
    ReplayDiffers,
    RestrictionKind,
    parse_ladder,
)
from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.errors import NotFound, StoreError, UsageError
from seawall.ledger import Ledger
from seawall.store import Store, StoreConflict
from seawall.store.outbox import Outbox
from seawall.store.tables import account as account_table
from seawall.store.tables import account_fact, restriction, strike
from tests.accounts.conftest import LADDER, Moment

Events = Callable[[str], list[dict[str, Any]]]
WHO = {"person": "ada", "reason": "seen"}


def _settle(accounts: Accounts, store: Store, *names: str, account: str = "a-1") -> list[str]:
    at = to_iso(store.clock())
    deserved = [Deserved(Recorder.new_id(), account, name, at) for name in names]
    with store.begin() as connection:
        accounts.settle(connection, deserved)
    return [each.decision_id for each in deserved]


def _standing(accounts: Accounts, moment: Moment, account: str = "a-1") -> list[str | None]:
    return [each.standing for each in accounts.show(account).holding(to_iso(moment()))]


def test_strikes_lead_up_the_ladder_rung_by_rung(accounts: Accounts, store: Store, moment: Moment) -> None:
    for _ in range(9):
        _settle(accounts, store, "small")
    kinds = [each.kind for each in accounts.show("a-1").restrictions.values()]
    assert [str(kind) for kind in kinds] == ["warn", "warn", "cooldown", "feature_off", "suspend", "ban"]
    assert set(_standing(accounts, moment)) == {"cooldown", "feature_off:image", "suspended", "banned"}
    moment.pass_by(days=4)
    assert _standing(accounts, moment) == ["banned"]


def test_points_fade_and_expire(accounts: Accounts, store: Store, moment: Moment) -> None:
    _settle(accounts, store, "fading", account="f")
    _settle(accounts, store, "halving", account="h")
    moment.pass_by(days=1)
    assert [accounts.show(name).points(to_iso(moment())) for name in "fh"] == [3.6, 2.0]
    moment.pass_by(days=1)
    assert [accounts.show(name).points(to_iso(moment())) for name in "fh"] == [3.2, 1.0]
    moment.pass_by(days=8)
    assert [accounts.show(name).points(to_iso(moment())) for name in "fh"] == [0.0, 0.0]
    assert accounts.show("f").live(to_iso(moment())) == []


def test_a_strike_that_expired_no_longer_counts_for_the_next(accounts: Accounts, store: Store, moment: Moment) -> None:
    _settle(accounts, store, "small", "small")
    moment.pass_by(days=11)
    _settle(accounts, store, "small")
    assert [each.kind for each in accounts.show("a-1").restrictions.values()] == [RestrictionKind.WARN] * 3


def test_a_zero_tolerance_class_skips_the_ladder(accounts: Accounts, store: Store, moment: Moment) -> None:
    _settle(accounts, store, "gravest")
    assert _standing(accounts, moment) == ["banned"]


def test_a_class_that_the_ladder_does_not_name_is_not_lost(accounts: Accounts, store: Store) -> None:
    _settle(accounts, store, "mistyped")
    (given,) = accounts.show("a-1").strikes.values()
    assert (given.name, given.points) == ("mistyped", 1)
    with pytest.raises(UsageError, match="has no class"):
        accounts.strike("a-1", "mistyped", **WHO)


def test_a_decision_gives_one_strike_however_often_it_is_settled(
    accounts: Accounts, store: Store, moment: Moment, outbox: Outbox, events: Events
) -> None:
    at = to_iso(moment())
    deserved = [Deserved("d" * 32, "a-1", "gravest", at), Deserved("d" * 32, "a-1", "gravest", at)]
    for _ in range(3):
        with store.begin() as connection:
            accounts.settle(connection, deserved)
    state = accounts.show("a-1")
    assert (len(state.strikes), len(state.restrictions)) == (1, 1)
    assert len(list(outbox.messages())) == len(events("account.strike")) == len(events("account.restricted")) == 1


def test_what_a_decision_leads_to_goes_with_its_transaction(
    accounts: Accounts, store: Store, moment: Moment, outbox: Outbox, events: Events
) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        accounts.settle(connection, [Deserved("d" * 32, "a-1", "gravest", to_iso(moment()))])
        raise ZeroDivisionError
    assert accounts.show("a-1").strikes == {}
    assert list(outbox.messages()) == [] == events("account.strike")


def test_every_restriction_has_its_own_inverse_and_is_lifted_once(
    accounts: Accounts, store: Store, moment: Moment, outbox: Outbox, events: Events
) -> None:
    until = to_iso(moment.now.replace(year=2027))
    made = [
        accounts.restrict(
            "a-1",
            kind,
            feature="video" if kind is RestrictionKind.FEATURE_OFF else None,
            until=until if kind is RestrictionKind.COOLDOWN else None,
            **WHO,
        )
        for kind in RestrictionKind
    ]
    for each in made:
        accounts.lift(each.id, **WHO)
        with pytest.raises(AlreadyDone):
            accounts.lift(each.id, **WHO)
    assert _standing(accounts, moment) == []
    inverses = ["withdraw_warning", "end_cooldown", "feature_on", "reinstate", "unban"]
    assert [event["inverse"] for event in events("account.lifted")] == inverses
    told = [message.payload for message in outbox.messages()]
    assert [each["type"] for each in told] == ["account.restricted"] * 5 + ["account.lifted"] * 5
    assert [each["restriction"]["inverse"] for each in told] == inverses * 2
    assert [each["sequence"] for each in told] == list(range(1, 11))
    assert accounts.verify("a-1") == 10


def test_overturning_lifts_what_is_no_longer_justified_and_leaves_what_a_person_ordered(
    accounts: Accounts, store: Store, moment: Moment
) -> None:
    accounts.restrict("a-1", RestrictionKind.SUSPEND, person="bob", reason="order 7")
    (decision,) = _settle(accounts, store, "gravest")
    assert set(_standing(accounts, moment)) == {"suspended", "banned"}
    moment.pass_by(hours=1)
    changes = accounts.void(decision, **WHO)
    assert [(change.restriction.kind, change.lift is not None) for change in changes] == [(RestrictionKind.BAN, True)]
    assert _standing(accounts, moment) == ["suspended"]
    with pytest.raises(AlreadyDone):
        accounts.void(decision, **WHO)
    assert accounts.verify("a-1") == 3


def test_overturning_puts_what_remains_justified_in_place_of_what_was(
    accounts: Accounts, store: Store, moment: Moment
) -> None:
    decisions = _settle(accounts, store, "small", "small", "small", "small")
    assert set(_standing(accounts, moment)) == {"cooldown", "feature_off:image"}
    moment.pass_by(minutes=10)
    accounts.void(decisions[0], **WHO)
    # Without the first, the fourth would have led to what the third did.
    (left,) = accounts.show("a-1").holding(to_iso(moment()))
    assert (left.kind, left.strike) == (RestrictionKind.COOLDOWN, decisions[3])
    assert left.starts_at == to_iso(moment.now.replace(minute=30))
    moment.pass_by(hours=1)
    assert _standing(accounts, moment) == []
    assert accounts.verify("a-1") == 5


def test_what_a_person_lifted_is_not_put_back_by_an_overturn(accounts: Accounts, store: Store, moment: Moment) -> None:
    decisions = _settle(accounts, store, "small", "small", "small", "small", "small")
    for each in accounts.show("a-1").holding(to_iso(moment())):
        accounts.lift(each.id, **WHO)
    accounts.void(decisions[4], **WHO)
    assert _standing(accounts, moment) == []
    assert accounts.verify("a-1") > 6


def test_the_ladder_of_a_strike_is_kept_when_another_becomes_active(
    accounts: Accounts, store: Store, moment: Moment, ladder: Ladder
) -> None:
    (first,) = _settle(accounts, store, "small")
    milder = parse_ladder(LADDER | {"name": "test 2", "rungs": [{"at": 2, "do": "warn"}]})
    accounts.ladders.activate(milder, person="bob", reason="softer")
    (second,) = _settle(accounts, store, "small")
    state = accounts.show("a-1")
    assert [state.strikes[each].ladder for each in (first, second)] == [ladder.digest, milder.digest]
    assert [each.person for each in accounts.ladders.activations()] == ["ada", "bob"]
    accounts.void(first, **WHO)
    assert accounts.verify("a-1") == 3


def test_a_person_and_a_reason_must_be_named(accounts: Accounts, store: Store) -> None:
    for who in ({"person": " ", "reason": "r"}, {"person": "p", "reason": ""}):
        with pytest.raises(UsageError, match="must be named"):
            accounts.strike("a-1", "small", **who)
        with pytest.raises(UsageError, match="must be named"):
            accounts.restrict("a-1", RestrictionKind.BAN, **who)
    with pytest.raises(UsageError, match="names a feature"):
        accounts.restrict("a-1", RestrictionKind.FEATURE_OFF, **WHO)
    with pytest.raises(UsageError, match="end by itself"):
        accounts.restrict("a-1", RestrictionKind.COOLDOWN, **WHO)
    with pytest.raises(UsageError, match="end after"):
        accounts.restrict("a-1", RestrictionKind.SUSPEND, until="2020-01-01T00:00:00.000000Z", **WHO)
    with pytest.raises(AccountError):
        accounts.restrict("", RestrictionKind.BAN, **WHO)
    for call in (accounts.void, accounts.lift):
        with pytest.raises(NotFound):
            call("0" * 32, **WHO)
    assert list(accounts.refs()) == []


def test_the_database_itself_refuses_a_strike_without_ground_and_a_second_inverse(
    accounts: Accounts, store: Store, moment: Moment, ladder: Ladder
) -> None:
    (decision,) = _settle(accounts, store, "gravest")
    (ban,) = accounts.show("a-1").restrictions.values()
    groundless = {
        "id": "1" * 32,
        "account": "a-1",
        "number": 2,
        "class": "small",
        "points": 1,
        "decay": "none",
        "issued_at": "x",
        "expires_at": "y",
        "ladder": ladder.digest,
    }
    lift = {
        "account": "a-1",
        "number": 2,
        "change": 9,
        "kind": "unban",
        "starts_at": "x",
        "person": "ada",
        "inverse_of": ban.id,
    }
    with pytest.raises(StoreConflict), store.begin() as connection:
        connection.execute(insert(strike), groundless)
    with pytest.raises(StoreConflict), store.begin() as connection:
        connection.execute(insert(strike), groundless | {"decision_id": decision})
    with pytest.raises(StoreConflict), store.begin() as connection:
        connection.execute(insert(restriction), [lift | {"id": "2" * 32}])
        connection.execute(insert(restriction), [lift | {"id": "3" * 32}])
    with pytest.raises(StoreError), store.begin() as connection:
        connection.execute(insert(restriction), lift | {"id": "4" * 32, "kind": "ban"})


def test_rows_that_somebody_changed_are_noticed(accounts: Accounts, store: Store, moment: Moment) -> None:
    _settle(accounts, store, "gravest")
    with store.begin() as connection:
        connection.execute(update(restriction).values(ends_at=to_iso(moment())))
    with pytest.raises(ReplayDiffers):
        accounts.verify("a-1")
    with store.begin() as connection:
        connection.execute(update(account_fact).values(data="{}"))
    with pytest.raises(ReplayDiffers):
        accounts.verify("a-1")


def test_the_ledger_knows_accounts_by_the_same_pseudonym_as_decisions(
    accounts: Accounts, store: Store, ledger: Ledger, events: Events
) -> None:
    recorder = Recorder(store, ledger, b"s" * 32)
    _settle(accounts, store, "gravest", account="konto ü")
    names = {event["account"] for kind in ("account.strike", "account.restricted") for event in events(kind)}
    assert names == {recorder.digest([b"account", "konto ü".encode()])[:32]} == {accounts.pseudonym("konto ü")}


def test_a_flood_of_strikes_under_a_ban_is_recorded_and_changes_nothing(
    accounts: Accounts, store: Store, outbox: Outbox
) -> None:
    _settle(accounts, store, "gravest", *["small"] * 50)
    state = accounts.show("a-1")
    assert (len(state.strikes), len(state.restrictions), len(list(outbox.messages()))) == (51, 1, 1)
    with store.read() as connection:
        numbers = connection.execute(select(account_fact.c.number).order_by(account_fact.c.number)).scalars().all()
        counted = connection.execute(select(account_table.c.facts)).scalar()
    assert numbers == list(range(1, 52)) == list(range(1, (counted or 0) + 1))
    assert accounts.verify("a-1") == 51
