"""Holds: begun at a finding, extended at a receipt, released by a verdict, and in the way of every destruction."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Event, KeyFile, Ledger
from seawall.store import Store, StoreConflict
from seawall.store.tables import retention_hold
from seawall.vault import Held, ObjectDestroyed, Vault, VaultObject
from seawall.vault.retention import CaseHolds, OrderRefused, Retention, UnknownClock
from seawall.vault.retention.purge import Purge
from tests.vault.vault_content import Keep, Make, content, files

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
Days = Callable[[float], None]


@pytest.fixture
def ledger(store: Store, tmp_path: Path) -> Ledger:
    return Ledger.open(store, KeyFile(tmp_path / "keys"))


@pytest.fixture
def retention(store: Store, ledger: Ledger, days: Days) -> Retention:
    return Retention(store, ledger)


@pytest.fixture
def days(store: Store) -> Days:
    """Set the store's clock to so many days after the start."""

    def to(number: float) -> None:
        store.clock = lambda: START + timedelta(days=number)

    to(0)
    return to


@pytest.fixture
def vault(make: Make, days: Days, store: Store) -> Vault:
    return make(clock=lambda: store.clock())


@pytest.fixture
def purge(vault: Vault, ledger: Ledger) -> Purge:
    return Purge(vault, ledger)


def _begin(store: Store, retention: Retention, *items: VaultObject, case: str = "c-1") -> list[str]:
    with store.begin() as connection:
        return retention.begin(connection, [item.id for item in items], case=case, ground="finding: canary")


def _extend(
    store: Store,
    retention: Retention,
    item: VaultObject,
    *places: str,
    receipt: str = "r-1",
    at: datetime | None = None,
    awaiting: Sequence[str] = (),
) -> list[str]:
    with store.begin() as connection:
        return retention.extend(
            connection, [item.id], case="c-1", receipt=receipt, places=places, at=at, awaiting=awaiting
        )


def _release(store: Store, retention: Retention, item: VaultObject, case: str = "c-1") -> list[str]:
    with store.begin() as connection:
        return retention.release(connection, [item.id], case=case)


def test_a_finding_holds_until_a_receipt_or_a_verdict_however_long_that_takes(
    store: Store, retention: Retention, vault: Vault, keep: Keep, days: Days, purge: Purge
) -> None:
    item = keep(b"a heron")
    _begin(store, retention, item)
    days(365 * 30)
    with pytest.raises(Held, match="until a report is received or a verdict given"):
        vault.destroy(item.id, person="ada", reason="old")
    assert (retention.due(), purge.run("ada").destroyed) == ([], ())
    assert retention.standing(item.id).words.startswith("kept until a report is received")
    assert content(vault, item) == b"a heron"


def test_beginning_again_adds_nothing_and_every_hold_is_in_the_ledger(
    store: Store, retention: Retention, keep: Keep, ledger: Ledger, events: Callable[[str], list[Event]]
) -> None:
    one, other = keep(b"1"), keep(b"2")
    new = _begin(store, retention, one, other)
    assert len(new) == 2
    assert _begin(store, retention, one, other) == []
    assert len(_begin(store, retention, one, case="c-2")) == 1
    ledger.append_pending()
    assert {event.body["object"] for event in events("retention.hold")} == {one.id, other.id}
    assert len(events("retention.hold")) == 3


def test_a_hold_is_there_if_and_only_if_the_finding_is_committed(
    store: Store, retention: Retention, vault: Vault, keep: Keep
) -> None:
    item = keep()
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        retention.begin(connection, [item.id], case="c-1", ground="finding")
        raise ZeroDivisionError
    assert retention.holds(item.id) == []
    vault.destroy(item.id, person="ada", reason="free")


def test_a_receipt_keeps_for_a_year_to_the_end_of_the_day(
    store: Store, retention: Retention, vault: Vault, keep: Keep, days: Days, purge: Purge
) -> None:
    item = keep()
    _begin(store, retention, item)
    days(3.2)
    _extend(store, retention, item, "US")
    standing = retention.standing(item.id)
    assert standing.winner is not None
    assert standing.winner.until == "2027-06-05T00:00:00.000000Z"
    assert "18 USC 2258A(h)(1)" in standing.words
    days(3 + 365)
    assert purge.run("ada").destroyed == ()
    with pytest.raises(Held, match="2258A"):
        vault.destroy(item.id, person="ada", reason="now")
    days(3 + 365.6)
    assert retention.due() == [item.id]
    assert purge.run("ada").destroyed == (item.id,)
    assert purge.run("ada").destroyed == ()
    certificate = vault.get(item.id).destroyed
    assert certificate is not None
    assert "18 USC 2258A(h)(1)" in certificate.reason


def test_of_clocks_that_conflict_the_longest_wins_and_is_shown_with_what_it_goes_before(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    _extend(store, retention, item, "CA", receipt="ca-7")
    assert retention.standing(item.id).winner.clock == "ca-2011-4"  # type: ignore[union-attr]
    _extend(store, retention, item, "US", "GB", receipt="us-9")
    standing = retention.standing(item.id)
    assert standing.winner is not None
    assert standing.winner.until == "2027-06-02T00:00:00.000000Z"
    assert {each.clock for each in standing.others} == {"ca-2011-4", "uk-2026-268-content", "us-2258a-h1"} - {
        standing.winner.clock
    }
    assert len(standing.passed_over) == 1
    assert "ca-2011-4" in standing.passed_over[0]
    days(30)
    assert "was due at 2026-06-23" in retention.standing(item.id).passed_over[0]
    assert retention.due() == []


def test_a_reference_is_kept_for_five_years_after_its_content_may_go(
    store: Store, retention: Retention, vault: Vault, keep: Keep, days: Days, purge: Purge
) -> None:
    item = keep()
    _begin(store, retention, item)
    _extend(store, retention, item, "GB")
    days(367)
    assert purge.run("ada").destroyed == (item.id,)
    reference = next(each for each in retention.holds(item.id) if each.keeps.value == "reference")
    assert reference.until == "2031-06-02T00:00:00.000000Z"
    assert reference.stands(to_iso(START + timedelta(days=367)))
    assert vault.get(item.id).sha256 == item.sha256


def test_while_another_receipt_is_awaited_a_short_clock_does_not_end_the_hold(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    _extend(store, retention, item, "CA", awaiting=["US"])
    days(40)
    assert retention.due() == []
    assert retention.standing(item.id).winner.until is None  # type: ignore[union-attr]
    _extend(store, retention, item, "US", receipt="us-1")
    days(40 + 364)
    assert retention.due() == []
    days(40 + 367)
    assert retention.due() == [item.id]


def test_a_receipt_again_or_with_an_earlier_moment_shortens_nothing(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    days(10)
    assert len(_extend(store, retention, item, "US")) == 1
    before = retention.standing(item.id).winner
    assert _extend(store, retention, item, "US", at=START) == []
    _extend(store, retention, item, "US", receipt="r-2", at=START - timedelta(days=300))
    assert retention.standing(item.id).winner == before


def test_only_a_verdict_that_nothing_is_to_be_reported_releases_and_then_the_time_for_complaints_runs(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    for wrong in ("reportable", "duplicate", ""):
        with pytest.raises(UsageError), store.begin() as connection:
            retention.release(connection, [item.id], case="c-1", verdict=wrong)
    _release(store, retention, item)
    assert retention.standing(item.id).winner.clock == "eu-dsa-20"  # type: ignore[union-attr]
    days(180)
    assert retention.due() == []
    days(185)
    assert retention.due() == [item.id]


def test_the_verdict_of_one_case_leaves_the_hold_of_another(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item, case="c-1")
    _begin(store, retention, item, case="c-2")
    _release(store, retention, item, "c-1")
    days(10_000)
    assert retention.due() == []
    assert retention.standing(item.id).winner.case == "c-2"  # type: ignore[union-attr]


def test_a_finding_of_a_case_that_was_released_holds_anew(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    _release(store, retention, item)
    days(100)
    assert len(_begin(store, retention, item)) == 1
    days(10_000)
    assert retention.due() == []
    assert len(_release(store, retention, item)) == 1, "the time for complaints runs anew"


def test_the_hook_of_cases_holds_at_the_opening_and_decides_by_the_outcome(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    @dataclass
    class Thing:
        id: str = "c-1"
        category: str = "canary"
        outcome: str = "not_reportable"
        vault: str | None = None

    item, hook = keep(), CaseHolds(retention)
    items = [Thing(vault=item.id), Thing(vault=None)]
    with store.begin() as connection:
        hook.opened(connection, Thing(), items)
    assert retention.standing(item.id).winner.ground == "finding: canary"  # type: ignore[union-attr]
    with store.begin() as connection:
        hook.decided(connection, Thing(), Thing(outcome="not_reportable"), items, ())
        hook.carried(connection)
    days(1000)
    assert retention.due() == [item.id]
    with store.begin() as connection:
        hook.decided(connection, Thing(), Thing(outcome="reportable"), items, ())
    assert retention.due() == [], "an overturned verdict holds again what is still there"


def test_a_person_keeps_for_longer_and_never_for_shorter(
    store: Store, retention: Retention, keep: Keep, days: Days
) -> None:
    item = keep()
    _begin(store, retention, item)
    _extend(store, retention, item, "US")
    for end, ground in ((START + timedelta(days=800), "18 USC 2258A(h)(5)"), (START + timedelta(days=2), "short")):
        with store.begin() as connection:
            retention.keep(connection, [item.id], until=end, ground=ground, person="ada")
    assert retention.standing(item.id).winner.ground == "18 USC 2258A(h)(5)"  # type: ignore[union-attr]
    ends = [each.until or "" for each in retention.holds(item.id) if each.ended_at is None]
    assert ends == sorted(ends, reverse=True)
    assert len(ends) == 3
    for wrong in (START - timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None)):
        with pytest.raises(UsageError), store.begin() as connection:
            retention.keep(connection, [item.id], until=wrong, ground="x", person="ada")


def test_the_database_itself_refuses_to_end_a_clock_or_to_give_a_finding_an_end(
    store: Store, retention: Retention, keep: Keep
) -> None:
    item = keep()
    (finding,) = _begin(store, retention, item)
    (clock,) = _extend(store, retention, item, "US")
    wrong: list[tuple[str, Mapping[str, str | None]]] = [
        (clock, {"ended_at": "2026-01-01", "ended_why": "x"}),
        (clock, {"until": None}),
        (finding, {"until": "2026-01-01"}),
    ]
    for identity, values in wrong:
        with pytest.raises((StoreConflict, IntegrityError)), store.begin() as connection:
            connection.execute(retention_hold.update().where(retention_hold.c.id == identity).values(**values))


def test_what_does_not_exist_or_makes_no_sense_is_refused(store: Store, retention: Retention, keep: Keep) -> None:
    item = keep()
    with store.begin() as connection:
        with pytest.raises(NotFound):
            retention.begin(connection, ["0" * 32], case="c", ground="g")
        with pytest.raises(UsageError):
            retention.begin(connection, [item.id], case="c", ground="two\nlines")
        with pytest.raises(UsageError):
            retention.extend(connection, [item.id], case="c", receipt="r")
        with pytest.raises(UnknownClock):
            retention.extend(connection, [item.id], case="c", receipt="r", places=["ZZ"])
    with pytest.raises(NotFound):
        retention.standing(item.id)
    with pytest.raises(UsageError):
        retention.due(START.replace(tzinfo=None))


def test_what_is_destroyed_already_is_passed_over(store: Store, retention: Retention, vault: Vault, keep: Keep) -> None:
    item = keep()
    vault.destroy(item.id, person="ada", reason="free")
    assert _begin(store, retention, item) == []


def test_a_moment_that_is_ahead_of_the_clock_breaks_no_hold(
    store: Store, retention: Retention, vault: Vault, keep: Keep, purge: Purge
) -> None:
    item = keep()
    _begin(store, retention, item)
    _extend(store, retention, item, "US")
    result = retention.purge(START + timedelta(days=4000), "ada", vault=vault)
    assert (result.destroyed, result.held) == ((), (item.id,))
    assert content(vault, item)


def test_a_purge_takes_what_is_due_and_nothing_else(
    store: Store, retention: Retention, vault: Vault, keep: Keep, days: Days, purge: Purge, root: Path,
    monkeypatch: pytest.MonkeyPatch, events: Callable[[str], list[Event]],
) -> None:  # fmt: skip
    monkeypatch.setattr("seawall.vault.retention.purge.PAGE", 3)
    monkeypatch.setattr("seawall.vault.retention.retention.PAGE", 3)
    items = [keep(b"%d" % number) for number in range(12)]
    never = keep(b"never held")
    _begin(store, retention, *items)
    for item in items[::2]:
        _release(store, retention, item)
    days(400)
    assert retention.due() == sorted(item.id for item in items[::2])
    assert len(list(retention.standings(case="c-1"))) == 12
    assert set(purge.run("ada").destroyed) == {item.id for item in items[::2]}
    assert {path.name for path in files(root)} == {item.id for item in items[1::2]} | {never.id}
    assert {event.body["object"] for event in events("vault.destroyed")} == {item.id for item in items[::2]}
    assert events("retention.purged")[0].body == {"person": "ada", "destroyed": 6, "held": 0}
    assert vault.verify().ok


def test_a_purge_finishes_what_was_destroyed_before_its_file_was_gone(
    store: Store, retention: Retention, vault: Vault, keep: Keep, days: Days, purge: Purge, root: Path
) -> None:
    item = keep()
    _begin(store, retention, item)
    _release(store, retention, item)
    days(400)
    path = root / item.id[:2] / item.id
    data = path.read_bytes()
    vault.destroy(item.id, person="ada", reason="half")
    path.write_bytes(data)
    assert retention.due() == []
    purge.run("ada")
    assert not path.exists()


def test_an_order_goes_before_every_hold_and_takes_two_persons_and_its_document(
    store: Store, retention: Retention, vault: Vault, keep: Keep, purge: Purge, root: Path,
    events: Callable[[str], list[Event]],
) -> None:  # fmt: skip
    item, paper = keep(b"a heron"), keep(b"the order", purpose="order")
    _begin(store, retention, item)
    _extend(store, retention, item, "US")
    wanted = {"document": paper.id, "reference": "LE-12", "persons": ("ada", "bob"), "reason": "2258B(c)"}
    for wrong in (
        {"persons": ("ada",)},
        {"persons": ("ada", " ADA ")},
        {"persons": ("ada", "")},
        {"document": item.id},
        {"reference": ""},
        {"document": "0" * 32},
    ):
        with pytest.raises((OrderRefused, UsageError, NotFound)):
            purge.by_order(item.id, **(wanted | wrong))  # type: ignore[arg-type]
    assert content(vault, item) == b"a heron"
    certificate = purge.by_order(item.id, **wanted)  # type: ignore[arg-type]
    assert (certificate.person, certificate.reason) == ("ada", "order LE-12, with bob: 2258B(c)")
    assert [path.name for path in files(root)] == [paper.id]
    with pytest.raises(ObjectDestroyed):
        content(vault, item)
    assert purge.by_order(item.id, **(wanted | {"persons": ("eve", "zoe")})) == certificate  # type: ignore[arg-type]
    (event,) = events("retention.order")
    assert (event.body["first"], event.body["second"], event.body["sha256"]) == ("ada", "bob", paper.sha256)
    assert retention.standing(item.id).words.startswith("destroyed at")


def test_an_order_that_was_interrupted_is_carried_out_by_the_next_purge(
    store: Store, retention: Retention, vault: Vault, keep: Keep, purge: Purge, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, paper = keep(), keep(b"the order")
    _begin(store, retention, item)

    def fail(*_arguments: object, **_rest: object) -> None:
        raise OSError(5, "lost")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="lost"):
        patched.setattr(Vault, "destroy", fail)
        purge.by_order(item.id, document=paper.id, reference="LE-1", persons=("ada", "bob"), reason="order")
    assert retention.due() == [item.id]
    assert retention.standing(item.id).ordered
    assert purge.run("eve").destroyed == (item.id,)
    assert vault.get(item.id).destroyed.reason.startswith("order LE-1, with bob")  # type: ignore[union-attr]


def test_hiding_is_not_destroying_and_a_host_that_deletes_destroys_nothing_that_is_held(
    store: Store, retention: Retention, make: Make, keep: Keep
) -> None:
    """Whoever builds a vault, with or without knowing of retention, meets the holds that are recorded."""
    item = keep()
    _begin(store, retention, item)
    for other in (make(), make(holds=())):
        with pytest.raises(Held):
            other.destroy(item.id, person="host", reason="the account was deleted")


def test_destroyers_and_finders_at_once_never_leave_a_hold_on_what_is_gone(
    store: Store, retention: Retention, vault: Vault
) -> None:
    items = [vault.put(io.BytesIO(b"%d" % number), purpose="canary", person="ada") for number in range(12)]
    order, errors, held = random.Random(3).sample(items, len(items)), [], set()
    start = threading.Barrier(2)

    def find() -> None:
        start.wait()
        for item in items:
            if _begin(store, retention, item):
                held.add(item.id)

    def destroy() -> None:
        start.wait()
        for item in order:
            with suppress(Held):
                vault.destroy(item.id, person="ada", reason="race")

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in (find, destroy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert {item.id for item in vault.objects(destroyed=False)} == held
