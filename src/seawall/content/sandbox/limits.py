"""What one item may cost."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Limits of a sandbox.

    Attributes:
        memory_bytes: Address space of the child, its own program included, besides the shared buffer.
        seconds_per_item: Wall time from the submission of an item to its reply.
        start_seconds: Wall time that the child may take to start.
        buffer_bytes: Largest shared buffer.
        keep_bytes: A buffer larger than this is given back after the item that needed it.
        reply_bytes: Longest reply.
        request_bytes: Longest request, its data not counted.
        items_per_child: Items after which the child is replaced, so that no library's leak adds up.
    """

    memory_bytes: int = 2560 * _MIB
    seconds_per_item: float = 60.0
    start_seconds: float = 60.0
    buffer_bytes: int = 1024 * _MIB
    keep_bytes: int = 64 * _MIB
    reply_bytes: int = 32 * _MIB
    request_bytes: int = 1 * _MIB
    items_per_child: int = 20_000
