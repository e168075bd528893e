"""Phased release as the guard sees it: who may ask which model, and what its answers count for.

Admission reads local files alone, so that it works when nothing else does; the database is asked in the background.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seawall.clock import Clock, system_clock
from seawall.deploy.guard.contract import Admission
from seawall.deploy.rollout import _rows
from seawall.deploy.rollout.evidence import is_trial, tally
from seawall.deploy.rollout.killswitch import INTERVAL, KillSwitch
from seawall.deploy.rollout.posture import KILLED, UNKNOWN, Posture
from seawall.deploy.rollout.store import RolloutStore
from seawall.errors import SeawallError, StorageFull
from seawall.policy.guard import CheckKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.decisions import DecisionRecord

TICK = 1.0
"""Seconds between two looks at the database."""


def posture_file(home: Path) -> Path:
    """Return where the last known posture lies."""
    return home / "rollout" / "posture.json"


class RolloutBook:
    """Implements the guard's `Rollouts`. Safe to use from several threads.

    Args:
        home: seawall's state directory.
        rollouts: The rollouts of the database; None for a place that has only the files.
        clock: Tells the time of kills.
        monotonic: Tells how old an answer is.
    """

    def __init__(
        self,
        home: Path,
        rollouts: RolloutStore | None = None,
        *,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.switch = KillSwitch(home, clock=clock, monotonic=monotonic)
        self._file = posture_file(home)
        self._rollouts = rollouts
        self._monotonic = monotonic
        self._posture: Posture | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = -INTERVAL
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def open(cls, home: Path, rollouts: RolloutStore, *, clock: Clock = system_clock) -> Self:
        """Return a book that has looked at the database once, if it could be reached."""
        book = cls(home, rollouts, clock=clock)
        book.tick()
        return book

    def admit(self, model: str | None, account: str) -> Admission:
        """Say whether this account may use this model now; never slow, and never an error."""
        if self.switch.killed(model):
            return Admission(False, KILLED)
        posture = self._known()
        return posture.admit(model, account) if posture is not None else Admission(False, UNKNOWN)

    def observe(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Count decisions for the stop rule, within the transaction that records them."""
        posture = self._known()
        groups: dict[tuple[str, str], list[DecisionRecord]] = defaultdict(list)
        for record in records:
            if record.model is None:
                continue
            gate = posture.gates.get(record.model) if posture is not None else None
            if posture is not None and gate is None:
                continue
            if is_trial(record, gate.count if gate is not None else tuple(CheckKind)):
                policy = record.judgement.policy if record.judgement is not None else ""
                groups[record.model, policy].append(record)
        # In one order, so that two workers never wait for each other.
        for (model, policy), trials in sorted(groups.items()):
            moments = [record.at for record in trials]
            first = min(record.id for record in trials)
            _rows.queue(connection, model, policy or None, first, min(moments), max(moments), tally(trials))

    def tick(self) -> bool:
        """Ask the database: count, act, record kills made offline, and keep what is then known.

        Returns:
            Whether that worked. If not, what was known before goes on to hold.
        """
        if self._rollouts is None:
            return False
        # A switch that cannot be read counts as killed; the rest goes on.
        with suppress(SeawallError):
            self._rollouts.sync_kills(self.switch)
        try:
            self._rollouts.evaluate()
            return self.refresh()
        except SeawallError:
            return False

    def refresh(self) -> bool:
        """Take over who is admitted from the database, and keep it in the file for when there is none."""
        if self._rollouts is None:
            return False
        try:
            posture = self._rollouts.posture()
        except SeawallError:
            return False
        # Saved first: otherwise another thread could read the old file after this took over the new posture.
        try:
            posture.save(self._file)
        except (OSError, StorageFull):
            saved = False
        else:
            saved = True
        self._stamp = self._stamp_now()
        self._posture = posture
        return saved

    def start(self) -> None:
        """Look at the database every second from now on, in a thread."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="seawall-rollout", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop looking; wait a while for a look that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            # A fault here must not end the looks that come after it.
            with suppress(Exception):
                self.tick()

    def _known(self) -> Posture | None:
        now = self._monotonic()
        if now - self._looked >= INTERVAL:
            self._looked = now
            stamp = self._stamp_now()
            if stamp is not None and stamp != self._stamp:
                posture = Posture.load(self._file)
                if posture is not None:
                    self._posture, self._stamp = posture, stamp
        return self._posture

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
