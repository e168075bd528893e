"""Sockets with one deadline for everything, and a promise kept: what is said to stay on this host goes nowhere else.

A timeout for each read lets a service drip bytes for ever; here every wait is cut to what is left of the whole time.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from seawall.detectors.adapters.service.endpoint import Endpoint, is_loopback


class Deadline:
    """The moment by which a thread's present request must be over.

    Args:
        monotonic: A clock that only goes forward, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._of_thread = threading.local()

    def set(self, moment: float) -> None:
        """Set it for the calling thread."""
        self._of_thread.moment = moment

    def cut(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
        """Return a timeout that does not go beyond the deadline.

        Raises:
            httpcore.TimeoutException: If the deadline is over; of the class given.
        """
        left = float(self._of_thread.moment - self._monotonic())
        if left <= 0:
            raise late
        return left if timeout is None else min(timeout, left)


class BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return self._stream.read(max_bytes, self._deadline.cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, self._deadline.cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the connection with TLS on it."""
        cut = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, cut), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class BoundedBackend(httpcore.NetworkBackend):
    """Opens connections.

    Args:
        deadline: When each must be over.
        leaves_host: Whether connections may lead to another host.
        backend: Opens them; tests give their own.
    """

    def __init__(self, deadline: Deadline, leaves_host: bool, backend: httpcore.NetworkBackend | None = None) -> None:
        self._deadline = deadline
        self._leaves_host = leaves_host
        self._backend = backend or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host; nothing is sent to one that is not where it should be."""
        cut = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        stream = self._backend.connect_tcp(host, port, cut, local_address, socket_options)
        if not self._leaves_host:
            peer = stream.get_extra_info("server_addr")
            if not isinstance(peer, tuple) or not is_loopback(str(peer[0])):
                stream.close()
                raise httpcore.ConnectError
        return BoundedStream(stream, self._deadline)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Connect to a socket file."""
        cut = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        return BoundedStream(self._backend.connect_unix_socket(path, cut, socket_options), self._deadline)


def open_pool(endpoint: Endpoint, deadline: Deadline, connections: int) -> httpcore.ConnectionPool:
    """Return connections to a service: certificates are always checked, the environment's proxies never used.

    Raises:
        OSError: If the certificates of the operator cannot be read.
    """
    backend = BoundedBackend(deadline, endpoint.leaves_host)
    trust = _trust(endpoint)
    if endpoint.proxy is not None:
        return httpcore.HTTPProxy(
            endpoint.proxy,
            ssl_context=trust,
            proxy_ssl_context=trust if endpoint.proxy.startswith("https:") else None,
            max_connections=connections,
            network_backend=backend,
        )
    socket = None if endpoint.unix_socket is None else str(endpoint.unix_socket)
    return httpcore.ConnectionPool(trust, max_connections=connections, uds=socket, network_backend=backend)


def _trust(endpoint: Endpoint) -> ssl.SSLContext | None:
    """Return whom to trust; None where nothing is encrypted, as reading every public certificate takes a while."""
    if endpoint.ca_file is not None:
        return ssl.create_default_context(cafile=str(endpoint.ca_file))
    if not any(address.startswith("https:") for address in (endpoint.url, endpoint.proxy or "")):
        return None
    import httpx

    return httpx.create_ssl_context(trust_env=False)
