"""Twins of seawall's seams for tests, yours and ours: no files, no clock, no licence needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seawall.hashing.signal import BadSignal, Comparison
from seawall.matching.lists import FixedKey

__all__ = ["FixedKey", "StandInSignal", "SteppingClock"]


class SteppingClock:
    """A clock that moves by one step each time it is read.

    Args:
        start: The first moment.
        step: How far each reading moves it.
    """

    def __init__(
        self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), step: timedelta = timedelta(seconds=1)
    ) -> None:
        self._now = start
        self._step = step

    def __call__(self) -> datetime:
        """Return the moment, and move on."""
        now = self._now
        self._now += self._step
        return now


@dataclass(frozen=True, slots=True)
class StandInSignal:
    """A signal type for the reserved `photodna` slot: 144 bytes, compared by Euclidean distance. It hashes nothing."""

    name: str = "photodna"
    comparison: Comparison = Comparison.DISTANCE
    width: int | None = 144
    threshold: float = 100.0

    def parse(self, text: str) -> bytes:
        """Return the bytes that hexadecimal `text` writes.

        Raises:
            BadSignal: If it is not 144 bytes.
        """
        try:
            value = bytes.fromhex(text.strip())
        except ValueError:
            raise BadSignal(f"a {self.name} value is hexadecimal") from None
        if len(value) != self.width:
            raise BadSignal(f"a {self.name} value has {self.width} bytes")
        return value

    def format(self, value: bytes) -> str:
        """Return lower-case hexadecimal."""
        return value.hex()

    def distance(self, left: bytes, right: bytes) -> float:
        """Return the Euclidean distance."""
        return float(sum((one - other) ** 2 for one, other in zip(left, right, strict=True)) ** 0.5)

    def weak(self, value: bytes) -> bool:
        """Whether the value is all zero."""
        return not any(value)
