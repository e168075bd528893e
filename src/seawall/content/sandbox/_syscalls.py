"""Numbers of the system calls that the filter judges, by machine.

Source: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """System calls of one machine.

    Attributes:
        architecture: AUDIT_ARCH value.
        seccomp: The call that installs a filter.
        clone: Allowed for threads alone.
        refused: Refused whatever the arguments.
        unknown: Answered as if the kernel did not have them.
        opens: Calls that open a file, with the place of their flags; refused for writing.
        own_process_only: Calls whose first argument must be this process.
        this_process_as_zero: Calls whose first argument must be 0, for this process.
    """

    architecture: int
    seccomp: int
    clone: int
    refused: tuple[int, ...]
    unknown: tuple[int, ...]
    opens: tuple[tuple[int, int], ...]
    own_process_only: tuple[int, ...]
    this_process_as_zero: tuple[int, ...]


# Numbers above 423 are shared by all machines: io_uring_setup, pidfd_send_signal, open_tree, move_mount, fsopen,
# fsconfig, fsmount, fspick, pidfd_open, pidfd_getfd, process_madvise, mount_setattr, memfd_secret, fchmodat2.
_SHARED_REFUSED = (424, 425, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 447, 452)
_SHARED_UNKNOWN = (435, 437)  # clone3, openat2

_X86_64 = Table(
    architecture=0xC000003E,
    seccomp=317,
    clone=56,
    refused=(
        *(41, 42, 43, 49, 50, 53, 288),  # socket, connect, accept, bind, listen, socketpair, accept4
        *(57, 58, 59, 322),  # fork, vfork, execve, execveat
        *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
        *(200, 129, 297),  # tkill, rt_sigqueueinfo, rt_tgsigqueueinfo
        *(29, 30, 31, 67, 68, 69, 70, 71, 64, 65, 66, 240, 241),  # System V and POSIX shared memory and queues
        *(76, 77, 85, 285),  # truncate, ftruncate, creat, fallocate
        *(82, 83, 84, 86, 87, 88, 258, 259, 133, 263, 264, 265, 266, 316),  # rename, mkdir, rmdir, link, unlink, mknod
        *(90, 91, 92, 93, 94, 260, 268, 132, 235, 261, 280),  # chmod, chown, utime
        *(188, 189, 190, 197, 198, 199),  # setxattr, removexattr
        *(161, 155, 165, 166, 272, 308, 304),  # chroot, pivot_root, mount, umount2, unshare, setns, open_by_handle_at
        *(298, 321, 323, 248, 249, 250),  # perf_event_open, bpf, userfaultfd, add_key, request_key, keyctl
        *(175, 176, 313, 246, 320, 169, 167, 168),  # modules, kexec, reboot, swap
        *(105, 106, 113, 114, 116, 117, 119),  # set user and group ids
        *(164, 227, 159, 305, 170, 171, 163, 172, 173, 103),  # clocks, host names, acct, iopl, ioperm, syslog
    ),
    unknown=_SHARED_UNKNOWN,
    opens=((2, 1), (257, 2)),  # open, openat
    own_process_only=(62, 234),  # kill, tgkill
    this_process_as_zero=(302,),  # prlimit64
)

_AARCH64 = Table(
    architecture=0xC00000B7,
    seccomp=277,
    clone=220,
    refused=(
        *(198, 199, 200, 201, 202, 203, 242),  # socket, socketpair, bind, listen, accept, connect, accept4
        *(221, 281),  # execve, execveat
        *(117, 270, 271, 272),  # ptrace, process_vm_readv, process_vm_writev, kcmp
        *(130, 138, 240),  # tkill, rt_sigqueueinfo, rt_tgsigqueueinfo
        *(180, 181, 186, 187, 188, 189, 190, 191, 193, 194, 195, 196),  # POSIX and System V queues and shared memory
        *(45, 46, 47),  # truncate, ftruncate, fallocate
        *(33, 34, 35, 36, 37, 38, 276),  # mknodat, mkdirat, unlinkat, symlinkat, linkat, renameat, renameat2
        *(52, 53, 54, 55, 88),  # chmod, chown, utimensat
        *(5, 6, 7, 14, 15, 16),  # setxattr, removexattr
        *(39, 40, 41, 51, 97, 268, 265),  # umount2, mount, pivot_root, chroot, unshare, setns, open_by_handle_at
        *(241, 280, 282, 217, 218, 219),  # perf_event_open, bpf, userfaultfd, add_key, request_key, keyctl
        *(105, 106, 273, 104, 294, 142, 224, 225),  # modules, kexec, reboot, swap
        *(143, 144, 145, 146, 147, 149, 159),  # set user and group ids
        *(170, 112, 171, 266, 161, 162, 89, 116),  # clocks, host names, acct, syslog
    ),
    unknown=_SHARED_UNKNOWN,
    opens=((56, 2),),  # openat
    own_process_only=(129, 131),  # kill, tgkill
    this_process_as_zero=(261,),  # prlimit64
)


def _with_shared(table: Table) -> Table:
    return Table(
        table.architecture,
        table.seccomp,
        table.clone,
        (*table.refused, *_SHARED_REFUSED),
        table.unknown,
        table.opens,
        table.own_process_only,
        table.this_process_as_zero,
    )


TABLES: Mapping[str, Table] = {"x86_64": _with_shared(_X86_64), "aarch64": _with_shared(_AARCH64)}
