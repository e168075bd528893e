"""The caller's side: shared memory to read an item into, one request at a time, and a child that is replaced at need.

A death is laid to an item's charge only if it happens in a child that had served no other item before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seawall.content.sandbox import _wire
from seawall.content.sandbox._memory import SharedMemory
from seawall.content.sandbox._process import ChildDied, ChildProcess
from seawall.content.sandbox._replies import ReplyError, read_reply
from seawall.content.sandbox.confinement import Confinement
from seawall.content.sandbox.errors import TookTooLong
from seawall.content.sandbox.limits import SandboxLimits
from seawall.errors import DecoderDied, TooLarge


@dataclass(frozen=True, slots=True)
class _Request:
    """A request under way; the descriptors are duplicates that it owns."""

    number: int
    length: int
    params: dict[str, Any]
    descriptors: tuple[int, ...]
    since: float
    seconds: float


class Sandbox:
    """Runs one function in a confined child process. A context manager; not for use by two threads at once.

    Args:
        entry: The function, as 'package.module:function', with the signature
            `entry(data: memoryview, params: dict, fds: list[int]) -> dict`. `data` cannot be written and is not to be
            kept; descriptors are closed when it returns. Or a class without arguments: each child makes one, and
            calls it in the same way, so that what is costly to load is loaded once.
        limits: What one item may cost.
        readable: Files and folders that the child may read besides its own program.
    """

    def __init__(self, entry: str, *, limits: SandboxLimits | None = None, readable: Sequence[Path] = ()) -> None:
        self._entry = entry
        self._readable = tuple(readable)
        self._limits = limits or SandboxLimits()
        self._child: ChildProcess | None = None
        self._memory: SharedMemory | None = None
        self._request: _Request | None = None
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, if there is one; the sandbox can be used again."""
        self._forget_request()
        self._discard_child()
        self._discard_memory()

    @property
    def confinement(self) -> frozenset[Confinement]:
        """The walls that stand around the child, which is started if there is none.

        Raises:
            SandboxUnavailable: If it does not start.
        """
        return self._living_child().wait_until_ready()

    def buffer(self, size: int) -> memoryview:
        """Return writable memory of `size` bytes that the child sees too.

        What a smaller buffer held is kept when it grows, until the next `result`. A view from an earlier call is
        no longer what the child sees once this one was asked for more than it held.

        Raises:
            TooLarge: If it would be larger than the limit.
        """
        if size > self._limits.buffer_bytes:
            raise TooLarge(f"the item is longer than {self._limits.buffer_bytes >> 20} MiB")
        held = self._memory
        if held is None or held.capacity < size:
            self._memory = SharedMemory(max(1, size), self._limits.buffer_bytes)
            if held is not None:
                self._memory.view[: held.capacity] = held.view
                held.close()
        memory = self._memory
        if memory is None:
            raise RuntimeError("no shared memory")
        return memory.view[:size]

    def submit(
        self, length: int, params: dict[str, Any], fds: Sequence[int] = (), *, seconds: float | None = None
    ) -> None:
        """Have the child work on the first `length` bytes of the buffer; it does so while the caller goes on.

        Args:
            length: Bytes of data; 0 for none.
            params: Plain values that the entry is called with.
            fds: Descriptors to pass to it; the caller may close them at once.
            seconds: Wall time that this item may take; default: as the limits say.

        Raises:
            RuntimeError: If the result of the last item has not been asked for.
            ValueError: If `length` is more than the buffer holds, or there are too many descriptors.
            SandboxUnavailable: If the child does not start.
            DecoderDied: If it dies before it has read the request.
        """
        if self._request is not None:
            raise RuntimeError("the last item's result has not been asked for")
        if length and (self._memory is None or length > self._memory.capacity):
            raise ValueError("the buffer does not hold as much")
        if len(fds) >= _wire.MAX_DESCRIPTORS:
            raise ValueError("too many descriptors")
        self._number += 1
        allowed = self._limits.seconds_per_item if seconds is None else seconds
        self._request = _Request(
            self._number, length, params, tuple(os.dup(fd) for fd in fds), time.monotonic(), allowed
        )
        try:
            self._send(self._request)
        except BaseException:
            self._forget_request()
            raise

    def result(self) -> dict[str, Any]:
        """Wait for the child and return what the entry returned: plain JSON values, to be read as if hostile.

        Raises:
            MediaError: What the entry raised, as the class of its code.
            TooLarge: If it ran out of memory.
            TookTooLong: If it took too long.
            DecoderDied: If it crashed, or broke the protocol.
            SandboxUnavailable: If the child does not start.
            RuntimeError: If nothing was submitted.
        """
        request = self._request
        if request is None:
            raise RuntimeError("nothing was submitted")
        try:
            return self._await(request)
        finally:
            self._forget_request()
            if self._child is not None and self._child.served >= self._limits.items_per_child:
                self._discard_child()
            if self._memory is not None and self._memory.capacity > self._limits.keep_bytes:
                self._discard_memory()

    def _await(self, request: _Request) -> dict[str, Any]:
        try:
            return self._receive(request)
        except ChildDied as died:
            self._child = None
            if not died.blameless:
                raise _error_of(died) from None
        except ReplyError as reply:
            if not reply.blameless:
                raise reply.error from None
            self._discard_child()
        # An earlier item may have left the child in a bad state, so a fresh one decides.
        self._send(request)
        try:
            return self._receive(request)
        except ChildDied as died:
            self._child = None
            raise _error_of(died) from None
        except ReplyError as reply:
            raise reply.error from None

    def _receive(self, request: _Request) -> dict[str, Any]:
        child = self._living_child()
        used = child.served > 0
        reply = child.receive(request.since, request.seconds)
        try:
            return read_reply(reply, request.number)
        except _wire.BadMessage:
            child.end()
            raise ChildDied("the decode process gave a reply that makes no sense", blameless=False) from None
        except ReplyError as error:
            error.blameless = error.blameless and used
            if error.restart:
                self._discard_child()
            raise

    def _send(self, request: _Request) -> None:
        for last in (False, True):
            child = self._living_child()
            message: dict[str, Any] = {"id": request.number, "length": request.length, "params": request.params}
            descriptors = list(request.descriptors)
            if request.length and self._memory is not None and child.memory is not self._memory:
                message["map"] = self._memory.capacity
                descriptors.insert(0, self._memory.descriptor)
            body = _wire.encode(message)
            if len(body) > self._limits.request_bytes:
                raise ValueError("the request is too long")
            try:
                child.send(body, descriptors)
            except ChildDied as died:
                self._child = None
                if last:
                    raise DecoderDied(died.reason) from None
            else:
                child.memory = self._memory if "map" in message else child.memory
                return

    def _living_child(self) -> ChildProcess:
        if self._child is None:
            self._child = ChildProcess(self._entry, self._limits, self._readable)
        return self._child

    def _discard_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _discard_memory(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None
            if self._child is not None:
                self._child.memory = None

    def _forget_request(self) -> None:
        if self._request is not None:
            for descriptor in self._request.descriptors:
                with suppress(OSError):
                    os.close(descriptor)
            self._request = None


def _error_of(died: ChildDied) -> DecoderDied:
    return TookTooLong(died.reason) if died.late else DecoderDied(died.reason)
