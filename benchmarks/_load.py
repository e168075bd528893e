"""A load generator for HTTP/1.1 on loopback: keep-alive connections that send prepared requests one after another.

It runs in the caller's process, and measures the server's CPU from the outside, so that it may be slower than the
server without falsifying CPU per request.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Load:
    """What a run of requests gave.

    Attributes:
        requests: How many were answered.
        wrong: How many answers did not have the status asked for.
        seconds: How long it took.
        latencies: Seconds of each.
        cpu: CPU seconds of the server's processes meanwhile.
    """

    requests: int = 0
    wrong: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return a percentile of the latencies, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def request(method: str, path: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def run(
    host: str, port: int, make: Callable[[int], bytes], *, seconds: float, connections: int, pids: Sequence[int] = ()
) -> Load:
    """Send requests for a while.

    Args:
        host: Where the server listens.
        port: Its port.
        make: Gives the request of a number.
        seconds: How long.
        connections: How many at once.
        pids: The server's processes, with all their children, for CPU time.
    """
    load = Load()
    number = iter(range(1 << 62))
    before, start = cpu_seconds(pids), time.perf_counter()
    end = start + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            while time.perf_counter() < end:
                sent = time.perf_counter()
                writer.write(make(next(number)))
                status = await _answer(reader)
                load.latencies.append(time.perf_counter() - sent)
                load.requests += 1
                load.wrong += status != 200
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    load.seconds = time.perf_counter() - start
    load.cpu = cpu_seconds(pids) - before
    return load


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
    else:
        while (size := int((await reader.readline()).strip() or b"0", 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head[9:12])


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU seconds that processes and their living children have used."""
    return sum(_cpu(pid) for root in pids for pid in _family(root))


def resident_bytes(pids: Sequence[int]) -> int:
    """Return the resident memory of processes and their living children, shared pages counted in part."""
    total = 0
    for root in pids:
        for pid in _family(root):
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _family(pid: int) -> list[int]:
    found = [pid]
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += _family(int(child))
    return found
