"""Packs and models of text: what they cover, how they change under way, and what they may bring about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from seawall.deploy.guard import Guard, GuardOptions
from seawall.detectors.contract import Result
from seawall.ledger.signatures import signed_text
from seawall.policy.guard import GuardAction, State
from seawall.text import Pack, Term
from seawall.text.packs import PackStore, seal
from tests.deploy.guard.guard_stand_ins import ADULT_WORD, CANARIES, StubScorer, saying

Opened = Callable[..., Guard]
Asked = Callable[..., Any]
LAST_DAY = date(2026, 6, 1)


class Signer:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, context: str, data: bytes) -> bytes:
        return self._key.sign(signed_text(context, data))


class Day:
    """A clock that stands until it is moved."""

    now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def day() -> Day:
    return Day()


def install(home: Path, clock: Day, *terms: Term) -> None:
    store, signer = PackStore(home, clock=clock), Signer()
    sealed = seal(Pack("our-words", "1", "tests", LAST_DAY, terms), signer, store.keys.own())
    store.install(sealed, signer=signer.public_key)


def states(guard: Guard, check: Any) -> frozenset[State]:
    return guard.decision(guard.check_input(check).decision_id).facts.states


def test_a_pack_counts_as_soon_as_it_is_installed_and_fails_once_it_has_expired(
    opened: Opened, asked: Asked, settings: Any, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.deploy.guard.checking._REFRESH", 0.0)
    guard = opened(clock=day)
    check = asked(f"{ADULT_WORD} and {CANARIES.concepts['a'].words['en']}")
    assert guard.check_input(check).action is GuardAction.ALLOW
    assert states(guard, check) == {State.UNCOVERED}
    install(settings.home, day, Term("adult_sexual", ADULT_WORD))
    assert guard.check_input(check).drill
    assert states(guard, check) == frozenset()
    day.now = datetime(2026, 6, 2, tzinfo=UTC)
    refused = guard.check_input(asked("a boat"))
    assert (refused.action, refused.category) == (GuardAction.BLOCK, "unchecked")
    assert ("term-packs", "error") in [(each.name, each.status) for each in guard.ready()]
    (settings.home / "packs" / "our-words.pack").unlink(missing_ok=True)
    for path in (settings.home / "packs").iterdir():
        path.unlink()
    assert guard.check_input(asked("a boat")).action is GuardAction.ALLOW


def test_a_pack_that_is_damaged_refuses_everything(opened: Opened, asked: Asked, settings: Any, day: Day) -> None:
    install(settings.home, day, Term("adult_sexual", ADULT_WORD))
    for path in (settings.home / "packs").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert opened(clock=day).check_input(asked("a boat")).action is GuardAction.BLOCK


def test_what_a_model_says_joins_what_packs_say(opened: Opened, asked: Asked) -> None:
    guard = opened(scorers=lambda: StubScorer(saying({"adult_sexual": 0.9, "own": 0.4})))
    reply = guard.check_input(asked("She is 9 years old and likes trains."))
    assert (reply.action, reply.category, reply.drill) == (GuardAction.BLOCK, "csem.sexualised_media", False)
    facts = guard.decision(reply.decision_id).facts
    assert facts.real.part_scores == {"prompt": {"own": 0.4}}
    assert facts.states == frozenset(), "a model answers what no pack does"


def test_a_score_that_must_not_act_brings_in_a_person(opened: Opened, asked: Asked) -> None:
    routed = {"adult_sexual": 0.9, "minor_reference": 0.9}
    guard = opened(scorers=lambda: StubScorer(saying(routed), requires_human_review=True))
    reply = guard.check_input(asked("a boat"))
    assert reply.action is GuardAction.REVIEW
    facts = guard.decision(reply.decision_id).facts
    assert facts.real.scores == {"review.adult_sexual": 0.9, "review.minor_reference": 0.9}
    quiet = opened(scorers=lambda: StubScorer(saying({"adult_sexual": 0.1}), requires_human_review=True))
    assert quiet.check_input(asked("a boat")).action is GuardAction.ALLOW


def test_models_are_asked_about_every_text_of_a_request_at_once(opened: Opened, asked: Asked) -> None:
    calls: list[list[str]] = []

    def answer(items: Any, hashed: bool) -> Any:
        calls.append([item.text for item in items])
        assert hashed
        return [{"stub": Result.ok({"own": 0.0})} for _ in items]

    guard = opened(scorers=lambda: StubScorer(answer))
    guard.check_input(asked("one", system="two", history=["three", ""], negative_prompt="four"))
    assert calls == [["one", "four", "two", "three"]]


def test_without_packs_the_gaps_are_told_and_canaries_are_found(opened: Opened, asked: Asked) -> None:
    guard = opened(GuardOptions(detectors=("image-safety",)))
    reply = guard.check_input(asked(CANARIES.prompt(("a", "b"))))
    assert reply.drill
    assert {each.name: each.status for each in reply.checks} == {
        "canary": "ok",
        "adult-terms": "not_configured",
        "age-terms": "not_configured",
    }
