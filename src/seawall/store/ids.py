"""Ids of rows: UUIDs of version 7 in 32 hex digits, which sort by the time of their making."""

from __future__ import annotations

import os
import time

_RANDOM_BYTES = 10


def new_id() -> str:
    """Return an id that nobody has, and that sorts after those of earlier milliseconds."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(_RANDOM_BYTES), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return f"{value & ~(0x3 << 62) | 0x2 << 62:032x}"
