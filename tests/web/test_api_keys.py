"""API keys: what is stored, what is accepted, and how soon a change holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import NotFound, StoreError, UsageError
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.web.keys import KeyBook, LiveKeys, Scope
from seawall.web.keys import live as live_module
from seawall.web.keys.live import KeysUnavailable
from seawall.web.keys.model import ApiKey, KeyProblem, id_of


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(migrated_url: str, tmp_path: Path, clock: Clock) -> Iterator[KeyBook]:
    with Store.open(migrated_url, clock=clock) as store:
        yield KeyBook(store, Ledger(store, KeyFile(tmp_path / "keys")), b"s" * 32)


def accepted(book: KeyBook, token: str) -> ApiKey | None:
    with LiveKeys(book) as keys:
        return keys.verify(token)


def test_a_key_that_was_made_is_accepted_and_no_other(book: KeyBook) -> None:
    made, token = book.create("app", [Scope.CHECK])
    assert accepted(book, token) == made
    other = token[:-1] + ("a" if token[-1] != "a" else "b")
    for wrong in (
        other,
        token.upper(),
        token + "a",
        f" {token}",
        made.id,
        "",
        "sw__",
        token.replace(made.id, "0" * 12),
    ):
        assert accepted(book, wrong) is None


def test_another_secret_accepts_no_key(book: KeyBook) -> None:
    _, token = book.create("app", [Scope.CHECK])
    book._secret = b"t" * 32
    assert accepted(book, token) is None


def test_a_rotated_key_stays_valid_for_the_overlap(book: KeyBook, clock: Clock) -> None:
    _, old = book.create("app", [Scope.CHECK, Scope.HMA])
    made, new = book.rotate("app", timedelta(hours=24))
    assert made.scopes == {Scope.CHECK, Scope.HMA}
    assert accepted(book, old)
    clock.moment += timedelta(hours=24)
    assert accepted(book, old) is None
    assert accepted(book, new)


def test_rotation_neither_lengthens_the_life_of_an_old_key_nor_of_the_new_one(book: KeyBook, clock: Clock) -> None:
    _, old = book.create("app", [Scope.CHECK], expires_at=clock.moment + timedelta(hours=1))
    _, new = book.rotate("app", timedelta(hours=24))
    clock.moment += timedelta(hours=2)
    assert accepted(book, old) is None
    assert accepted(book, new) is None
    with pytest.raises(NotFound):
        book.rotate("app")


def test_a_name_is_in_use_once(book: KeyBook) -> None:
    book.create("app", [Scope.CHECK])
    with pytest.raises(KeyProblem):
        book.create("app", [Scope.HMA])
    book.revoke("app")
    book.create("app", [Scope.HMA])
    with pytest.raises(UsageError):
        book.create("none", [])


def test_a_key_is_revoked_by_name_or_id(book: KeyBook) -> None:
    first, old = book.create("app", [Scope.CHECK])
    second, new = book.rotate("app", timedelta(hours=1))
    assert [key.id for key in book.revoke(first.id)] == [first.id]
    assert accepted(book, old) is None
    assert accepted(book, new)
    assert [key.id for key in book.revoke("app")] == [second.id]
    assert accepted(book, new) is None
    with pytest.raises(NotFound):
        book.revoke("app")


def test_a_running_server_sees_changes_within_a_second(book: KeyBook) -> None:
    with LiveKeys(book, poll=0.05) as keys:
        made, token = book.create("app", [Scope.CHECK])
        wait_until(lambda: keys.verify(token) is not None)
        book.revoke(made.id)
        wait_until(lambda: keys.verify(token) is None)
        assert not keys.any
    assert live_module.POLL < 0.5


def test_the_day_of_last_use_is_written_once_a_day(book: KeyBook, clock: Clock) -> None:
    made, token = book.create("app", [Scope.CHECK])
    with LiveKeys(book, poll=3600) as keys:
        keys.verify(token)
        keys.note_uses()
        assert [key.used_on for key in book.all()] == ["2026-11-23"]
        clock.moment += timedelta(days=1)
        keys.verify(token)
        keys.note_uses()
    assert [key.used_on for key in book.all()] == ["2026-11-24"]
    assert made.used_on is None


def test_if_the_keys_cannot_be_read_for_a_while_none_is_accepted(
    book: KeyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = book.create("app", [Scope.CHECK])

    def gone() -> list[ApiKey]:
        raise StoreError

    with LiveKeys(book, poll=0.01) as keys:
        monkeypatch.setattr(book, "all", gone)
        assert keys.verify(token)
        monkeypatch.setattr(live_module, "STALE_SECONDS", 0.0)

        def refused() -> bool:
            try:
                keys.verify(token)
            except KeysUnavailable:
                return True
            return False

        wait_until(refused)


def test_a_scope_of_a_newer_seawall_grants_nothing(book: KeyBook) -> None:
    from seawall.store.tables import api_key

    _, token = book.create("app", [Scope.CHECK])
    with book._store.begin() as connection:
        connection.execute(api_key.update().values(scopes="future check"))
    key = accepted(book, token)
    assert key is not None
    assert key.scopes == {Scope.CHECK}


@given(st.text())
def test_any_text_is_a_key_or_none(text: str) -> None:
    assert id_of(text) is None


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
