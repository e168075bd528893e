"""Lists that change while they are used: seen within a moment, without a lookup that fails or waits."""

from __future__ import annotations

import gc
import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seawall.deploy.guard.lists import ListsFailed, LiveLists
from seawall.errors import NotFound, UsageError
from seawall.matching import ListStore, Match, Purpose
from seawall.settings import Settings

PATIENCE = 20.0


def code(number: int) -> bytes:
    """A PDQ-like value that is far from every other."""
    return hashlib.sha256(f"code {number}".encode()).digest()


def near(value: bytes, bits: int) -> bytes:
    return bytes(value[:-4]) + (int.from_bytes(value[-4:]) ^ ((1 << bits) - 1)).to_bytes(4)


def until(held: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    ends = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not held():
        assert time.monotonic() < ends, "it did not come about"
        pause.wait(0.01)


@pytest.fixture
def imported(store: ListStore, tmp_path: Path) -> Callable[..., None]:
    """`imported("alpha", code(1), ...)` makes a list the list of these values."""

    def write(name: str, *values: bytes, type: str = "pdq", purpose: Purpose = Purpose.CSAM, label: str = "") -> None:
        path = tmp_path / f"{name}.txt"
        path.write_text("".join(value.hex() + "\n" for value in values))
        store.import_file(path, name=name, purpose=purpose, type=type, replace=True, labels=[label] if label else [])

    return write


@pytest.fixture
def lists(settings: Settings) -> Iterator[Callable[..., LiveLists]]:
    opened: list[LiveLists] = []

    def open_them(**options: object) -> LiveLists:
        opened.append(LiveLists(settings, poll=0.02, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_them
    for each in opened:
        each.close()


def names(matches: list[list[Match]]) -> list[list[str]]:
    return [[match.list for match in each] for each in matches]


def test_an_empty_home_has_the_canaries_alone(lists: Callable[..., LiveLists]) -> None:
    status = lists().status()
    assert [each.name for each in status.lists] == ["canary"]
    assert (status.failed, status.real) == (False, False)


def test_values_are_found_within_their_distance(lists: Callable[..., LiveLists], imported: Callable[..., None]) -> None:
    imported("alpha", code(1), label="some-label")
    imported("beta", code(1), code(2), purpose=Purpose.NCII_ADULT)
    live = lists()
    assert names(live.search("pdq", [code(1), code(2), code(3)])) == [["alpha", "beta"], ["beta"], []]
    assert names(live.search("pdq", [near(code(1), 20)])) == [["alpha", "beta"]]
    assert names(live.search("pdq", [near(code(1), 20)], max_distance=10)) == [[]]
    assert names(live.search("pdq", [code(1)], lists=["beta"])) == [["beta"]]
    match = live.search("pdq", [code(1)], lists=["alpha"])[0][0]
    assert (match.labels, match.purpose, match.distance) == (("some-label",), Purpose.CSAM, 0)


def test_a_digest_is_that_of_a_file_and_of_a_video(
    lists: Callable[..., LiveLists], imported: Callable[..., None]
) -> None:
    imported("files", code(1), type="sha256")
    imported("videos", code(1), code(2), type="video_sha256")
    live = lists()
    assert [match.list for match in live.match_digest("sha256", code(1))] == ["files", "videos"]
    assert [match.list for match in live.match_digest("sha256", code(2))] == ["videos"]


def test_what_cannot_be_asked_is_refused(lists: Callable[..., LiveLists], imported: Callable[..., None]) -> None:
    imported("alpha", code(1))
    live = lists()
    with pytest.raises(NotFound, match="gamma"):
        live.search("pdq", [code(1)], lists=["gamma"])
    with pytest.raises(UsageError):
        live.search("pdq", [b"short"])
    with pytest.raises(UsageError):
        live.search("pdq", [code(1)], max_distance=64)


def test_an_import_an_addition_a_withdrawal_and_a_deletion_are_seen(
    lists: Callable[..., LiveLists], imported: Callable[..., None], store: ListStore
) -> None:
    live = lists()
    before = live.view().fingerprint
    imported("alpha", code(1))
    until(lambda: names(live.search("pdq", [code(1)])) == [["alpha"]])
    assert live.view().fingerprint != before
    imported("alpha", code(1), code(2))
    until(lambda: names(live.search("pdq", [code(2)])) == [["alpha"]])
    imported("alpha", code(2))
    until(lambda: names(live.search("pdq", [code(1), code(2)])) == [[], ["alpha"]])
    store.delete("alpha")
    until(lambda: not live.status().real)
    assert live.search("pdq", [code(2)]) == [[]]


def test_what_does_not_change_is_not_opened_again(
    lists: Callable[..., LiveLists], imported: Callable[..., None]
) -> None:
    imported("alpha", code(1))
    imported("beta", code(2))
    live = lists()
    one = {found.name: found for found in live.view().matcher.lists}
    live.refresh()
    assert live.view().matcher.lists[0] is one["alpha"]
    imported("beta", code(3))
    live.refresh()
    two = {found.name: found for found in live.view().matcher.lists}
    assert two["alpha"] is one["alpha"]
    assert two["beta"] is not one["beta"]


def test_a_list_is_swapped_under_two_hundred_lookups(
    lists: Callable[..., LiveLists], imported: Callable[..., None]
) -> None:
    """Every lookup sees the value that is always there, and one of the two that come and go."""
    imported("alpha", code(0), code(1))
    live = lists()
    stop = threading.Event()
    bad: list[object] = []
    done = [0] * 4

    def look(number: int) -> None:
        while not stop.is_set():
            try:
                always, one, two = live.search("pdq", [code(0), code(1), code(2)])
            except Exception as problem:
                bad.append(problem)
                return
            if not always or bool(one) == bool(two):
                bad.append((always, one, two))
            done[number] += 1

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    generation = live.status().generation
    for turn in range(10):
        imported("alpha", code(0), code(2 - turn % 2))
    until(lambda: sum(done) >= 200 and live.status().generation > generation)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert bad == []


def test_what_is_replaced_is_let_go(lists: Callable[..., LiveLists], imported: Callable[..., None]) -> None:
    import weakref

    imported("alpha", code(1))
    live = lists()
    with live.matcher() as matcher:
        old = weakref.ref(matcher)
    held = live.view()
    imported("alpha", code(2))
    live.refresh()
    assert names(held.matcher.match([("pdq", code(1))])) == [["alpha"]], "whoever holds the old lists can use them"
    del held, matcher
    gc.collect()
    assert old() is None


@pytest.mark.parametrize("damage", ["manifest", "segment cut", "segment gone", "labels"])
def test_a_damaged_list_fails_and_is_never_taken_for_no_match(
    lists: Callable[..., LiveLists], imported: Callable[..., None], store: ListStore, damage: str
) -> None:
    imported("alpha", code(1), label="some-label")
    imported("beta", code(2))
    live = lists()
    folder = store.root / "alpha"
    kept = shutil.copytree(folder, folder.parent.parent / "kept")
    victim = {
        "manifest": folder / "manifest.json",
        "segment cut": next(folder.rglob("*.segment")),
        "segment gone": next(folder.rglob("*.segment")),
        "labels": next(folder.glob("labels-*.bin")),
    }[damage]
    fresh = victim.with_name("fresh")
    if damage == "segment gone":
        victim.unlink()
    else:
        fresh.write_bytes(victim.read_bytes()[:40])
        fresh.replace(victim)
    until(lambda: live.status().failed)
    with pytest.raises(ListsFailed):
        live.search("pdq", [code(1)])
    with pytest.raises(ListsFailed):
        live.match_digest("md5", bytes(16))
    found = live.view().match([("pdq", code(1)), ("pdq", code(2))])
    assert names(found.matches) == [[], ["beta"]], "lists that can be read still answer"
    assert found.failed == {"alpha"}
    assert names(live.search("pdq", [code(2)], lists=["beta"])) == [["beta"]]
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    until(lambda: not live.status().failed)
    assert names(live.search("pdq", [code(1)])) == [["alpha"]]


def test_a_lost_key_fails_and_no_new_one_is_made(
    lists: Callable[..., LiveLists], imported: Callable[..., None], settings: Settings
) -> None:
    imported("alpha", code(1), label="some-label")
    live = lists()
    key = settings.home / "keys" / "labels.key"
    secret = key.read_bytes()
    key.unlink()
    until(lambda: live.status().failed)
    assert not key.exists()
    with pytest.raises(ListsFailed):
        live.search("pdq", [code(1)])
    key.write_bytes(bytes(32))
    live.refresh()
    assert live.status().failed, "another key does not open the labels"
    key.write_bytes(secret)
    until(lambda: not live.status().failed)
    assert live.search("pdq", [code(1)])[0][0].labels == ("some-label",)


def test_lists_that_are_not_looked_at_any_more_are_not_relied_on(
    lists: Callable[..., LiveLists], imported: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    imported("alpha", code(1))
    live = lists()
    live.close()
    now = time.monotonic()
    monkeypatch.setattr("seawall.deploy.guard.lists.live.time.monotonic", lambda: now + 3600)
    assert live.status().stale
    with pytest.raises(ListsFailed):
        live.search("pdq", [code(1)])


def test_lists_that_were_asked_for_by_name_must_be_there(
    lists: Callable[..., LiveLists], imported: Callable[..., None], store: ListStore
) -> None:
    imported("alpha", code(1))
    imported("beta", code(1))
    live = lists(names=["beta"])
    assert names(live.search("pdq", [code(1)])) == [["beta"]]
    store.delete("beta")
    until(lambda: live.status().failed)


def test_two_processes_that_start_at_once_share_the_canaries(lists: Callable[..., LiveLists]) -> None:
    opened: list[LiveLists] = []
    threads = [threading.Thread(target=lambda: opened.append(lists())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [each.status().failed for each in opened] == [False] * 4
