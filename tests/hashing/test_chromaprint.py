"""Sound: the same melody re-coded is near, another is far, noise and silence are refused."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from seawall.errors import MediaError
from seawall.hashing.chromaprint import MIN_VALUES, ChromaprintSignal, fingerprint
from seawall.hashing.signal import BadSignal

RATE = 22_050
KIND = ChromaprintSignal()
pytestmark = pytest.mark.usefixtures("needs_fpcalc")


def _melody(path: Path, seed: int, *, gain: float = 1.0, skip_s: float = 0, seconds: float = 14) -> Path:
    notes = 220 * 2 ** (np.random.default_rng(seed).integers(0, 24, 40) / 12)
    time = np.arange(int(RATE * seconds)) / RATE + skip_s
    pitch = notes[(time / 0.35).astype(int) % len(notes)]
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(k * phase) / k for k in (1, 2, 3))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((gain * 9000 * sound).astype("<i2").tobytes())
    return path


def _fingerprint(path: Path) -> bytes | None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        signal = fingerprint(descriptor)
    finally:
        os.close(descriptor)
    return signal.value if signal else None


def test_a_quieter_later_start_of_the_same_melody_is_near(tmp_path: Path) -> None:
    whole = _fingerprint(_melody(tmp_path / "whole.wav", 1))
    part = _fingerprint(_melody(tmp_path / "part.wav", 1, gain=0.4, skip_s=1.4))
    assert whole is not None
    assert part is not None
    assert KIND.distance(whole, whole) == 0
    assert KIND.distance(whole, part) <= KIND.threshold


def test_another_melody_is_far(tmp_path: Path) -> None:
    one = _fingerprint(_melody(tmp_path / "one.wav", 1))
    other = _fingerprint(_melody(tmp_path / "other.wav", 2))
    assert one is not None
    assert other is not None
    assert KIND.distance(one, other) > 2 * KIND.threshold


def test_what_is_too_short_or_silent_has_no_fingerprint(tmp_path: Path) -> None:
    assert _fingerprint(_melody(tmp_path / "short.wav", 1, seconds=3)) is None
    assert _fingerprint(_melody(tmp_path / "silent.wav", 1, gain=0)) is None


def test_noise_is_no_sound(tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp3"
    noise.write_bytes(b"ID3" + bytes(range(256)) * 8)
    with pytest.raises(MediaError):
        _fingerprint(noise)


def test_text_and_value_are_the_same(tmp_path: Path) -> None:
    value = np.arange(MIN_VALUES, dtype=">u4").tobytes()
    assert KIND.parse(KIND.format(value).upper() + "\r\n") == value
    for text in ("", "abc", "xyz" * 8, "00" * 3):
        with pytest.raises(BadSignal):
            KIND.parse(text)
