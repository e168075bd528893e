"""Whether a guard can do its work: what is missing, what failed, and whether that makes it refuse everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seawall.errors import SeawallError
from seawall.policy.guard import State

if TYPE_CHECKING:
    from seawall.deploy.guard.checking import Checking, Examiners, Neighbours
    from seawall.deploy.guard.engine import Engine

_NO_DECISION = "0" * 32


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps checks from being whole.

    Attributes:
        name: Of what: a checker, `database`, `engine`, `vault`.
        status: How it is: `error`, `not_configured`, `failed`, `down`.
        refuses: Whether nothing can be answered as long as it lasts.
    """

    name: str
    status: str
    refuses: bool = False


def problems(engine: Engine, checking: Checking, examiners: Examiners, neighbours: Neighbours) -> list[Problem]:
    """Return what is wrong."""
    found: list[Problem] = []
    if not engine.alive:
        found.append(Problem("engine", "down", refuses=True))
    try:
        neighbours.records.get(_NO_DECISION)
    except SeawallError:
        found.append(Problem("database", "down", refuses=True))
    else:
        # A database may be read long after it can no longer be written: a full disk. Asked only if a write failed.
        if checking.record_failed:
            try:
                neighbours.records.probe()
                checking.record_failed = False
            except SeawallError:
                found.append(Problem("database", "failed", refuses=True))
    states, checks = examiners.texts.base
    found += [Problem(name, status) for name, status in checks if status != "ok"]
    if State.FAILED in states and not any(each.status == "error" for each in found):
        found.append(Problem("term-packs", "error"))
    if examiners.media is None:
        found.append(Problem("media", "not_configured"))
    if examiners.finetune is None:
        found.append(Problem("finetune", "not_configured"))
    if checking.vault_failed:
        found.append(Problem("vault", "failed"))
    return found
