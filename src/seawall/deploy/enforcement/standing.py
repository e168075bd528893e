"""A worker's copy of who is restricted and who was refused of late, kept fresh from the store.

It is at most half a second old when it answers; if it cannot be refreshed for a second, it answers nothing: what is
not known is never taken for clean.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.accounts import Accounts, Ladder, News, Restriction
from seawall.accounts.refusals import refusals_since
from seawall.clock import to_iso
from seawall.deploy.enforcement.pace import LATE, Attempts, Rates
from seawall.errors import SeawallError, StoreError
from seawall.store import Store

FRESH = 0.5
"""Seconds after which the store is asked again."""

STALE = 1.0
"""Seconds after which an old copy answers no more."""

_RETRY = 0.2
_AWAITED = 5.0
# A transaction may commit after another that began later: its rows are still found within so many seconds.
_OVERLAP = 5.0
_IN_FLIGHT = 5000
_START = (float("-inf"), 0)
_SWEEP = 600.0
_NOTHING: frozenset[str] = frozenset()


class StandingUnknown(StoreError):
    """It is not known who is restricted."""

    code = "standing"
    hint = "checks are refused until the database answers again"


@dataclass(frozen=True, slots=True)
class _Held:
    word: str
    starts: float
    ends: float


class Standings:
    """The copy. Safe to use from several threads.

    Args:
        store: The database.
        accounts: Its accounts.
        workers: How many processes share the traffic, for rates.
        monotonic: Seconds that only rise.
    """

    def __init__(
        self, store: Store, accounts: Accounts, *, workers: int = 1, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._workers = workers
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._held: dict[str, tuple[_Held, ...]] = {}
        self._clock = -1
        self._ladder: Ladder | None = None
        self._rates: Rates | None = None
        self._attempts: Attempts | None = None
        self._recent: set[str] = set()
        self._places: deque[tuple[float, int]] = deque([_START])
        self._awaited: dict[str, tuple[str, float]] = {}
        self._refreshed = float("-inf")
        self._tried = float("-inf")
        self._swept = monotonic()
        self._failure: SeawallError | None = None

    def look(self, account: str) -> tuple[frozenset[str], frozenset[str], bool]:
        """Count a check; return the restrictions that hold, the limits that are passed, and whether refused of late.

        Raises:
            StandingUnknown: If the copy is too old and cannot be refreshed.
        """
        self._keep_fresh(account)
        rates, attempts = self._rates, self._attempts
        if rates is None or attempts is None:
            raise StandingUnknown
        now = self._store.clock().timestamp()
        with self._counting:
            pace = rates.count(account, now)
            probing, repeated = attempts.look(account, now)
        if probing:
            pace = pace | {"probing"}
        held = self._held.get(account)
        if held is None:
            return _NOTHING, pace, repeated
        return frozenset(each.word for each in held if each.starts <= now < each.ends), pace, repeated

    def counts(self, rules: Iterable[str]) -> bool:
        """Whether a refusal by these rules counts as an attempt."""
        if self._attempts is None:
            self._keep_fresh("")
        return self._attempts is None or self._attempts.counts(rules)

    def expect(self, decisions: Mapping[str, str]) -> None:
        """Look at the store before the next answer on these accounts, until the decisions on them are seen there.

        Args:
            decisions: The last decision that is being written, by account.
        """
        until = self._monotonic() + _AWAITED
        with self._counting:
            self._awaited.update({account: (decision, until) for account, decision in decisions.items()})

    def refresh(self) -> None:
        """Read what is new in the store.

        Raises:
            SeawallError: If it cannot be read.
        """
        with self._lock:
            self._refresh()

    def _keep_fresh(self, account: str) -> None:
        now = self._monotonic()
        if now - self._refreshed < FRESH and account not in self._awaited:
            return
        stale = now - self._refreshed >= STALE or account in self._awaited
        if not self._lock.acquire(blocking=stale):
            return
        try:
            # Another thread may have refreshed while this one waited; a database that is down is not asked by each.
            if self._refreshed > now:
                return
            if self._failure is None or self._monotonic() - self._tried >= _RETRY:
                self._try()
            if self._failure is not None and (account in self._awaited or self._age() >= STALE):
                raise StandingUnknown(f"who is restricted is not known: {self._failure.message}")
        finally:
            self._lock.release()

    def _age(self) -> float:
        return self._monotonic() - self._refreshed

    def _try(self) -> None:
        try:
            self._refresh()
        except SeawallError as error:
            self._failure = error
        finally:
            self._tried = self._monotonic()

    def _refresh(self) -> None:
        began = self._monotonic()
        moment = self._store.clock()
        with self._store.read() as connection:
            news = self._accounts.news(connection, self._clock)
            self._follow(news.ladder)
            refused = refusals_since(connection, self._from(began), to_iso(moment - timedelta(seconds=LATE)))
        self._hold(news, moment.timestamp())
        found = {each.decision_id for _, each in refused}
        with self._counting:
            for _, each in refused:
                if self._attempts is not None and each.decision_id not in self._recent:
                    self._attempts.add(each.account, datetime.fromisoformat(each.at).timestamp(), each.digest)
            late = self._monotonic()
            waiting = self._awaited.items()
            self._awaited = {name: wait for name, wait in waiting if wait[0] not in found and wait[1] > late}
        self._recent = found
        if refused:
            self._remember(began, refused[-1][0])
        self._clock, self._refreshed, self._failure = news.clock, began, None

    def _hold(self, news: News, now: float) -> None:
        if news.everything:
            self._held = {}
        grouped: dict[str, list[_Held]] = {account: [] for account in news.changed}
        for each in news.holding:
            grouped.setdefault(each.account, []).append(_held(each))
        for account, held in grouped.items():
            if held:
                self._held[account] = tuple(held)
            else:
                self._held.pop(account, None)
        if self._monotonic() - self._swept >= _SWEEP:
            self._swept = self._monotonic()
            over = [account for account, held in self._held.items() if all(each.ends <= now for each in held)]
            for account in over:
                del self._held[account]

    def _remember(self, now: float, last: int) -> None:
        # After the first reading, all of which need not be repeated.
        if self._places[0] == _START:
            self._places[0] = (float("-inf"), max(0, last - _IN_FLIGHT))
        self._places.append((now, last))

    def _from(self, now: float) -> int:
        """Return the place in the order of refusals from which on to read: some that are known are read again."""
        while len(self._places) > 1 and self._places[1][0] <= now - _OVERLAP:
            self._places.popleft()
        return self._places[0][1]

    def _follow(self, ladder: Ladder) -> None:
        """Count by the limits of a ladder from now on; refusals are read again, checks count anew."""
        if self._ladder is not None and ladder.digest == self._ladder.digest:
            return
        self._rates, self._attempts = Rates(ladder.pace, self._workers), Attempts(ladder.pace)
        self._places, self._recent = deque([_START]), set()
        self._ladder = ladder


def _held(restriction: Restriction) -> _Held:
    ends = datetime.fromisoformat(restriction.ends_at).timestamp() if restriction.ends_at else float("inf")
    return _Held(restriction.standing or "", datetime.fromisoformat(restriction.starts_at).timestamp(), ends)
