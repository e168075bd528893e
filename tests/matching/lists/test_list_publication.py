"""A change is published whole or not at all: kill -9 anywhere, a full disk anywhere, two writers."""

from __future__ import annotations

import errno
import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.errors import ListConflict, NotFound, StorageFull
from seawall.hashing.registry import SignalTypes
from seawall.matching import ListStore, Purpose
from seawall.matching.lists import FixedKey, ImportReport
from seawall.matching.lists.lock import writing

TYPES = SignalTypes.installed()
ENOUGH = 200
"""More system calls than a change makes."""

PAGE = """<queryResult><images>{}</images></queryResult>"""
ITEM = """<image><member id="1"/><id>{}</id><classification>{}</classification>
<fingerprints><md5>{}</md5><pdq>{}</pdq></fingerprints></image>"""
GONE = """<deletedImage><member id="1"/><id>{}</id></deletedImage>"""


def md5(number: int) -> str:
    return f"cab08b36195edb1a1231d2d0{number:08x}"


def pdq(number: int) -> str:
    return f"f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c{number:08x}"


FIRST = PAGE.format("".join(ITEM.format(n, "A1", md5(n), pdq(n)) for n in range(6)))
SECOND = PAGE.format(
    GONE.format(0)
    + ITEM.format(1, "B2", md5(1), pdq(1))
    + ITEM.format(9, "A2", md5(9), pdq(9)).replace("</fingerprints>", f"<sha1>{md5(9)}aabbccdd</sha1></fingerprints>")
)


def contents(store: ListStore) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what is live: labels by (type, value)."""
    found = store.verify("n")
    wanted = [("md5", md5(n)) for n in range(10)] + [("pdq", pdq(n)) for n in range(10)]
    wanted.append(("sha1", md5(9) + "aabbccdd"))
    live = {}
    for name, text in wanted:
        _, entries, distances = found.search(name, [bytes.fromhex(text)])
        for entry, distance in zip(entries.tolist(), distances.tolist(), strict=True):
            if distance == 0:
                assert (name, text) not in live
                live[name, text] = found.labels_of(entry)
    assert len(live) == len(found)
    return live


@pytest.fixture
def steps(tmp_path: Path) -> Callable[[Path, str], tuple[ListStore, Callable[[], ImportReport]]]:
    """Make a store, and an import of a page into its list `n`."""

    def make(folder: Path, page: str) -> tuple[ListStore, Callable[[], ImportReport]]:
        store = ListStore(folder / "lists", types=TYPES, keys=FixedKey(bytes(32)))
        path = tmp_path / "page.xml"

        def run() -> ImportReport:
            path.write_text(page)
            return store.import_file(path, name="n", purpose=Purpose.CSAM)

        return store, run

    return make


class Countdown:
    """Stands in for a system call, and acts instead of the n-th one."""

    def __init__(self, calls: int, act: Callable[[], None]) -> None:
        self.left = calls
        self._act = act

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("fsync", "replace", "rename", "unlink"):
            real = getattr(os, name)
            monkeypatch.setattr(os, name, self._wrapped(real))

    def _wrapped(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            self.left -= 1
            if self.left == 0:
                self._act()
            return real(*arguments, **options)

        return call


def killed_at(call: int, run: Callable[[], ImportReport], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run in a child that dies by SIGKILL at its n-th system call; return whether it died."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads of libraries; the child only imports
        child = os.fork()
    if child == 0:
        try:
            Countdown(call, lambda: os.kill(os.getpid(), signal.SIGKILL)).install(monkeypatch)
            run()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.crash
@pytest.mark.parametrize("pages", [(FIRST,), (FIRST, SECOND)], ids=["first import", "second import"])
def test_a_kill_at_any_moment_leaves_the_old_version_or_the_new_one(
    tmp_path: Path,
    steps: Callable[[Path, str], tuple[ListStore, Callable[[], ImportReport]]],
    monkeypatch: pytest.MonkeyPatch,
    pages: tuple[str, ...],
) -> None:
    def prepared(name: str) -> ListStore:
        store = ListStore(tmp_path / name / "lists", types=TYPES, keys=FixedKey(bytes(32)))
        for page in pages[:-1]:
            steps(tmp_path / name, page)[1]()
        return store

    reference = prepared("reference")
    old = contents(reference) if len(pages) > 1 else None
    steps(tmp_path / "reference", pages[-1])[1]()
    new = contents(reference)
    seen = set()
    for call in range(1, ENOUGH):
        store = prepared(f"run{call}")
        _, run = steps(tmp_path / f"run{call}", pages[-1])
        died = killed_at(call, run, monkeypatch)
        try:
            found = contents(store)
        except NotFound:
            found = None
        assert found in ((new,) if not died else (old, new)), call
        seen.add(found == new)
        before = set() if found is None else set(range(store.manifest("n").current.next_id))
        report = run()
        assert contents(store) == new, call
        if report.first_entry is not None:
            assert int(report.first_entry) not in before
        if not died:
            break
    else:
        pytest.fail("the change never came to an end")
    assert seen == {False, True}


def test_a_full_disk_at_any_moment_leaves_the_old_version(
    tmp_path: Path, steps: Callable[[Path, str], tuple[ListStore, Callable[[], ImportReport]]]
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store, first = steps(tmp_path, FIRST)
    _, second = steps(tmp_path, SECOND)
    first()
    old = contents(store)
    failures = 0
    for call in range(1, ENOUGH):
        with pytest.MonkeyPatch.context() as patch:
            Countdown(call, full).install(patch)
            try:
                second()
            except StorageFull:
                failures += 1
            else:
                break
        assert contents(store) == old
    assert failures > 3
    assert contents(store) != old
    assert second().added == 0


def test_a_second_writer_is_told_to_wait(
    tmp_path: Path, steps: Callable[[Path, str], tuple[ListStore, Callable[[], ImportReport]]]
) -> None:
    store, first = steps(tmp_path, FIRST)
    first()
    with writing(store.root, "n"):
        with pytest.raises(ListConflict, match="being changed by another process"):
            first()
        with pytest.raises(ListConflict, match="being changed"):
            store.delete("n")
        assert len(store.open("n")) == 12
    assert first().added == 0


def test_an_import_that_fails_halfway_changes_nothing(
    tmp_path: Path, steps: Callable[[Path, str], tuple[ListStore, Callable[[], ImportReport]]]
) -> None:
    store, first = steps(tmp_path, FIRST)
    first()
    old = contents(store)
    with pytest.raises(Exception, match="cut"):
        steps(tmp_path, SECOND[:-20])[1]()
    assert contents(store) == old
    assert store.manifest("n").current.version == 1
