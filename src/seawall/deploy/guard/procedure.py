"""What the engine does with jobs, as a protocol: the steps are in `checking`, the order of them in `engine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from seawall.deploy.guard.work import Job, Task


class Start(Protocol):
    """Starts a task of a job."""

    def __call__(self, job: Job, task: Task) -> None:
        """Start it."""
        ...


class Procedure(Protocol):
    """What is done with jobs, step by step. Called by one thread at a time."""

    def prompt(self, job: Job) -> bool:
        """Say whether all steps of a job, or those before tasks of it, are so quickly done that a loop may wait."""
        ...

    def begin(self, jobs: Sequence[Job], start: Start) -> None:
        """Look at what is quickly looked at, and start tasks for the rest."""
        ...

    def judge(self, job: Job, start: Start) -> None:
        """Judge a job of which everything is known, and start tasks that must end before it is recorded."""
        ...

    def record(self, jobs: Sequence[Job], *, wait: bool) -> None:
        """Record the decisions of jobs, together.

        Args:
            jobs: They are judged.
            wait: Whether to wait while another process holds the database.

        Raises:
            StoreLocked: If another holds it, and nobody waits.
            SeawallError: If they cannot be recorded; then none of them was.
        """
        ...

    def outcome(self, job: Job) -> Any:
        """Return the answer of a job.

        Raises:
            SeawallError: If there is none to give.
        """
        ...
