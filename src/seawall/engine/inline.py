"""The engine that runs in the caller's own process: one worker, tests, debuggers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from seawall.engine.base import Outcome, Result, Shard, Work


class InlineEngine:
    """Runs shards one after another, here."""

    def run(
        self, make_work: Callable[[], Work[Shard, Result]], shards: Iterable[Shard]
    ) -> Iterator[Outcome[Shard, Result]]:
        """See `Engine.run`."""
        work = make_work()
        try:
            for shard in shards:
                yield Outcome(shard, work(shard))
        finally:
            work.close()
