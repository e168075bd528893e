"""A pool of threads for what takes its time. One that hangs is replaced, and never keeps the process from ending."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_SPARE = 8


class Pool:
    """Runs calls in threads that are started when needed.

    Args:
        name: Name of the threads.
        threads: Most that work at once.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._threads = threads
        self._ready = threading.Condition()
        self._calls: deque[tuple[int, Callable[[], None]]] = deque()
        self._running: set[int] = set()
        self._lost: set[int] = set()
        self._idle = 0
        self._alive = 0
        self._closed = False

    def submit(self, number: int, call: Callable[[], None]) -> None:
        """Run a call, which must not raise, as soon as a thread is free."""
        with self._ready:
            self._calls.append((number, call))
            if self._idle:
                self._ready.notify()
            else:
                self._grow()

    def abandon(self, number: int) -> None:
        """Give a call up: it is not begun any more; if it runs, another thread takes the place of its own."""
        with self._ready:
            if number in self._running:
                self._lost.add(number)
                if self._calls:
                    self._grow()
                return
            self._calls = deque(each for each in self._calls if each[0] != number)

    def close(self) -> None:
        """Begin nothing more; threads end when they are free."""
        with self._ready:
            self._closed = True
            self._calls.clear()
            self._ready.notify_all()

    def _grow(self) -> None:
        """Start a thread, if there may be one more."""
        if self._closed or self._alive - len(self._lost) >= self._threads or self._alive >= self._threads + _SPARE:
            return
        self._alive += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._calls and not self._closed:
                    self._idle += 1
                    self._ready.wait()
                    self._idle -= 1
                if self._closed:
                    self._alive -= 1
                    return
                number, call = self._calls.popleft()
                self._running.add(number)
            call()
            with self._ready:
                self._running.discard(number)
                if number in self._lost:
                    # Another took its place meanwhile.
                    self._lost.discard(number)
                    if self._alive > self._threads:
                        self._alive -= 1
                        return
