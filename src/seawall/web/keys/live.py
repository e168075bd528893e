"""Keys as a running server sees them: in memory, looked at anew twice a second, so that a revocation holds at once.

If the database cannot be read for a while, no key is accepted any more: one that was revoked meanwhile must not work.
"""

from __future__ import annotations

import hmac
import threading
import time
import weakref
from typing import Self

from seawall.errors import ExitCode, SeawallError
from seawall.web.keys.book import KeyBook
from seawall.web.keys.model import ApiKey, id_of

POLL = 0.4
STALE_SECONDS = 10.0
_NOBODY = "0" * 64


class KeysUnavailable(SeawallError):
    """API keys cannot be verified at present."""

    code = "keys_unavailable"
    hint = "the database cannot be read; nothing was allowed"
    exit_code = ExitCode.UNEXAMINED


_JOIN_SECONDS = 10.0


class LiveKeys:
    """Verifies keys. A context manager; threads may share one.

    Args:
        book: The keys.
        poll: Seconds between two looks.
    """

    def __init__(self, book: KeyBook, *, poll: float = POLL) -> None:
        self._book = book
        self._keys: dict[str, ApiKey] = {}
        self._looked_at = float("-inf")
        self._used: set[str] = set()
        self._noted: dict[str, str] = {}
        self._closed = threading.Event()
        self.refresh()
        self._watcher = threading.Thread(
            target=_watch, args=(weakref.ref(self), self._closed, poll), name="seawall-keys", daemon=True
        )
        self._watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Follow changes no more: the database may be closed after this."""
        self._closed.set()
        self._watcher.join(_JOIN_SECONDS)

    @property
    def any(self) -> bool:
        """Whether there is a key that is accepted."""
        now = self._book.now()
        return any(key.valid(now) for key in self._keys.values())

    def verify(self, token: str) -> ApiKey | None:
        """Return the key, if it is one that is accepted now.

        Raises:
            KeysUnavailable: If that cannot be told.
        """
        if time.monotonic() - self._looked_at > STALE_SECONDS:
            raise KeysUnavailable
        key_id = id_of(token)
        if key_id is None:
            return None
        key = self._keys.get(key_id)
        if not hmac.compare_digest(self._book.digest(token), key.digest if key else _NOBODY) or key is None:
            return None
        if key.expires_at is not None and not key.valid(self._book.now()):
            return None
        self._used.add(key_id)
        return key

    def refresh(self) -> None:
        """Look for changes now.

        Raises:
            SeawallError: If the database cannot be read.
        """
        asked = time.monotonic()
        self._keys = {key.id: key for key in self._book.all() if key.revoked_at is None}
        self._looked_at = asked

    def note_uses(self) -> None:
        """Write down which keys were used today, each at most once a day.

        Raises:
            SeawallError: If the database cannot be written to.
        """
        day = self._book.now()[:10]
        used, self._used = self._used, set()
        new = {key_id for key_id in used if self._noted.get(key_id) != day}
        if new:
            self._book.note_use(new, day)
            self._noted.update(dict.fromkeys(new, day))


def _watch(live: weakref.ref[LiveKeys], closed: threading.Event, poll: float) -> None:
    while not closed.wait(poll):
        keys = live()
        if keys is None:
            return
        try:
            keys.refresh()
            keys.note_uses()
        except SeawallError:
            # Old keys stay for a moment; then `verify` refuses all.
            continue
        finally:
            del keys
