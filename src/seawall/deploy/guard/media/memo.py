"""What this process has judged lately, by digest: never content, and nothing once lists or detectors have changed."""

from __future__ import annotations

import threading
from collections import OrderedDict

from seawall.deploy.guard.seen import Seen
from seawall.policy.guard import State

_NOT_WHOLE = frozenset({State.FAILED, State.TIMED_OUT})


class Memo:
    """Remembers so many media; the one that was asked for longest ago goes first. Shared by threads.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[str, Seen]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def put(self, fingerprint: str, seen: Seen) -> None:
        """Remember what was seen, unless a checker failed: that may be better next time."""
        if seen.sha256 is None or seen.states & _NOT_WHOLE:
            return
        with self._lock:
            self._seen[seen.sha256] = (fingerprint, seen)
            self._seen.move_to_end(seen.sha256)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)

    def get(self, fingerprint: str, sha256: str) -> Seen | None:
        """Return what was seen of these bytes by the same lists and detectors."""
        with self._lock:
            known = self._seen.get(sha256)
            if known is None:
                return None
            if known[0] != fingerprint:
                del self._seen[sha256]
                return None
            self._seen.move_to_end(sha256)
            return known[1]
