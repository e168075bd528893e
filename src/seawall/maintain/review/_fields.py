"""Reading small YAML files of this package: bounded, every key known, and errors that name the place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.errors import SeawallError
from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.errors import GuardPolicyError


def plain(path: Path | None, shipped: str, error: type[SeawallError]) -> tuple[Any, str]:
    """Return the plain data of a file, or of the one that ships, and what errors call it.

    Raises:
        error: If it cannot be read.
    """
    try:
        if path is None:
            return read_yaml((files("seawall.maintain.review") / shipped).read_text("utf-8"), shipped), shipped
        return read_yaml(read_text(path), str(path)), str(path)
    except GuardPolicyError as fault:
        raise error(fault.message) from None


class Reader:
    """One mapping of a file, whose keys are all known.

    Args:
        data: The mapping.
        place: What errors call it.
        keys: What it may have; all but `optional` it must have.
        error: What is raised.
        optional: What it need not have.
    """

    def __init__(
        self,
        data: Any,
        place: str,
        keys: Collection[str],
        error: type[SeawallError],
        optional: Collection[str] = (),
    ) -> None:
        if not isinstance(data, Mapping):
            raise error(f"{place} is not a mapping")
        unknown = sorted(str(key) for key in data if key not in keys and key not in optional)
        if unknown:
            raise error(f"{place}: there is no {unknown[0][:64]!r}")
        missing = sorted(key for key in keys if key not in data)
        if missing:
            raise error(f"{place}: {missing[0]} is missing")
        self._data = data
        self._place = place
        self._error = error

    def fault(self, key: str, said: str) -> SeawallError:
        """Return an error about one key."""
        return self._error(f"{self._place}: {key} {said}")

    def raw(self, key: str) -> Any:
        """Return a value as it is."""
        return self._data.get(key)

    def text(self, key: str, longest: int = 500) -> str:
        """Return a text."""
        value = self._data[key]
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise self.fault(key, f"is a text of 1 to {longest} characters")
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        """Return a whole number."""
        value = self._data[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fault(key, f"is a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """Return a number."""
        value = self._data[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fault(key, f"is a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, key: str) -> bool:
        """Return yes or no."""
        value = self._data[key]
        if not isinstance(value, bool):
            raise self.fault(key, "is true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._data.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.fault(key, "is a list of texts")
        return tuple(value)
