"""Belonging to a Ray cluster for the length of a run: a private one on this machine, or one that is there already.

Telemetry is refused before Ray is imported, and in every process that works for seawall. A private cluster listens on
the loopback address alone, wants a token that nobody else has, and keeps its files in a directory that only
its owner can enter, and that goes with it.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seawall.engine.errors import ClusterError, ClusterLost, ClusterMissing

_log = logging.getLogger(__name__)
LOCAL = "local"
AUTO = "auto"
REFUSAL = {"RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}
"""What says to Ray, and to anything below it, that nothing is reported to anybody."""

_OBJECT_STORE_BYTES = 80 << 20  # the smallest that Ray takes; descriptors and counts need less
PULSE_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
_SILENCE_SECONDS = 20.0
_PREFIX = "seawall-ray-"
_LONGEST_BASE = 16  # Ray puts sockets some 75 characters further down, and a socket's path has at most 107


def need_ray() -> None:
    """Make sure that Ray is installed, without importing it.

    Raises:
        ClusterMissing: If it is not.
    """
    if find_spec("ray") is None:
        raise ClusterMissing


class Pulse:
    """Whether the cluster's head still listens.

    Left to itself, Ray ends the whole process a minute after its head is gone, with the exit code that says "findings".

    Args:
        head: HOST:PORT of the head.
    """

    def __init__(self, head: str) -> None:
        self._head = head
        self._felt = time.monotonic()
        self._next = 0.0

    def feel(self) -> None:
        """Ask the head, now and then.

        Raises:
            ClusterLost: If it has not listened for a while.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PULSE_SECONDS
        try:
            _knock(self._head, PULSE_SECONDS)
        except OSError:
            if now - self._felt > _SILENCE_SECONDS:
                raise ClusterLost(f"the head of the cluster, {self._head}, no longer answers") from None
        else:
            self._felt = now


def first_line(error: Exception) -> str:
    """Return what an error of Ray says in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def membership(address: str, processors: int) -> Iterator[Any]:
    """Belong to a cluster, and give the `ray` module.

    Args:
        address: `local`, `auto` for the cluster that this machine is part of, or `HOST:PORT` of its head.
        processors: How many processes a private cluster runs at a time.

    Raises:
        ClusterMissing: If Ray is not installed.
        ClusterError: If the cluster does not start, cannot be joined, or reports its usage to others.
    """
    if "://" in address:
        raise ClusterError(
            f"{address} is not an address that a driver can use",
            hint="start the command on a machine of the cluster, with 'auto' or HOST:PORT of the head",
        )
    need_ray()
    os.environ.update(REFUSAL)
    import ray

    if ray.is_initialized():
        if address != AUTO:
            raise ClusterError("this process has joined a Ray cluster already", hint=f"pass {AUTO!r} to use that one")
        _expect_silence(ray)
        yield ray
    elif address == LOCAL:
        with _messages_to_log(), _directory() as directory, _private(ray, directory, processors):
            yield ray
    else:
        with _messages_to_log(), _joined(ray, address):
            yield ray


@contextmanager
def _messages_to_log() -> Iterator[None]:
    """Keep Ray's messages off standard output, which is the caller's: a worker's death is ours to handle."""
    worker: Any = import_module("ray._private.worker")

    def log(message: Mapping[str, Any], **_: Any) -> None:
        for line in message["lines"]:
            _log.info("ray: %s", line)

    printing, worker.print_to_stdstream = worker.print_to_stdstream, log
    try:
        yield
    finally:
        worker.print_to_stdstream = printing


@contextmanager
def _joined(ray: Any, address: str) -> Iterator[None]:
    _expect_listener(address)
    _connect(ray, f"cannot join the cluster at {address}", address=address)
    with _left_at_the_end(ray):
        _expect_silence(ray)
        yield


@contextmanager
def _left_at_the_end(ray: Any) -> Iterator[None]:
    """Leave the cluster. One that is gone cannot be left: Ray would wait for it, and crash the process in the end."""
    lost = False
    try:
        yield
    except ClusterLost:
        lost = True
        atexit.unregister(ray.shutdown)
        atexit.register(_end_at_once)
        raise
    finally:
        if not lost:
            ray.shutdown(wait_for_processes=True)


def _end_at_once() -> None:
    """End the process without Ray's own clean-up, saying what the error said that brought it here."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ClusterLost.exit_code)


@contextmanager
def _private(ray: Any, directory: Path, processors: int) -> Iterator[None]:
    ray_constants: Any = import_module("ray._private.ray_constants")
    raylet: Any = import_module("ray._raylet")
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0",  # or it listens on every address, whichever it is told
    }
    clusters = ray_constants.ENABLE_RAY_CLUSTER
    node: Any = import_module("ray._private.node").Node
    start_api_server = node.start_api_server
    tokens = raylet.AuthenticationTokenLoader.instance()
    try:
        with _environment(environment):
            tokens.reset_cache()
            raylet.Config.initialize("")  # reads the environment again
            ray_constants.ENABLE_RAY_CLUSTER = False
            node.start_api_server = _start_nothing
            _connect(
                ray,
                "Ray did not start on this machine",
                address=LOCAL,
                num_cpus=processors,
                num_gpus=0,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                _temp_dir=str(directory),
            )
        with _left_at_the_end(ray):
            yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = clusters
        node.start_api_server = start_api_server
        tokens.reset_cache()
        raylet.Config.initialize("")


def _start_nothing(*_: Any, **__: Any) -> None:
    """Stand in for the start of Ray's dashboard: even silenced, it asks the network which cloud it is in."""


def _connect(ray: Any, failure: str, **choices: Any) -> None:
    """Call `ray.init`, quietly, and leave the process's handling of SIGTERM as it is."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if main else None
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **choices)
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError, ImportError) as error:
        ray.shutdown()
        raise ClusterError(f"{failure}: {first_line(error)}") from None
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


def _expect_listener(address: str) -> None:
    """Find out quickly whether anybody listens; Ray would try for a quarter of an hour."""
    if address == AUTO or ":" not in address:
        return
    try:
        _knock(address, _ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"nobody answers at {address}: {first_line(error)}", hint="pass HOST:PORT of the cluster's head, or 'local'"
        ) from None


def _knock(address: str, seconds: float) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()


def _expect_silence(ray: Any) -> None:
    """Refuse a cluster whose head reports its usage to Ray's makers; what it runs is no business of theirs."""
    usage: Any = import_module("ray._common.usage.usage_lib")
    gcs = import_module("ray.experimental.internal_kv").internal_kv_get_gcs_client()
    if "session_start_timestamp_ms" in usage.get_cluster_metadata(gcs):
        raise ClusterError(
            "the cluster reports its usage to Ray's makers", hint="start its head with RAY_USAGE_STATS_ENABLED=0"
        )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _directory() -> Iterator[Path]:
    """Give a directory of this run's own; remove it at the end, and those of runs that were killed."""
    base = tempfile.gettempdir()
    base = base if len(base) <= _LONGEST_BASE else "/tmp"  # noqa: S108 - made private by mkdtemp
    for left in Path(base).glob(_PREFIX + "*"):
        _sweep(left)
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    with (path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _sweep(path: Path) -> None:
    """Remove a directory of ours whose run is gone: nobody holds its lock."""
    with suppress(OSError):
        if path.is_symlink() or path.stat().st_uid != os.getuid():
            return
    with suppress(OSError), (path / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
