"""Putting up the walls, in the child, in two steps: before its imports and after them.

Each wall that the system does not offer is left out of the answer, never claimed.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Sequence

from seawall.content.sandbox import _landlock, _seccomp
from seawall.content.sandbox.confinement import Confinement

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_MAX_DESCRIPTORS = 64
_CAPABILITY_VERSION_3 = 0x20080522
_KEPT_CAPABILITIES = 1 << 1 | 1 << 2  # DAC_OVERRIDE, DAC_READ_SEARCH: a root of the program's files may be another's


def confine_early(parent: int, memory: tuple[int, int]) -> list[Confinement]:
    """Bound resources and tie the child's life to its parent's.

    Args:
        parent: The parent's process id.
        memory: Soft and hard limit of address space, bytes.

    Returns:
        The walls that stand.
    """
    walls = []
    if _limit(memory):
        walls.append(Confinement.LIMITS)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0:
            walls.append(Confinement.PARENT_DEATH)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            walls.append(Confinement.NO_NEW_PRIVILEGES)
    if os.getppid() != parent:
        raise SystemExit(1)  # it died before its death was watched
    return walls


def confine_late(import_path: Sequence[str]) -> list[Confinement]:
    """Shut off files and system calls that decoding has no use for.

    Args:
        import_path: Where modules may still be imported from.

    Returns:
        The walls that stand.
    """
    walls = []
    if sys.platform == "linux":
        _drop_capabilities()
        if _landlock.restrict_to(import_path):
            walls.append(Confinement.FILES)
        if _seccomp.forbid_syscalls():
            walls.append(Confinement.SYSCALLS)
    return walls


def _drop_capabilities() -> None:
    """Give up what root may do beyond other users, so that not even root's child can lift its limits."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    held = ctypes.create_string_buffer(24)
    if libc.capget(header, held) == 0:
        effective, permitted, _, _, _, _ = struct.unpack("=6I", held.raw)
        kept = struct.pack("=6I", effective & _KEPT_CAPABILITIES, permitted & _KEPT_CAPABILITIES, 0, 0, 0, 0)
        libc.capset(header, kept)


def _limit(memory: tuple[int, int]) -> bool:
    """Set the resource limits; return whether memory is among them."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        _, already = resource.getrlimit(resource.RLIMIT_AS)
        hard = memory[1] if already == resource.RLIM_INFINITY else min(memory[1], already)
        resource.setrlimit(resource.RLIMIT_AS, (min(memory[0], hard), hard))
    except (ValueError, OSError):
        return False
    return True
