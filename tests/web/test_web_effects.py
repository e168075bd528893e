"""The host acknowledges what it has done; nothing else counts as done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.deploy.enforcement import acknowledge_effect
from seawall.store import Store
from seawall.store.outbox import Outbox, enqueue

TOPIC = "account.effect"
AT = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    with Store.open(f"sqlite:///{tmp_path / 'effects.db'}") as store:
        yield store


@pytest.fixture
def effect(store: Store) -> str:
    """An effect that was queued."""
    with store.begin() as connection:
        return enqueue(connection, TOPIC, "key", {"type": "restriction"}, at=AT)


@pytest.fixture
def effects(server: Any, store: Store) -> Any:
    """A server over the outbox of the database."""
    outbox = Outbox(store)
    return server.with_parts(acknowledge=lambda each: acknowledge_effect(outbox, each))


def test_an_effect_is_acknowledged_once_and_again_changes_nothing(effects: Any, effect: str, store: Store) -> None:
    first = effects.ask("POST", f"/v1/effects/{effect}/ack", key="effects")
    again = effects.ask("POST", f"/v1/effects/{effect}/ack", key="effects")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["state"] == "acknowledged"
    assert [each.state for each in Outbox(store).messages(TOPIC)] == ["acknowledged"]


@pytest.mark.parametrize("effect_id", ["0" * 32, "nonsense", "..%2f..", "0" * 5000])
def test_an_effect_that_there_is_not_is_not_found(effects: Any, effect_id: str) -> None:
    reply = effects.ask("POST", f"/v1/effects/{effect_id}/ack", key="effects")
    assert reply.status_code == 404


def test_an_effect_that_a_person_gave_up_conflicts(effects: Any, effect: str, store: Store) -> None:
    Outbox(store).bury(effect, person="ann", reason="the host is gone")
    reply = effects.ask("POST", f"/v1/effects/{effect}/ack", key="effects")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "effect_given_up")


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("check", 403), ("admin", 200)])
def test_acknowledging_needs_the_scope(effects: Any, effect: str, key: str | None, status: int) -> None:
    assert effects.ask("POST", f"/v1/effects/{effect}/ack", key=key).status_code == status
