"""Starting a child process, speaking with it, and saying how it ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from seawall.content.sandbox import _wire
from seawall.content.sandbox._memory import SharedMemory
from seawall.content.sandbox.confinement import Confinement
from seawall.content.sandbox.errors import SandboxUnavailable
from seawall.content.sandbox.limits import SandboxLimits

_BOOT = (
    "import json,sys;a=json.loads(sys.argv[1]);sys.path[:]=a['path'];"
    "from seawall.content.sandbox.child import main;main(a)"
)
_HELLO_BYTES = 1 << 16
_LAST_BREATH_SECONDS = 5.0
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Pictures come and go by the megabyte: keep a little memory rather than fault it in anew for each.
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
_NEEDED_TO_START = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")


class ChildDied(Exception):
    """The child is gone.

    Attributes:
        reason: How it ended, for a person.
        blameless: Whether it may have been what an earlier item left behind, rather than this one.
        late: Whether it was ended because it took too long.
    """

    def __init__(self, reason: str, *, blameless: bool, late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blameless = blameless
        self.late = late


class ChildProcess:
    """One child; once it has died it stays dead.

    Attributes:
        served: Items that it has answered.
        memory: The shared memory that it has mapped, if any.
    """

    def __init__(self, entry: str, limits: SandboxLimits, readable: Sequence[Path] = ()) -> None:
        if not hasattr(socket, "send_fds"):
            raise SandboxUnavailable("the decode process needs a POSIX system")
        self.served = 0
        self.memory: SharedMemory | None = None
        self._limits = limits
        self._confinement: frozenset[Confinement] | None = None
        self._socket, theirs = socket.socketpair()
        try:
            self._process = _start(entry, limits, theirs.fileno(), readable)
        except OSError as error:
            self._socket.close()
            raise SandboxUnavailable(f"the decode process did not start: {error.strerror}") from None
        finally:
            theirs.close()
        self._starts_by = time.monotonic() + limits.start_seconds

    def send(self, body: bytes, descriptors: Sequence[int]) -> None:
        """Send a request.

        Raises:
            ChildDied: If it is gone.
        """
        try:
            self._socket.settimeout(self._limits.seconds_per_item)
            _wire.send(self._socket, body, descriptors)
        except (OSError, ValueError):
            raise self._died() from None

    def receive(self, since: float, seconds: float) -> dict[str, Any]:
        """Return the reply to the request that was sent at the moment `since` of the monotonic clock.

        Args:
            since: When the request was sent.
            seconds: How long the child may take, once it has started.

        Raises:
            ChildDied: If it died, took too long or broke the protocol; it is gone in any case.
        """
        if self._confinement is None:
            self.wait_until_ready()
            since = max(since, time.monotonic())
        try:
            reply = _wire.decode(_wire.receive(self._socket, self._limits.reply_bytes, since + seconds))
        except TimeoutError:
            self.end()
            raise ChildDied(f"the decode process took longer than {seconds:g} s", blameless=False, late=True) from None
        except _wire.BadMessage:
            self.end()
            raise ChildDied("the decode process gave a reply that makes no sense", blameless=False) from None
        except (_wire.Closed, OSError):
            raise self._died() from None
        self.served += 1
        return reply

    def wait_until_ready(self) -> frozenset[Confinement]:
        """Return the walls that stand around the child, once it has put them up.

        Raises:
            SandboxUnavailable: If it does not start.
        """
        if self._confinement is None:
            try:
                hello = _wire.decode(_receive_hello(self._socket, self._starts_by))
                if "failed" in hello:
                    raise SandboxUnavailable(f"the decode process did not start: {hello['failed']}")
                self._confinement = frozenset(Confinement(wall) for wall in hello["walls"])
            except TimeoutError:
                self.end()
                raise SandboxUnavailable("the decode process did not start in time") from None
            except (_wire.Closed, _wire.BadMessage, OSError, KeyError, ValueError):
                raise SandboxUnavailable(f"the decode process did not start: {self._died().reason}") from None
        return self._confinement

    def end(self) -> None:
        """End the process; nothing that it holds needs saving."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _died(self) -> ChildDied:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_BREATH_SECONDS)
        self.end()
        return ChildDied(_how_it_ended(self._process.returncode), blameless=self.served > 0)


def _receive_hello(sock: socket.socket, deadline: float) -> bytes:
    """Read the first message alone: the reply to a waiting request may already be behind it."""
    length = _exactly(sock, _wire.HEADER.size, deadline)
    (size,) = _wire.HEADER.unpack(length)
    if size > _HELLO_BYTES:
        raise _wire.BadMessage
    return _exactly(sock, size, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float) -> bytes:
    data = b""
    while len(data) < size:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        chunk = sock.recv(size - len(data))
        if not chunk:
            raise _wire.Closed
        data += chunk
    return data


def _start(entry: str, limits: SandboxLimits, descriptor: int, readable: Sequence[Path]) -> subprocess.Popen[bytes]:
    arguments = {
        "entry": entry,
        "path": _import_path(),
        "readable": [str(path) for path in readable],
        "socket": descriptor,
        "parent": os.getpid(),
        "memory_bytes": limits.memory_bytes,
        "buffer_bytes": limits.buffer_bytes,
        "keep_bytes": limits.keep_bytes,
        "reply_bytes": limits.reply_bytes,
        "request_bytes": limits.request_bytes,
    }
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _NEEDED_TO_START if name in os.environ}
    return subprocess.Popen(  # noqa: S603 (this interpreter, running this package)
        [sys.executable, "-I", "-S", "-B", "-c", _BOOT, json.dumps(arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env=environment,
        cwd="/",
        start_new_session=True,
    )


def _import_path() -> list[str]:
    """Return where the child imports from: as this process does, but never from the working directory."""
    root = str(Path(__file__).parents[3])  # where this package is installed
    return list(dict.fromkeys([root, *(entry for entry in sys.path if Path(entry).is_absolute())]))


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"the decode process ended with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", as when the system has no memory left" if -code == signal.SIGKILL else ""
    return f"the decode process was ended by {name}{hint}"
