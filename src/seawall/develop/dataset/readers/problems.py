"""What cannot be read, as items that are counted: nothing of a dataset is passed over in silence.

Messages say what went wrong in our words; they never repeat what a file holds.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from zipfile import BadZipFile

from seawall.content.item import Item, Problem
from seawall.content.origin import Origin
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.source import SourceFile
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import SeawallError

EXPECTED = (SeawallError, OSError, EOFError, ValueError, zlib.error, BadZipFile, NotImplementedError, RecursionError)
"""What a damaged or unreachable source raises."""


def problem_of(error: Exception) -> Problem:
    """Say in one line why something could not be read."""
    if isinstance(error, SeawallError):
        return Problem(error.code, error.message)
    if isinstance(error, OSError) and error.errno is not None:
        return Problem("unreadable", os.strerror(error.errno))
    return Problem("unreadable", f"reading stopped with {type(error).__name__}")


def problem_item(key: str, problem: Problem, origin: Origin | None = None) -> Item:
    """Return an item that stands for what could not be read."""
    return Item(key, origin or Origin(), None, problem=problem)


class ProblemReader:
    """Stands for a source that could not even be planned: one item that says why."""

    name = "problem"
    suffixes: tuple[str, ...] = ()

    def plan_problem(self, file: SourceFile, error: Exception) -> ShardSpec:
        """Return the shard that stands for `file`."""
        problem = problem_of(error)
        selector = file.selector() | {"code": problem.code, "message": problem.message}
        return ShardSpec.of(self.name, file.location, selector, label=f"{file.key} ({problem.code})", items=1)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the one item."""
        file = SourceFile.of(spec, open_place(spec.location))
        problem = Problem(str(spec.selector["code"]), str(spec.selector["message"]))
        yield problem_item(file.key, problem, Origin(dataset=file.dataset))
