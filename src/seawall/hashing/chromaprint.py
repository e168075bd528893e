"""Chromaprint: acoustic fingerprints, and how near two of them are.

The fingerprint is computed by the `fpcalc` program (LGPL, not shipped), with bounded memory, time and output. Two
fingerprints are compared by the share of differing bits at the best alignment; their length varies, so
they are DISTANCE values rather than entries of the Hamming index.

Source: acoustid.org/chromaprint; Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.errors import DecoderDied, MediaError, UnsupportedMedia
from seawall.hashing.signal import BadSignal, Comparison, Signal

NAME = "chromaprint"
MIN_VALUES = 16
"""Fewest 32-bit values (about two seconds) that say anything."""

_MAX_SHIFT = 80
_SECONDS = 120
_TIMEOUT_S = 60
_MEMORY_BYTES = 1 << 30
_MAX_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class ChromaprintSignal:
    """The signal type; values are big-endian 32-bit words, written in hexadecimal."""

    name: str = NAME
    comparison: Comparison = Comparison.DISTANCE
    width: int | None = None
    threshold: float = 0.15

    def parse(self, text: str) -> bytes:
        """Return the words that the hexadecimal `text` writes.

        Raises:
            BadSignal: If it is not a whole number of 32-bit words, or too long to be a fingerprint.
        """
        digits = text.strip()
        if len(digits) > 80_000 or not re.fullmatch(r"(?:[0-9A-Fa-f]{8})+", digits):
            raise BadSignal("a chromaprint value is a whole number of 32-bit words in hexadecimal")
        return bytes.fromhex(digits)

    def format(self, value: bytes) -> str:
        """Return lower-case hexadecimal."""
        return value.hex()

    def distance(self, left: bytes, right: bytes) -> float:
        """Return the share of differing bits at the best alignment, 0..1; 1 if they hardly overlap."""
        one, other = _words(left), _words(right)
        least = max(MIN_VALUES, min(len(one), len(other)) // 2)
        best = 1.0
        for shift in range(-_MAX_SHIFT, _MAX_SHIFT + 1):
            mine, theirs = one[max(0, shift) :], other[max(0, -shift) :]
            size = min(len(mine), len(theirs))
            if size >= least:
                differing = int(np.bitwise_count(mine[:size] ^ theirs[:size]).sum())
                best = min(best, differing / (32 * size))
        return best

    def weak(self, value: bytes) -> bool:
        """Whether the fingerprint is too short, or of silence."""
        words = _words(value)
        return len(words) < MIN_VALUES or len(np.unique(words)) <= len(words) // 8


def fingerprint(descriptor: int) -> Signal | None:
    """Return the fingerprint of the sound in an open file, or None if it is too short or silent.

    Raises:
        UnsupportedMedia: If fpcalc is not installed.
        MediaError: If the sound does not decode.
        DecoderDied: If fpcalc takes too long.
    """
    program = shutil.which("fpcalc")
    if program is None:
        raise UnsupportedMedia("sound needs fpcalc", hint="Debian: apt-get install libchromaprint-tools")
    command = [program, "-raw", "-json", "-length", str(_SECONDS), "/dev/fd/0"]
    with subprocess.Popen(  # noqa: S603 (a fixed command; the untrusted file is its standard input)
        command, stdin=descriptor, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as process:
        _confine(process.pid)
        try:
            output, _ = process.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise DecoderDied("fpcalc took too long") from None
    if process.returncode < 0:
        raise DecoderDied(f"fpcalc was ended by signal {-process.returncode}")
    try:
        words = json.loads(output[:_MAX_OUTPUT])["fingerprint"]
        value = np.array(words, dtype=np.uint32).astype(">u4").tobytes()
    except (ValueError, KeyError, TypeError, OverflowError):
        raise MediaError("the sound does not decode") from None
    return None if ChromaprintSignal().weak(value) else Signal(NAME, value)


def _confine(pid: int) -> None:
    """Bound what fpcalc may use, where the system lets one process bound another (Linux)."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.prlimit(pid, resource.RLIMIT_CPU, (_TIMEOUT_S, _TIMEOUT_S))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))


def _words(value: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(value, dtype=">u4").astype(np.uint32)
