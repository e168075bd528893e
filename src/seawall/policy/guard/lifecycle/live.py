"""Which policy judges a check, as a worker knows it: at most half a second old.

If the database cannot be read, the last policies that were known go on judging, and `stale` says so. A worker that
never knew any has none, and raises.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from seawall.errors import SeawallError
from seawall.policy.guard.lifecycle.stages import Stage
from seawall.policy.guard.lifecycle.store import PolicyVersion, version_of
from seawall.policy.guard.model import GuardPolicy
from seawall.policy.guard.parse import load_guard_policy
from seawall.store import Store
from seawall.store.tables import policy_version

POLL = 0.5
"""Seconds after which the database is asked again."""

_LONGEST_WAIT = 5.0
_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """The policies for one check.

    Attributes:
        live: Decides.
        shadows: Are recorded beside it.
    """

    live: GuardPolicy
    shadows: tuple[GuardPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read last."""

    change: int
    usual: Chosen
    trial: Chosen | None = None
    buckets: int = 0


class LivePolicies:
    """The policies that judge. Safe to use from several threads.

    Args:
        store: The database; None: only `shipped` judges, for an installation without one.
        shipped: What is live while nothing else is; default the policy that ships.
        secret: Keys the choice of accounts, so that nobody outside can tell on which side one is.
        monotonic: Seconds that only rise.

    Raises:
        SeawallError: If the policies cannot be read.
    """

    def __init__(
        self,
        store: Store | None,
        shipped: GuardPolicy | None = None,
        *,
        secret: bytes = b"",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._shipped = shipped or load_guard_policy()
        self._secret = hashlib.sha256(secret).digest()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._parsed: dict[str, GuardPolicy] = {}
        self._stale = False
        self._known = _Known(0, Chosen(self._shipped))
        self._asked = monotonic()
        self._wait = POLL
        if store is not None:
            self._known = self._read(store)

    @classmethod
    def fixed(cls, policy: GuardPolicy) -> Self:
        """Return one policy that never changes, without a database."""
        return cls(None, policy)

    @property
    def stale(self) -> bool:
        """Whether the policies could not be read when that was last tried: those known before go on judging."""
        return self._stale

    @property
    def live(self) -> GuardPolicy:
        """The live policy, for all but the accounts on which another is tried."""
        self._keep_fresh()
        return self._known.usual.live

    def choose(self, unit: str) -> Chosen:
        """Return the policies for a unit, an account: always the same ones while no policy changes its stage."""
        self._keep_fresh()
        known = self._known
        if known.trial is not None and self._bucket(known.trial.live, unit) < known.buckets:
            return known.trial
        return known.usual

    def refresh(self) -> None:
        """Read the policies now.

        Raises:
            SeawallError: If they cannot be read; those known before go on judging.
        """
        if self._store is None:
            return
        with self._lock:
            self._poll(self._store)

    def _keep_fresh(self) -> None:
        store = self._store
        if store is None or self._monotonic() - self._asked < self._wait or not self._lock.acquire(blocking=False):
            return
        try:
            self._poll(store)
        except SeawallError:
            # Said by `stale`: a check is judged by the policy that was live a moment ago rather than by none.
            return
        finally:
            self._lock.release()

    def _poll(self, store: Store) -> None:
        self._asked = self._monotonic()
        # Until it answers, a database is asked ever more rarely: each question may take a check its time.
        self._stale, self._wait = True, min(2 * self._wait, _LONGEST_WAIT)
        self._known = self._read(store)
        self._stale, self._wait = False, POLL

    def _read(self, store: Store) -> _Known:
        newest = policy_version.c.change
        with store.read() as connection:
            last = policy_version.select().with_only_columns(newest).order_by(newest.desc()).limit(1)
            change = int(connection.execute(last).scalar() or 0)
            if change == self._known.change:
                return self._known
            used = policy_version.c.stage.in_([Stage.LIVE.value, Stage.SHADOW.value, Stage.PERCENTAGE.value])
            rows = connection.execute(policy_version.select().where(used).order_by(newest)).mappings().all()
        versions = [version_of(row) for row in rows]
        live = next((self._policy(each) for each in versions if each.stage is Stage.LIVE), self._shipped)
        shadows = tuple(self._policy(each) for each in versions if each.stage is Stage.SHADOW)
        usual = Chosen(live, shadows)
        for each in versions:
            if each.stage is Stage.PERCENTAGE and each.percent is not None:
                return _Known(change, usual, Chosen(self._policy(each), shadows), each.percent * _BUCKETS // 100)
        return _Known(change, usual)

    def _policy(self, version: PolicyVersion) -> GuardPolicy:
        policy = self._parsed.get(version.hash)
        if policy is None:
            policy = self._parsed[version.hash] = version.policy()
        return policy

    def _bucket(self, policy: GuardPolicy, unit: str) -> int:
        """Return the place of a unit: stable for a policy, so that a growing share keeps whom it has."""
        digest = hashlib.blake2b(
            unit.encode("utf-8", "surrogatepass"), key=self._secret, salt=bytes.fromhex(policy.hash[:32])
        )
        return int.from_bytes(digest.digest()[:8], "big") % _BUCKETS
