"""Guards over fresh databases, with stand-ins for whatever a test does not name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from seawall.deploy.guard import Guard, GuardOptions, Parts, open_guard
from seawall.deploy.guard.contract import OpenRollouts, QuietBook, QuietMessenger
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaExaminer
from seawall.deploy.guard.media.pool import DecodePool
from seawall.deploy.guard.requests import InputCheck
from seawall.deploy.guard.seen import Seen
from seawall.matching import ListStore, Purpose
from seawall.policy.guard import load_guard_policy
from seawall.policy.guard.lifecycle import LivePolicies
from seawall.policy.separation import Signs
from seawall.settings import Settings
from seawall.store import Store
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import Examine


class QuietMedia:
    """Finds nothing in any medium."""

    def examine(self, media: Any, name: str) -> Seen:
        return Seen(name, Signs(picture=True, sexual=(0.0,)), checks=(("lists", "ok"),))

    def examine_digest(self, sha256: str, name: str) -> Seen:
        return Seen(name, Signs(picture=True, sexual=(0.0,)), checks=(("lists", "ok"),), sha256=sha256)


class QuietData:
    """Finds nothing in any fine-tuning data."""

    def examine(self, check: Any) -> list[Seen]:
        return []


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is up to date, to copy."""
    path = tmp_path_factory.mktemp("empty") / "seawall.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def shipped_policies() -> LivePolicies:
    """The policy that ships."""
    return LivePolicies.fixed(load_guard_policy())


@pytest.fixture
def settings(seawall_home: Path, empty_database: Path) -> Settings:
    """A fresh home with its own database."""
    seawall_home.mkdir(mode=0o700)
    shutil.copyfile(empty_database, seawall_home / "seawall.db")
    return Settings(seawall_home, f"sqlite:///{seawall_home / 'seawall.db'}")


def _quiet(parts: dict[str, Any]) -> Parts:
    quiet = {
        "book": QuietBook(),
        "messenger": QuietMessenger(),
        "rollouts": OpenRollouts(),
        "media": QuietMedia(),
        "finetune": QuietData(),
    }
    return Parts(**quiet | parts)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """A guard as it comes, for tests that leave it as it was."""
    home = tmp_path_factory.mktemp("home")
    with open_guard(Settings(home, f"sqlite:///{home / 'seawall.db'}"), None, _quiet({})) as guard:
        yield guard


@pytest.fixture
def opened(settings: Settings, shipped_policies: LivePolicies) -> Iterator[Callable[..., Guard]]:
    """`opened(options, media=...)` opens a guard; parts that are not named are quiet."""
    with ExitStack() as stack:

        def open_one(options: GuardOptions | None = None, **parts: Any) -> Guard:
            if options is None or options.policy is None:
                parts = {"policies": shipped_policies} | parts
            return stack.enter_context(open_guard(settings, options, _quiet(parts)))

        yield open_one


@pytest.fixture
def asked() -> Callable[..., InputCheck]:
    """`asked(prompt, ...)` makes a request."""

    def make(prompt: str, **fields: Any) -> InputCheck:
        return InputCheck(account=fields.pop("account", "account-1"), prompt=prompt, **fields)

    return make


@pytest.fixture
def store(settings: Settings) -> ListStore:
    """The lists of the home."""
    return ListStore(settings.home / "lists")


@pytest.fixture
def lists(settings: Settings) -> Iterator[LiveLists]:
    """The same lists, as a guard follows them."""
    with LiveLists(settings, poll=0.02) as live:
        yield live


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """A decode process that tests share: starting one takes longer than most of them."""
    shared = DecodePool(1)
    yield shared
    shared.close()


@pytest.fixture
def examiner(lists: LiveLists, pool: DecodePool) -> Iterator[Examine]:
    """`examiner(detector, ...)` examines with these detectors; without any by lists alone."""
    opened: list[MediaExaminer] = []

    def open_it(*detectors: object, scorer: object = None, **options: object) -> MediaExaminer:
        stubs = scorer or (made.Stubs(*detectors) if detectors else None)
        if "limits" not in options:
            options["pool"] = pool
        opened.append(MediaExaminer(lists, None if stubs is None else lambda: stubs, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def listed(store: ListStore, lists: LiveLists, tmp_path: Path) -> Callable[..., None]:
    """`listed("alpha", "sha256", value)` puts values on a list."""

    def write(name: str, type: str, *values: str, purpose: Purpose = Purpose.CSAM, label: str = "some-label") -> None:
        path = tmp_path / f"{name}-list.txt"
        path.write_text("\n".join(values) + "\n")
        store.import_file(path, name=name, purpose=purpose, type=type, labels=[label])
        lists.refresh()

    return write
