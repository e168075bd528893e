"""Decode processes, lent one at a time: whatever a file does to its decoder, the others go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from seawall.content.sandbox import SandboxLimits
from seawall.deploy.guard.errors import GuardBusy
from seawall.hashing.digests import ALWAYS
from seawall.hashing.examiner import Examiner

_MIB = 1 << 20
LIMITS = SandboxLimits(memory_bytes=1024 * _MIB, seconds_per_item=10.0, start_seconds=30.0, buffer_bytes=513 * _MIB)
"""What one medium may cost: 512 MiB of encoded bytes, a gigabyte to decode them, and ten seconds a look."""


@dataclass(slots=True)
class _Slot:
    """A place for a decode process, which is made when it is first lent."""

    digests: frozenset[str] = frozenset()
    examiner: Examiner | None = None


class DecodePool:
    """So many decode processes, shared by threads.

    Args:
        size: How many.
        limits: What one medium may cost.
    """

    def __init__(self, size: int, limits: SandboxLimits = LIMITS) -> None:
        self._limits = limits
        self._size = max(1, size)
        self._closed = False
        self._lock = threading.Lock()
        # Last in, first out: a process that is warm is used before another is started.
        self._free: queue.LifoQueue[_Slot] = queue.LifoQueue()
        for _ in range(self._size):
            self._free.put(_Slot())

    @contextmanager
    def lend(self, digests: frozenset[str], seconds: float) -> Iterator[Examiner]:
        """Lend a decode process.

        Args:
            digests: Which digests it has to compute.
            seconds: How long to wait for one.

        Raises:
            GuardBusy: If none is free in time, or the pool is closed.
        """
        try:
            slot = self._free.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise GuardBusy("every decode process is busy") from None
        try:
            yield self._ready(slot, digests | ALWAYS)
        except BaseException:
            # Nobody knows in what state it is.
            _end(slot)
            raise
        finally:
            with self._lock:
                if self._closed:
                    _end(slot)
                self._free.put(slot)

    def close(self) -> None:
        """End every process; one that is in use ends when it is given back."""
        with self._lock:
            self._closed = True
            slots = []
            while not self._free.empty():
                slots.append(self._free.get_nowait())
            for slot in slots:
                _end(slot)
                self._free.put(slot)

    def _ready(self, slot: _Slot, digests: frozenset[str]) -> Examiner:
        if self._closed:
            raise GuardBusy("the guard is closing")
        if slot.examiner is not None and not digests <= slot.digests:
            _end(slot)
        if slot.examiner is None:
            slot.examiner, slot.digests = Examiner(digests, limits=self._limits), digests
        return slot.examiner


def _end(slot: _Slot) -> None:
    if slot.examiner is not None:
        slot.examiner.close()
        slot.examiner = None
