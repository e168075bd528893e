"""A seccomp filter: system calls that decoding has no use for, and a taken-over decoder would, are refused.

It lists what is refused rather than what is allowed, because the libraries below differ by system; it complements
Landlock and the resource limits, and does not replace them.

Source: Linux kernel documentation, userspace-api/seccomp_filter.rst; classic BPF as in linux/filter.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from typing import NamedTuple

from seawall.content.sandbox._syscalls import TABLES, Table

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_CLONE_THREAD = 0x10000
_FOREIGN_ABI_BIT = 0x40000000


class _Instruction(NamedTuple):
    code: int
    jump_true: int
    jump_false: int
    value: int


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_syscalls() -> bool:
    """Install the filter for all threads, for good; return whether it stands."""
    table = TABLES.get(platform.machine())
    if table is None or struct.calcsize("P") != 8:
        return False
    instructions = list(_filter(table, os.getpid()))
    code = b"".join(struct.pack("=HBBI", *each) for each in instructions)
    program = _Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(
        table.seccomp, ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_ALL_THREADS), ctypes.byref(program)
    )
    return bool(done == 0)


def _filter(table: Table, own_pid: int) -> Iterator[_Instruction]:
    yield _Instruction(_LOAD, 0, 0, _ARCHITECTURE_AT)
    yield _Instruction(_JUMP_EQUAL, 1, 0, table.architecture)
    yield _Instruction(_RETURN, 0, 0, _KILL_PROCESS)
    yield _Instruction(_LOAD, 0, 0, _NUMBER_AT)
    yield _Instruction(_JUMP_AT_LEAST, 0, 1, _FOREIGN_ABI_BIT)
    yield _refuse(errno.ENOSYS)
    for number in table.refused:
        yield _Instruction(_JUMP_EQUAL, 0, 1, number)
        yield _refuse(errno.EPERM)
    for number in table.unknown:
        # The C library then falls back on the older call, whose arguments can be looked at.
        yield _Instruction(_JUMP_EQUAL, 0, 1, number)
        yield _refuse(errno.ENOSYS)
    for number, argument in table.opens:
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        yield from _argument(number, argument, _Instruction(_JUMP_ANY_BIT, 1, 0, writes))
    for number in table.own_process_only:
        yield from _argument(number, 0, _Instruction(_JUMP_EQUAL, 0, 1, own_pid))
    for number in table.this_process_as_zero:
        yield from _argument(number, 0, _Instruction(_JUMP_EQUAL, 0, 1, 0))
    yield from _argument(table.clone, 0, _Instruction(_JUMP_ANY_BIT, 0, 1, _CLONE_THREAD))
    yield _Instruction(_RETURN, 0, 0, _ALLOW)


def _argument(number: int, argument: int, test: _Instruction) -> Iterator[_Instruction]:
    """Judge one system call by the low word of an argument: `test` jumps 0 to allow it, 1 to refuse it."""
    yield _Instruction(_JUMP_EQUAL, 0, 4, number)
    yield _Instruction(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument)
    yield test
    yield _Instruction(_RETURN, 0, 0, _ALLOW)
    yield _refuse(errno.EPERM)


def _refuse(number: int) -> _Instruction:
    return _Instruction(_RETURN, 0, 0, _ERRNO | number)
