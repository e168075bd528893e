"""The walls around a decode process, and the line that says which of them this system lacks."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Confinement(StrEnum):
    """One wall; which of them stand depends on the system."""

    LIMITS = "limits"
    """Memory, open files, file size and core dumps are bounded (POSIX)."""
    PARENT_DEATH = "parent_death"
    """The kernel ends the child with its parent (Linux; elsewhere it ends when the socket closes)."""
    NO_NEW_PRIVILEGES = "no_new_privileges"
    """No program that it could start would gain rights (Linux)."""
    SYSCALLS = "syscalls"
    """No sockets, programs, processes, tracing, foreign signals or opening for writing (Linux, seccomp)."""
    FILES = "files"
    """No file can be read but the installed program's own (Linux 5.13, Landlock)."""


def confinement_notice(standing: Collection[Confinement]) -> str | None:
    """Return the one line that says which walls are missing, or None if all stand."""
    missing = [wall.value for wall in Confinement if wall not in standing]
    if not missing:
        return None
    return f"note: the decode process runs without {', '.join(missing)}: this system does not offer them"
