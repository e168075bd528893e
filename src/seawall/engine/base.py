"""The seam between a job and the machines that run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MAX_TRIES = 3
"""How often a shard is tried that its process dies on."""

Shard = TypeVar("Shard")
Result = TypeVar("Result")
_ShardIn = TypeVar("_ShardIn", contravariant=True)
_ResultOut = TypeVar("_ResultOut", covariant=True)


class Work(Protocol[_ShardIn, _ResultOut]):
    """Work on one shard, with something to close at the end."""

    def __call__(self, shard: _ShardIn, /) -> _ResultOut:
        """Process one shard."""
        ...

    def close(self) -> None:
        """Release what the work holds."""
        ...


@dataclass(frozen=True, slots=True)
class Lost:
    """A shard whose process died each time it was tried.

    Attributes:
        tries: How often it was tried.
    """

    tries: int


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Shard, Result]):
    """A shard and what came of it."""

    shard: Shard
    result: Result | Lost


class Engine(Protocol):
    """Runs work over shards, in any order, each shard's outcome exactly once."""

    def run(
        self, make_work: Callable[[], Work[Shard, Result]], shards: Iterable[Shard]
    ) -> Iterator[Outcome[Shard, Result]]:
        """Run the work over every shard.

        Args:
            make_work: Makes the work, once in each process; picklable when processes are used.
            shards: Consumed lazily, so that a plan of any length takes bounded memory.

        Yields:
            An outcome per shard, as they end. An exception of the work ends the run and is raised here.
        """
        ...
