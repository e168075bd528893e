"""Canary sounds: a short melody for each concept, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Sequence

import numpy as np

from seawall.canary.pack import checked

RATE = 22_050
SECONDS = 12


def melody(concepts: Sequence[str]) -> bytes:
    """Return a WAV of twelve seconds, one melody per combination of concepts.

    Raises:
        UsageError: If a concept is not known.
    """
    name = f"seawall canary sound {','.join(checked(concepts))}".encode()
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8]))
    notes = 196 * 2 ** (random.integers(0, 24, 40) / 12)
    time = np.arange(RATE * SECONDS) / RATE
    phase = 2 * np.pi * np.cumsum(notes[(time / 0.32).astype(int)]) / RATE
    sound = np.sin(phase) + np.sin(2 * phase) / 2 + np.sin(3 * phase) / 3
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((9000 * sound).astype("<i2").tobytes())
    return buffer.getvalue()
