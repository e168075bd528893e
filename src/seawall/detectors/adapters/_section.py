"""One mapping of the configuration, read key by key; what nobody read at the end is an error.

A slip of the pen must never become a default: every key is known, every value is of its kind, every error names its
place and never repeats a value, which may be secret.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from seawall.detectors.adapters.errors import ConfigurationError

_LONGEST_TEXT = 2000
_MOST_ENTRIES = 1000
_SHA256 = re.compile(r"[0-9a-f]{64}")

Choice = TypeVar("Choice", bound=StrEnum)


class Section:
    """A mapping with the place where it stands.

    Args:
        data: What the file holds there.
        place: Where it stands, for errors.

    Raises:
        ConfigurationError: If it is no mapping of names.
    """

    def __init__(self, data: Any, place: str) -> None:
        if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
            raise ConfigurationError(f"{place} is a mapping of names", hint="yes, no, on and off are written in quotes")
        if len(data) > _MOST_ENTRIES:
            raise ConfigurationError(f"{place} has too many entries")
        self.place = place
        self._data: dict[str, Any] = dict(data)
        self._read: set[str] = set()

    @property
    def digest_of_all(self) -> str:
        """A digest of everything in it, whatever the order of its keys."""
        text = json.dumps(self._data, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def wrong(self, key: str, what: str, hint: str | None = None) -> ConfigurationError:
        """Return the error that says what a key should be."""
        return ConfigurationError(f"{self.place}: {key} {what}", hint=hint)

    def has(self, key: str) -> bool:
        """Whether a key is given."""
        return key in self._data

    def names(self) -> tuple[str, ...]:
        """Return the names of all keys; they count as read."""
        self._read.update(self._data)
        return tuple(self._data)

    def value(self, key: str) -> Any:
        """Return a value as it stands.

        Raises:
            ConfigurationError: If it is missing.
        """
        self._read.add(key)
        if key not in self._data:
            raise ConfigurationError(f"{self.place} lacks {key!r}")
        return self._data[key]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty."""
        if default is not None and not self._given(key):
            return default
        return self._text(self.value(key), key)

    def text_or_none(self, key: str) -> str | None:
        """Return a text that is not empty, or None if there is none."""
        return self.text(key) if self._given(key) else None

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        if default is not None and not self._given(key):
            return tuple(default)
        value = self.value(key)
        if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
            raise self.wrong(key, "is a list of texts")
        return tuple(self._text(each, key) for each in value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and not self._given(key):
            return default
        value = self.value(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "is true or false")
        return value

    def whole(self, key: str, default: int | None = None, *, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        if default is not None and not self._given(key):
            return default
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"is a whole number from {least} to {most}")
        return value

    def number(self, key: str, default: float | None = None, *, least: float, most: float) -> float:
        """Return a number within bounds."""
        if default is not None and not self._given(key):
            return default
        return self._number(self.value(key), key, least, most)

    def numbers(
        self, key: str, default: Sequence[float] | None = None, *, count: int, least: float, most: float
    ) -> tuple[float, ...]:
        """Return a list of so many numbers within bounds."""
        if default is not None and not self._given(key):
            return tuple(default)
        value = self.value(key)
        if not isinstance(value, list) or len(value) != count:
            raise self.wrong(key, f"is a list of {count} numbers")
        return tuple(self._number(each, key, least, most) for each in value)

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """Return one of the words of an enumeration."""
        if default is not None and not self._given(key):
            return default
        value = self.value(key)
        if not isinstance(value, str) or value not in set(kind):
            raise self.wrong(key, "is none of its words", "one of " + ", ".join(kind))
        return kind(value)

    def choices(self, key: str, kind: type[Choice], default: Sequence[Choice] | None = None) -> frozenset[Choice]:
        """Return some of the words of an enumeration, at least one."""
        if default is not None and not self._given(key):
            return frozenset(default)
        words = self.texts(key)
        if not words or not set(words) <= set(kind):
            raise self.wrong(key, "is a list of its words", "of " + ", ".join(kind))
        return frozenset(kind(word) for word in words)

    def path(self, key: str) -> Path:
        """Return an absolute path."""
        path = Path(self.text(key))
        if not path.is_absolute():
            raise self.wrong(key, "is an absolute path")
        return path

    def digest(self, key: str) -> str:
        """Return a SHA-256 in hexadecimal."""
        value = self.value(key)
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise self.wrong(key, "is a SHA-256: 64 lower-case hexadecimal digits, in quotes")
        return value

    def section(self, key: str, *, optional: bool = False) -> Section:
        """Return a mapping; an empty one if it is optional and not there."""
        if optional and not self._given(key):
            return Section({}, f"{self.place}: {key}")
        return Section(self.value(key), f"{self.place}: {key}")

    def done(self) -> None:
        """Refuse what nobody read.

        Raises:
            ConfigurationError: If there is an unknown key.
        """
        unknown = sorted(set(self._data) - self._read)
        if unknown:
            known = ", ".join(sorted(self._read))
            raise ConfigurationError(f"{self.place}: unknown key {unknown[0][:40]!r}", hint=f"it has {known}")

    def _given(self, key: str) -> bool:
        self._read.add(key)
        return key in self._data

    def _text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
            raise self.wrong(key, "is a text")
        return value

    def _number(self, value: Any, key: str, least: float, most: float) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or not least <= value <= most:
            raise self.wrong(key, f"is a number from {least:g} to {most:g}")
        return float(value)
