"""Landlock: from here on the process can read its own program and libraries, and no other file.

Source: Linux kernel documentation, userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS = 16
_NETWORK_RIGHTS = 0b11  # bind and connect TCP, from version 4
_SCOPES = 0b11  # abstract sockets and signals, from version 6
_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom", "/dev/null")


def restrict_to(import_path: Iterable[str]) -> bool:
    """Allow reading below the import path, the interpreter and the system's libraries; return whether it worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    if version < 1:
        return False
    attributes = _attributes(version)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for place in _readable(import_path):
            _allow(libc, ruleset, place)
        return bool(libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _attributes(version: int) -> bytes:
    """Return struct landlock_ruleset_attr, as long as the kernel's version knows it."""
    words = [(1 << _FILE_RIGHTS_BY_VERSION.get(version, _FILE_RIGHTS)) - 1]
    if version >= 4:
        words.append(_NETWORK_RIGHTS)
    if version >= 6:
        words.append(_SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def _readable(import_path: Iterable[str]) -> set[str]:
    places = {*import_path, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *_SYSTEM}
    with suppress(OSError):
        # Wherever libraries were loaded from, more may have to be.
        for line in Path("/proc/self/maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and ".so" in fields[5] and fields[5].startswith("/"):
                places.add(str(Path(fields[5]).parent))
    return {place for place in places if place and Path(place).resolve() != Path("/")}


def _allow(libc: ctypes.CDLL, ruleset: int, place: str) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # there is nothing there to read
    try:
        rights = _READ_FILE | (_READ_DIR if Path(place).is_dir() else 0)
        rule = struct.pack("=Qi", rights, descriptor)
        libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(descriptor)
