"""Messages between parent and child: a length, then JSON. Both sides refuse a length beyond their limit."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any, NoReturn

HEADER = struct.Struct("!I")
MAX_DESCRIPTORS = 8
_CHUNK = 1 << 16


class BadMessage(Exception):
    """The other side does not keep to the protocol."""


class Closed(Exception):
    """The other side is gone."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def encode(message: dict[str, Any]) -> bytes:
    """Return the JSON of a message.

    Raises:
        ValueError: If it holds a number that JSON has not.
        TypeError: If it holds anything but plain values.
    """
    return _ENCODER.encode(message).encode()


def decode(body: bytes | bytearray) -> dict[str, Any]:
    """Return the message in a JSON text.

    Raises:
        BadMessage: If it is not a JSON object.
    """
    try:
        message = _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        raise BadMessage from None
    if not isinstance(message, dict):
        raise BadMessage
    return message


def send(sock: socket.socket, body: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send a message, and descriptors with its first byte.

    Raises:
        OSError: If the other side is gone.
    """
    data = memoryview(HEADER.pack(len(body)) + body)
    if descriptors:
        data = data[socket.send_fds(sock, [data], list(descriptors)) :]
    sock.sendall(data)


def receive(sock: socket.socket, most: int, deadline: float | None = None) -> bytearray:
    """Return the next message; nothing may follow it.

    Args:
        sock: The socket.
        most: Longest message.
        deadline: Moment on the monotonic clock after which to give up; None to wait for ever.

    Raises:
        TimeoutError: If the deadline passes.
        Closed: If the other side is gone.
        BadMessage: If the message is too long, or more than one came.
    """
    data = bytearray()
    end = HEADER.size
    while len(data) < end:
        data += _take(sock, max(_CHUNK, end - len(data)), deadline)
        end = _end(data, most)
    if len(data) > end:
        raise BadMessage
    del data[: HEADER.size]
    return data


def receive_with_descriptors(sock: socket.socket, most: int) -> tuple[bytearray, list[int]]:
    """Return the next message and the descriptors that came with it; as `receive` without a deadline."""
    first, descriptors, _, _ = socket.recv_fds(sock, _CHUNK, MAX_DESCRIPTORS)
    if not first:
        raise Closed
    data = bytearray(first)
    end = _end(data, most)
    while len(data) < end:
        data += _take(sock, end - len(data), None)
        end = _end(data, most)
    del data[: HEADER.size]
    return data, descriptors


def _end(data: bytearray, most: int) -> int:
    """Return where the message ends, as far as that is known."""
    if len(data) < HEADER.size:
        return HEADER.size
    (length,) = HEADER.unpack_from(data)
    if length > most:
        raise BadMessage
    return HEADER.size + int(length)


def _take(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    # Even past the deadline, what has already come is taken: the caller may have been busy meanwhile.
    sock.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
    try:
        chunk = sock.recv(size)
    except ConnectionError:
        raise Closed from None
    if not chunk:
        raise Closed
    return chunk
