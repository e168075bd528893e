"""The engine that spreads shards over a Ray cluster, or over a private one on this machine.

Processes (Ray actors) make the work once. A shard is handed to a process that is ready, and one more waits behind it.
When a process dies, another takes its place: what was under way is suspected, and tried again in a process with nothing
behind it; what waited is handed on. After `MAX_TRIES` a shard is given up as lost and the others go on.
Shard descriptors and results cross the cluster, no content.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic

from seawall.engine._ray_actor import ShardActor
from seawall.engine._ray_cluster import PULSE_SECONDS, REFUSAL, Pulse, first_line, membership, need_ray
from seawall.engine.base import MAX_TRIES, Lost, Outcome, Result, Shard, Work
from seawall.engine.errors import ClusterError, ClusterLost
from seawall.engine.pool import processors

_DEPTH = 2
"""Shards that a process holds: one under way, one that waits, so that it never waits for us."""
_MAX_STARTS = 3
"""Processes in a row that may die before they are ready."""
_START_SECONDS = 900.0
"""How long a cluster may take to give the first process: it may have to start machines."""
_CLOSE_SECONDS = 30.0
_LATE_SECONDS = 5.0
"""How long a process that never came into service is waited for: the cluster may not have room for it at all."""


class RayEngine:
    """Runs shards on a Ray cluster.

    Args:
        address: `local` for a private cluster on this machine; `auto` or `HOST:PORT` for the one that it is part of.
        workers: Processes; None for one per CPU of the cluster.

    Raises:
        ClusterMissing: If Ray is not installed.
    """

    def __init__(self, address: str, *, workers: int | None = None) -> None:
        need_ray()
        self._address = address
        self._workers = workers

    def run(
        self, make_work: Callable[[], Work[Shard, Result]], shards: Iterable[Shard]
    ) -> Iterator[Outcome[Shard, Result]]:
        """See `Engine.run`.

        Raises:
            ClusterError: If the cluster cannot be joined, or gives no process that works.
            ClusterLost: If its head is gone.
        """
        with membership(self._address, self._workers or processors()) as ray:
            limit = self._workers or max(1, int(ray.cluster_resources().get("CPU", 0)))
            run: _Run[Shard, Result] = _Run(ray, make_work, iter(shards), limit)
            gone = (ray.exceptions.RaySystemError, ray.exceptions.RpcError, ray.exceptions.LocalRayletDiedError)
            try:
                yield from run.outcomes()
                run.close()
            except gone as error:
                raise ClusterLost(f"the cluster failed: {first_line(error)}") from None
            except ClusterLost:
                raise  # whatever is asked of Ray now waits for a head that is gone
            except ray.exceptions.RayError as error:
                run.end()
                raise ClusterError(f"the cluster failed: {first_line(error)}") from None
            except BaseException:
                run.end()
                raise
            run.end()


@dataclass(slots=True, eq=False)
class _Task(Generic[Shard]):
    """A shard, and how often a process has died on it."""

    shard: Shard
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Slot(Generic[Shard]):
    """One process, and what it holds, in the order in which it does it.

    Attributes:
        actor: Ray's handle of the process.
        starting: Reference to its start, until it is ready.
        held: Reference to each result that is to come, and its shard.
    """

    actor: Any
    starting: Any
    held: dict[Any, _Task[Shard]] = field(default_factory=dict)

    def takes_another(self) -> bool:
        """Whether a fresh shard may wait here: never behind a suspect."""
        return self.starting is None and len(self.held) < _DEPTH and not any(task.tries for task in self.held.values())


class _Run(Generic[Shard, Result]):
    """One run over shards."""

    def __init__(
        self, ray: Any, make_work: Callable[[], Work[Shard, Result]], fresh: Iterator[Shard], limit: int
    ) -> None:
        self._ray = ray
        self._make_work = make_work
        self._fresh: Iterator[Shard] | None = fresh
        self._limit = limit
        self._waiting: deque[_Task[Shard]] = deque()
        self._slots: list[_Slot[Shard]] = []
        self._owner: dict[Any, _Slot[Shard]] = {}
        self._failed_starts = 0
        self._pulse = Pulse(ray.get_runtime_context().gcs_address)
        self._class = ray.remote(ShardActor).options(
            num_cpus=1, max_restarts=0, max_task_retries=0, runtime_env={"env_vars": dict(REFUSAL)}
        )

    def outcomes(self) -> Iterator[Outcome[Shard, Result]]:
        """Yield an outcome per shard, as they end."""
        self._fill()
        while any(slot.held for slot in self._slots) or self._waiting:
            for slot, reference in self._ended():
                if reference is slot.starting:
                    self._started(slot)
                elif reference in slot.held:
                    yield from self._collect(slot, reference)
            self._fill()

    def close(self) -> None:
        """Let every process release what it holds; one that is still starting may have made its work by now."""
        for slots, seconds in (
            ([slot for slot in self._slots if slot.starting is None], _CLOSE_SECONDS),
            ([slot for slot in self._slots if slot.starting is not None], _LATE_SECONDS),
        ):
            closing = [slot.actor.close.remote() for slot in slots]
            if closing:
                self._ray.wait(closing, num_returns=len(closing), timeout=seconds)

    def end(self) -> None:
        """End every process, whatever it does."""
        for slot in self._slots:
            self._kill(slot)
        self._slots.clear()

    def _fill(self) -> None:
        """Hand out shards as long as somebody takes them; plans of any length are taken from no faster."""
        for slot in self._slots:
            if slot.starting is None and not slot.held and (self._waiting or self._draw()):
                self._hand(self._waiting.popleft(), slot)
        for slot in self._slots:
            while not self._waiting and slot.takes_another() and self._draw():
                self._hand(self._waiting.popleft(), slot)
        starting = sum(slot.starting is not None for slot in self._slots)
        while len(self._slots) < self._limit and (len(self._waiting) > starting or self._draw()):
            self._open()
            starting += 1

    def _draw(self) -> bool:
        """Take a shard from the plan; return whether there was one."""
        if self._fresh is None:
            return False
        for shard in self._fresh:
            self._waiting.append(_Task(shard))
            return True
        self._fresh = None
        return False

    def _open(self) -> None:
        actor = self._class.remote()
        slot: _Slot[Shard] = _Slot(actor, actor.start.remote(self._make_work))
        self._slots.append(slot)
        self._owner[slot.starting] = slot

    def _hand(self, task: _Task[Shard], slot: _Slot[Shard]) -> None:
        reference = slot.actor.process.remote(task.shard)
        slot.held[reference] = task
        self._owner[reference] = slot

    def _ended(self) -> list[tuple[_Slot[Shard], Any]]:
        """Wait until something has ended; return all that has, in the order in which it was handed out."""
        references = list(self._owner)
        waited_until = time.monotonic() + _START_SECONDS
        while True:
            self._pulse.feel()
            ended, _ = self._ray.wait(references, num_returns=1, timeout=PULSE_SECONDS)
            if ended:
                break
            if all(slot.starting is not None for slot in self._slots):
                self._expect_own_machine()
                if time.monotonic() > waited_until:
                    raise ClusterError(f"the cluster gave no process within {_START_SECONDS:.0f} s")
        ended, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        return [(self._owner[reference], reference) for reference in ended]

    def _expect_own_machine(self) -> None:
        """Make sure that this machine is still part of the cluster: if not, nobody will ever give us a process."""
        own = self._ray.get_runtime_context().get_node_id()
        if not any(node["Alive"] and node["NodeID"] == own for node in self._ray.nodes()):
            raise ClusterLost("this machine is no longer part of the cluster")

    def _started(self, slot: _Slot[Shard]) -> None:
        """Take a process into service, or leave its place to another if it died."""
        reference, slot.starting = slot.starting, None
        del self._owner[reference]
        try:
            self._get(reference)
        except _Died as died:
            self._slots.remove(slot)
            self._failed_starts += 1
            if self._failed_starts >= _MAX_STARTS:
                raise ClusterError(
                    f"processes on the cluster die as they start: {died}",
                    hint="is the same seawall installed on every machine?",
                ) from None
        else:
            self._failed_starts = 0

    def _collect(self, slot: _Slot[Shard], reference: Any) -> Iterator[Outcome[Shard, Result]]:
        """Take one result; if the process died instead, hand on what it held."""
        try:
            result: Result = self._get(reference)
        except _Died:
            self._slots.remove(slot)
            self._kill(slot)
            (suspect, *waited) = slot.held.values()
            for each in slot.held:
                del self._owner[each]
            slot.held.clear()
            self._waiting.extendleft(waited)
            suspect.tries += 1
            if suspect.tries >= MAX_TRIES:
                yield Outcome(suspect.shard, Lost(suspect.tries))
            else:
                self._waiting.append(suspect)
        else:
            del self._owner[reference]
            yield Outcome(slot.held.pop(reference).shard, result)

    def _get(self, reference: Any) -> Any:
        """Return what a process answered; an exception of the work is raised as it was there.

        Raises:
            _Died: If the process died before it answered, or cannot be reached.
        """
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except exceptions.RayTaskError as error:
            raise error.cause or error from None
        except (
            exceptions.RayActorError,
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.OutOfMemoryError,
            exceptions.ObjectLostError,
        ) as error:
            raise _Died(first_line(error)) from None

    def _kill(self, slot: _Slot[Shard]) -> None:
        with suppress(self._ray.exceptions.RayError):  # it may be gone, and its machine with it
            self._ray.kill(slot.actor)


class _Died(Exception):
    """A process is gone."""
