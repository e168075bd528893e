"""Several workers write of the same accounts at once: none waits for another in a circle, and facts have one order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from seawall.accounts import Accounts, AlreadyDone, Deserved, Ladder, RestrictionKind
from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store

WHO = {"person": "ada", "reason": "seen"}
NAMES = ["a", "b", "c", "d"]


def test_strikes_bans_and_overturns_at_once(migrated_url: str, tmp_path: Path, ladder: Ladder) -> None:
    errors: list[BaseException] = []
    given: list[str] = []

    def at_once(work: Callable[[Accounts, Store], None]) -> threading.Thread:
        def run() -> None:
            try:
                with Store.open(migrated_url) as store:
                    work(Accounts(store, Ledger(store, KeyFile(tmp_path / "keys")), b"s" * 32), store)
            except BaseException as error:
                errors.append(error)

        return threading.Thread(target=run)

    def settle(order: list[str]) -> Callable[[Accounts, Store], None]:
        def work(accounts: Accounts, store: Store) -> None:
            for _ in range(6):
                at = to_iso(datetime.now(UTC))
                wanted = [Deserved(Recorder.new_id(), name, "small", at) for name in order]
                with store.begin() as connection:
                    accounts.settle(connection, wanted)
                given.extend(each.decision_id for each in wanted)

        return work

    def ban(accounts: Accounts, store: Store) -> None:
        for name in NAMES * 2:
            made = accounts.restrict(name, RestrictionKind.BAN, **WHO)
            accounts.lift(made.id, **WHO)

    def overturn(accounts: Accounts, store: Store) -> None:
        for _ in range(8):
            if given:
                try:
                    accounts.void(given[len(given) // 2], **WHO)
                except AlreadyDone:
                    continue

    with Store.open(migrated_url) as store:
        accounts = Accounts(store, Ledger.open(store, KeyFile(tmp_path / "keys")), b"s" * 32)
        accounts.ladders.activate(ladder, **WHO)
        workers = [at_once(work) for work in (settle(NAMES), settle(NAMES[::-1]), ban, overturn)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert errors == []
        assert not any(worker.is_alive() for worker in workers)
        assert sum(len(accounts.show(name).strikes) for name in NAMES) == 48
        assert all(accounts.verify(name) >= 16 for name in NAMES)


def test_of_two_who_lift_or_overturn_at_once_one_does_it(migrated_url: str, tmp_path: Path, ladder: Ladder) -> None:
    with Store.open(migrated_url) as store:
        accounts = Accounts(store, Ledger.open(store, KeyFile(tmp_path / "keys")), b"s" * 32)
        accounts.ladders.activate(ladder, **WHO)
        strike, _ = accounts.strike("a", "gravest", **WHO)
        made = accounts.restrict("a", RestrictionKind.BAN, **WHO)
        done: list[str] = []

        def lift() -> None:
            try:
                accounts.lift(made.id, **WHO)
                done.append("lift")
            except AlreadyDone:
                done.append("late")

        def void() -> None:
            try:
                accounts.void(strike.id, **WHO)
                done.append("void")
            except AlreadyDone:
                done.append("late")

        workers = [threading.Thread(target=work) for work in (lift, void, lift, void)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert sorted(done) == ["late", "late", "lift", "void"]
        assert accounts.verify("a") == 4
