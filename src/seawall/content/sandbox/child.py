"""The child's side: confine, then serve one request after another until the parent is gone.

Nothing here trusts the data; nothing but this loop speaks to the parent.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from mmap import mmap
from typing import Any

from seawall.content.sandbox import _confine, _wire
from seawall.content.sandbox._memory import map_shared
from seawall.content.sandbox._replies import error_reply, memory_error, value_reply
from seawall.errors import MediaError, SeawallError

Entry = Callable[[memoryview, dict[str, Any], list[int]], dict[str, Any]]


def main(arguments: dict[str, Any]) -> None:
    """Serve the parent. Called by the boot line in `_process`, never by hand."""
    with socket.socket(fileno=arguments["socket"]) as sock:
        try:
            walls = _confine.confine_early(arguments["parent"], _memory_limits(arguments, 0))
            entry = _load(arguments["entry"])
            os.environ.clear()
            walls += _confine.confine_late([*arguments["path"], *arguments["readable"]])
        except BaseException as error:
            with suppress(OSError):
                _wire.send(sock, _wire.encode({"failed": f"{type(error).__name__}: {error}"}))
            raise
        _wire.send(sock, _wire.encode({"walls": walls}))
        with suppress(_wire.Closed, OSError):
            _Server(sock, entry, arguments).serve()


def _load(entry: str) -> Entry:
    module, _, name = entry.partition(":")
    found = getattr(importlib.import_module(module), name)
    function: Entry = found() if isinstance(found, type) else found
    return function


def _memory_limits(arguments: dict[str, Any], mapped: int) -> tuple[int, int]:
    """Return the soft and the hard limit of address space while `mapped` bytes are shared with the parent."""
    own = arguments["memory_bytes"]
    return own + mapped, own + arguments["buffer_bytes"]


class _Server:
    def __init__(self, sock: socket.socket, entry: Entry, arguments: dict[str, Any]) -> None:
        self._socket = sock
        self._entry = entry
        self._arguments = arguments
        self._map: mmap | None = None

    def serve(self) -> None:
        while True:
            body, descriptors = _wire.receive_with_descriptors(self._socket, self._arguments["request_bytes"])
            request = _wire.decode(body)
            if "map" in request:
                self._remap(descriptors.pop(0), request["map"])
            try:
                reply = self._answer(request, descriptors)
            finally:
                for descriptor in descriptors:
                    with suppress(OSError):
                        os.close(descriptor)
            _wire.send(self._socket, reply)
            if self._map is not None and len(self._map) > self._arguments["keep_bytes"]:
                self._unmap()

    def _answer(self, request: dict[str, Any], descriptors: list[int]) -> bytes:
        number = request["id"]
        data = memoryview(b"") if self._map is None else memoryview(self._map)
        try:
            value = self._entry(data[: request["length"]], request["params"], descriptors)
            reply = _wire.encode(value_reply(number, value))
            if len(reply) <= self._arguments["reply_bytes"]:
                return reply
            return _wire.encode(error_reply(number, MediaError("what was found does not fit into a reply")))
        except MediaError as error:
            out_of_memory = isinstance(error.__cause__, MemoryError)
            return _wire.encode(error_reply(number, error, out_of_memory=out_of_memory))
        except SeawallError as error:
            return _wire.encode(error_reply(number, MediaError(error.message)))
        except MemoryError:
            return _wire.encode(error_reply(number, memory_error(), out_of_memory=True))
        except Exception as error:  # noqa: BLE001 (whatever a decoder raises is the item's fault, not the scan's end)
            return _wire.encode(error_reply(number, MediaError(f"the decoder failed ({type(error).__name__})")))

    def _remap(self, descriptor: int, capacity: int) -> None:
        self._unmap()
        try:
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_AS, _memory_limits(self._arguments, capacity))
            self._map = map_shared(descriptor, capacity)
        finally:
            os.close(descriptor)

    def _unmap(self) -> None:
        # A decoder may have left a cycle that still holds a view; the mapping goes with the last of them.
        self._map = None
        gc.collect()
