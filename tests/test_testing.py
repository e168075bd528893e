"""The public twins keep the contracts of what they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from seawall.clock import to_iso
from seawall.hashing.signal import BadSignal, SignalType
from seawall.testing import StandInSignal, SteppingClock


def test_the_clock_steps_and_is_aware() -> None:
    clock = SteppingClock(datetime(2026, 5, 1, tzinfo=UTC), timedelta(minutes=1))
    assert [to_iso(clock()) for _ in range(2)] == ["2026-05-01T00:00:00.000000Z", "2026-05-01T00:01:00.000000Z"]


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_iso(datetime(2026, 5, 1))  # noqa: DTZ001


def test_the_stand_in_is_a_signal_type() -> None:
    kind = StandInSignal()
    assert isinstance(kind, SignalType)
    value = bytes(range(144))
    assert kind.parse(kind.format(value)) == value
    assert kind.distance(value, value) == 0
    assert kind.weak(bytes(144))
    for text in ("", "zz", "00"):
        with pytest.raises(BadSignal):
            kind.parse(text)
