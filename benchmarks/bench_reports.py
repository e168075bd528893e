"""Upload one large file of a report, streamed with all its digests, beside the same bytes sent without any.

Both go over loopback to the test kit in a process of its own, which digests them too. Memory is what the sending
process has at most, above what it had before. Run as `python -m benchmarks.bench_reports --gib 10`.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from typing import BinaryIO, cast

import httpx

from seawall.maintain.authorities.ncmec.client import Credentials, ReportingApi
from seawall.maintain.authorities.ncmec.environment import EnvironmentName, environment
from seawall.maintain.authorities.ncmec.package import read_package
from seawall.maintain.authorities.ncmec.schema import load_schema

os.environ.setdefault("SEAWALL_AUTHORITIES", "loopback")
_BLOCK = os.urandom(1 << 20)
_MIB = 1 << 20


class _Bytes(RawIOBase):
    """A file of any length, which is nowhere."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        count = min(self._left, size if size >= 0 else self._left, len(_BLOCK))
        self._left -= count
        return _BLOCK[:count]


@contextmanager
def _kit() -> Iterator[str]:
    """Serve the kit in a process of its own."""
    command = [sys.executable, "-m", "seawall", "testkit", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield next(word for word in line.split() if word.startswith("http")).rstrip(":")
        finally:
            process.terminate()


def _opened(api: ReportingApi) -> str:
    summary = {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-02T03:04:05Z"}
    reporter = {"reportingPerson": {"email": ["safety@example.invalid"]}}
    reply = api.submit(read_package({"incidentSummary": summary, "reporter": reporter}, load_schema()).render("report"))
    assert reply.report_id is not None
    return reply.report_id


def _measured(what: str, size: int, send: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    send()
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    grown = (after.ru_maxrss - before.ru_maxrss) / 1024
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rate = size / seconds / _MIB
    print(f"{what:<28} {rate:8.0f} MiB/s  {seconds:7.1f} s  {cpu:6.1f} s of CPU  {grown:6.1f} MiB more memory")
    return rate


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="how large the file is")
    size = int(parser.parse_args().gib * (1 << 30))
    with _kit() as address:
        place = environment(EnvironmentName.TEST, f"{address}/ispws")
        with ReportingApi(place, Credentials("testkit", "testkit"), seconds=600) as api:
            report_id = _opened(api)
            api.upload(report_id, cast(BinaryIO, _Bytes(1 << 20)), 1 << 20)  # what is imported at first use is there

            def ours() -> None:
                reply, digests = api.upload(report_id, cast(BinaryIO, _Bytes(size)), size)
                assert reply.done
                assert reply.md5 == digests.md5
                assert digests.size == size

            streamed = _measured("streamed, three digests", size, ours)

        def plain() -> None:
            mark = secrets.token_hex(16)
            head = f'--{mark}\r\nContent-Disposition: form-data; name="id"\r\n\r\n{report_id}\r\n'
            head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
            tail = f"\r\n--{mark}--\r\n"

            def body() -> Iterator[bytes]:
                yield head.encode()
                file = _Bytes(size)
                while piece := file.read(1 << 18):
                    yield piece
                yield tail.encode()

            headers = {
                "Content-Type": f"multipart/form-data; boundary={mark}",
                "Content-Length": str(len(head) + size + len(tail)),
            }
            answer = httpx.post(
                f"{address}/ispws/upload", content=body(), headers=headers, auth=("testkit", "testkit"), timeout=600
            )
            assert answer.status_code == httpx.codes.OK

        bare = _measured("the same, without digests", size, plain)
    print(f"ratio {streamed / bare:.2f}")


if __name__ == "__main__":
    main()
