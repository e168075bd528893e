"""Functions that the sandbox tests run in the child: some work, some misbehave in every way they can."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

Reply = dict[str, Any]

_kept: list[bytes] = []


def mirror(data: memoryview, params: Reply, fds: list[int]) -> Reply:
    """Say what came."""
    texts = [os.pread(fd, 100, 0).decode() for fd in fds]
    return {"bytes": bytes(data[:64]).hex(), "length": len(data), "params": params, "texts": texts, "pid": os.getpid()}


def misbehave(data: memoryview, params: Reply, fds: list[int]) -> Reply:
    """Do what `params` names."""
    return _WAYS[params["way"]](data, params)


def decode_images(data: memoryview, params: Reply, fds: list[int]) -> Reply:
    """Decode a picture and tell its frames' sizes and flags."""
    from seawall.content.images import open_images

    frames = []
    with open_images(data) as reader:
        for frame in reader.frames():
            rows = sum(len(strip) for strip in frame.strips())
            rows += sum(len(strip) for strips in frame.variants.values() for strip in strips())
            frames.append([frame.width, frame.height, rows, sorted(frame.flags)])
        return {"frames": frames, "flags": sorted(reader.flags)}


def _fine(data: memoryview, params: Reply) -> Reply:
    return {"pid": os.getpid()}


def _crash(data: memoryview, params: Reply) -> Reply:
    os.kill(os.getpid(), getattr(signal, params["signal"]))
    return {}


def _crash_unless_fresh(data: memoryview, params: Reply) -> Reply:
    """Crash if an earlier item left its mark on this process."""
    if _kept:
        os.kill(os.getpid(), signal.SIGSEGV)
    _kept.append(b"mark")
    return {"pid": os.getpid()}


def _write_to_null(data: memoryview, params: Reply) -> Reply:
    ctypes.memset(0, 1, 1)
    return {}


def _spin(data: memoryview, params: Reply) -> Reply:
    while True:
        pass


def _hog(data: memoryview, params: Reply) -> Reply:
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))


def _hog_when_used(data: memoryview, params: Reply) -> Reply:
    if _kept:
        raise MemoryError
    _kept.append(b"mark")
    return {"pid": os.getpid()}


def _exit(data: memoryview, params: Reply) -> Reply:
    os._exit(params["status"])


def _huge_reply(data: memoryview, params: Reply) -> Reply:
    return {"text": "x" * params["size"]}


def _raise_media(data: memoryview, params: Reply) -> Reply:
    from seawall import errors

    raise getattr(errors, params["kind"])(params["message"])


def _raise_other(data: memoryview, params: Reply) -> Reply:
    raise ZeroDivisionError("a secret of the file")


def _no_json(data: memoryview, params: Reply) -> Reply:
    return {"value": {"nan": float("nan"), "bytes": b"x", "list": object()}[params["kind"]]}


def _not_a_dict(data: memoryview, params: Reply) -> Reply:
    return ["list"]  # type: ignore[return-value]  # the point of it


def _raw(data: memoryview, params: Reply) -> Reply:
    """Write to the parent's socket behind the loop's back."""
    text = bytes.fromhex(params["raw"])
    for descriptor in range(3, 16):
        try:
            if socket.socket(fileno=os.dup(descriptor)).family == socket.AF_UNIX:
                os.write(descriptor, text)
                break
        except OSError:
            continue
    if params.get("exit"):
        os._exit(0)
    return {"pid": os.getpid()}


def _refused(data: memoryview, params: Reply) -> Reply:
    """Try one forbidden thing, and tell how it ended."""
    try:
        _FORBIDDEN[params["what"]](params)
    except OSError as error:
        return {"refused": type(error).__name__}
    except SystemExit:
        return {"refused": "SystemExit"}
    return {"refused": None}


def _connect(params: Reply) -> None:
    socket.create_connection(("127.0.0.1", params["port"]), timeout=5)


def _datagram(params: Reply) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("127.0.0.1", params["port"]))


def _write(params: Reply) -> None:
    Path(params["path"]).write_text("x")


def _execute(params: Reply) -> None:
    subprocess.run(["/bin/true"], check=True)


def _become(params: Reply) -> None:
    os.execv("/bin/true", ["true"])


def _fork(params: Reply) -> None:
    if os.fork() == 0:
        os._exit(0)


def _read(params: Reply) -> None:
    Path(params["path"]).read_bytes()


def _signal(params: Reply) -> None:
    os.kill(os.getppid(), 0)


def _trace(params: Reply) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _remove(params: Reply) -> None:
    Path(params["path"]).unlink()


def _more_memory(params: Reply) -> None:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError as error:
        raise OSError(str(error)) from None


def _harmless(data: memoryview, params: Reply) -> Reply:
    """Do what decoders need: threads, temporary memory, late imports, their own files."""
    import decimal
    import wave

    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(1))
    thread.start()
    thread.join()
    with mmap(-1, 1 << 20) as scratch:
        scratch[0] = 1
    own = Path(decimal.__file__).read_bytes()
    return {"thread": seen, "own": len(own) > 0, "wave": wave.__name__, "environment": len(os.environ)}


def _write_shared(data: memoryview, params: Reply) -> Reply:
    """Try to change the item under the parent's eyes."""
    tries = {}
    try:
        data[0] = 1
        tries["view"] = True
    except TypeError:
        tries["view"] = False
    address = ctypes.addressof(ctypes.c_char.from_buffer_copy(b"x"))
    tries["read_only"] = data.readonly and address != 0
    return tries


def _leave_a_view(data: memoryview, params: Reply) -> Reply:
    """Keep a view of the data in a cycle, as decoders do."""
    cycle: list[Any] = [data[:]]
    cycle.append(cycle)
    return {"first": data[0]}


def _resident(data: memoryview, params: Reply) -> Reply:
    sum(data[::4096])
    import resource

    return {"kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def _map_of(data: memoryview, params: Reply) -> Reply:
    source = data.obj
    return {"mapped": len(source) if isinstance(source, mmap) else 0, "mode": ACCESS_READ}


_FORBIDDEN: dict[str, Callable[[Reply], None]] = {
    "connect": _connect,
    "datagram": _datagram,
    "write": _write,
    "execute": _execute,
    "become": _become,
    "fork": _fork,
    "read": _read,
    "signal": _signal,
    "trace": _trace,
    "remove": _remove,
    "more memory": _more_memory,
}
_WAYS: dict[str, Callable[[memoryview, Reply], Reply]] = {
    "fine": _fine,
    "crash": _crash,
    "crash unless fresh": _crash_unless_fresh,
    "write to null": _write_to_null,
    "spin": _spin,
    "hog": _hog,
    "hog when used": _hog_when_used,
    "exit": _exit,
    "huge reply": _huge_reply,
    "raise media": _raise_media,
    "raise other": _raise_other,
    "no json": _no_json,
    "not a dict": _not_a_dict,
    "raw": _raw,
    "refused": _refused,
    "harmless": _harmless,
    "write shared": _write_shared,
    "leave a view": _leave_a_view,
    "resident": _resident,
    "map": _map_of,
}
