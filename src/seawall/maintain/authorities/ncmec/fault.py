"""What is wrong with a document, by place and rule, and what mends it. Never with what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It is not sent."""
    WARNING = "warning"
    """A person should look."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong.

    Attributes:
        path: Where: `report/victim[2]/deviceId/idType`, an attribute after `@`.
        rule: `schema.` and a word, or BR01 to BR22.
        message: What is wrong.
        fix: What mends it.
        level: How bad it is.
    """

    path: str
    rule: str
    message: str
    fix: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        """As a line."""
        return f"{self.path}: {self.rule}: {self.message}" + (f" ({self.fix})" if self.fix else "")

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "path": self.path,
            "rule": self.rule,
            "level": self.level.value,
            "message": self.message,
            "fix": self.fix,
        }


def errors(faults: list[Fault]) -> list[Fault]:
    """Return those with which a document is not sent."""
    return [each for each in faults if each.level is Level.ERROR]
