"""The guard as it opens by itself, with every part that ships; and real faults of a real database."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.scenes import draw_scene
from seawall.deploy.guard import Checks, Guard, GuardUnavailable, Parts, open_guard
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.requests import FinetuneCheck, InputCheck, UploadCheck
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import GuardAction
from seawall.settings import Settings
from seawall.store import Store
from tests.deploy.guard.guard_stand_ins import CANARIES, GROOMING_WORD, words

Opened = Callable[..., Guard]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """A guard with every part that ships, and canary detectors alone."""
    from seawall.deploy.guard import GuardOptions

    home = tmp_path_factory.mktemp("whole")
    settings = Settings(home, f"sqlite:///{home / 'seawall.db'}")
    parts = Parts(packs=[words(csem__grooming=GROOMING_WORD)])
    with open_guard(settings, GuardOptions(detectors=("canary",)), parts) as guard:
        yield guard


def drawn(*concepts: str) -> MemoryMedia:
    out = io.BytesIO()
    draw_scene(concepts, 0).save(out, "PNG")
    return MemoryMedia(out.getvalue())


def test_every_part_that_ships_answers(whole: Guard) -> None:
    checks: Checks = whole

    async def ask() -> list[Any]:
        return [
            await checks.input(InputCheck(account="x", prompt=CANARIES.prompt(()))),
            await checks.input(InputCheck(account="x", prompt=CANARIES.prompt(("a", "b")))),
            await checks.upload(UploadCheck(account="x"), drawn("a", "b")),
            await checks.finetune(FinetuneCheck(account="x", manifest={"items": [{"text": "a boat"}]})),
        ]

    replies = asyncio.run(ask())
    assert [(reply.action.value, reply.drill) for reply in replies] == [
        ("allow", False),
        ("block", True),
        ("block", True),
        ("allow", False),
    ]
    assert replies[1].message, "prevention has words"
    assert all(not problem.refuses for problem in whole.ready())


def test_a_strike_leads_to_a_standing_that_later_checks_see(whole: Guard) -> None:
    bad = InputCheck(account="striker", prompt=f"how to {GROOMING_WORD}")
    actions = [whole.check_input(bad).category for _ in range(6)]
    assert actions[0] == "csem.grooming"
    after = whole.check_input(InputCheck(account="striker", prompt="a boat"))
    other = whole.check_input(InputCheck(account="somebody", prompt="a boat"))
    assert (after.action, after.category) == (GuardAction.BLOCK, "account_restricted")
    assert other.action is GuardAction.ALLOW


@pytest.fixture
def impatient(opened: Opened, settings: Settings) -> Iterator[Guard]:
    """A guard whose database gives up soon when another holds it."""
    settings.directory()
    with Store.open(settings.database_url, busy_timeout=20) as store:
        yield opened(store=store, ledger=Ledger.open(store, KeyFile(settings.home / "keys")))


def test_a_database_that_another_holds_refuses_and_recovers(impatient: Guard, settings: Settings) -> None:
    check = InputCheck(account="x", prompt="a boat")
    assert impatient.check_input(check).action is GuardAction.ALLOW
    other = sqlite3.connect(settings.home / "seawall.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(GuardUnavailable):
        impatient.check_input(check)
    other.execute("ROLLBACK")
    other.close()
    assert impatient.check_input(check).action is GuardAction.ALLOW


def test_a_database_that_loses_its_table_refuses_and_recovers(impatient: Guard, settings: Settings) -> None:
    check = InputCheck(account="x", prompt="a boat", request_id="r")
    with sqlite3.connect(settings.home / "seawall.db") as other:
        other.execute("ALTER TABLE decision RENAME TO elsewhere")
    other.close()
    for _ in range(2):
        with pytest.raises(GuardUnavailable):
            impatient.check_input(check)
    assert [problem.name for problem in impatient.ready() if problem.refuses] == ["database"]
    with sqlite3.connect(settings.home / "seawall.db") as other:
        other.execute("ALTER TABLE elsewhere RENAME TO decision")
    other.close()
    assert impatient.check_input(check).action is GuardAction.ALLOW


def test_decisions_are_kept_in_either_kind_of_database(migrated_url: str, tmp_path: Path) -> None:
    with open_guard(
        Settings(tmp_path, migrated_url), None, Parts(packs=[words(csem__grooming=GROOMING_WORD)])
    ) as guard:
        check = InputCheck(account="x", prompt=GROOMING_WORD, request_id="r")
        first, again = guard.check_input(check), guard.check_input(check)
        assert (first.action, again.decision_id) == (GuardAction.BLOCK, first.decision_id)
        assert len(guard.decision(first.decision_id).vault) == 1
