"""Text checks a second through `seawall serve`, beside a FastAPI POST with the same models, interleaved in one run.

Usage: python -m benchmarks.bench_guard [--seconds 5] [--rounds 3] [--connections 32] [--terms 10000] [--soak 0]

Both servers have one worker. seawall's checks prompts against a sealed pack of nonsense terms in all views, judges
them, and records each decision durably (SQLite, synchronous=FULL, committed in groups) before it answers. `--soak N`
sends N requests more and prints how memory went.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import _load
from benchmarks.bench_text import make_captions, make_terms

HOST = "127.0.0.1"
SHARE, TAIL = 0.5, 3.0
_START_SECONDS = 60.0
_ACCOUNTS = 20_000


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--terms", type=int, default=10_000)
    parser.add_argument("--soak", type=int, default=0, help="requests")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as folder:
        home = Path(folder)
        environment = os.environ | {"SEAWALL_HOME": str(home / "state")}
        terms = make_terms(random.Random(1), options.terms)
        _seal(home, terms, environment)
        made = [sys.executable, "-m", "seawall", "keys", "create", "bench", "--scope", "check", "--json"]
        key = json.loads(subprocess.run(made, env=environment, check=True, capture_output=True).stdout)["key"]
        bodies = _bodies(key)
        with _plain() as plain, _seawall(environment) as guard:
            ports = {"FastAPI": plain, "seawall": guard}
            runs: dict[str, list[_load.Load]] = {name: [] for name in ports}
            for number in range(options.rounds + 1):
                for name, (port, pid) in sorted(ports.items(), key=lambda each: (number + len(each[0])) % 2):
                    load = asyncio.run(
                        _load.run(
                            HOST,
                            port,
                            lambda n: bodies[n % len(bodies)],
                            seconds=options.seconds,
                            connections=options.connections,
                            pids=[pid],
                        )
                    )
                    if load.wrong:
                        raise SystemExit(f"{name}: {load.wrong} of {load.requests} answers were not 200")
                    if number:
                        runs[name].append(load)
            missed = _print(runs, options.connections)
            if options.soak:
                _soak(guard, bodies, options.soak, options.connections)
    return int(missed)


def _print(runs: dict[str, list[_load.Load]], connections: int) -> bool:
    print(f"{connections} connections, one worker each; median of {len(runs['FastAPI'])} rounds\n")
    print(f"{'server':<10}{'requests/s':>12}{'CPU us':>9}{'p50 ms':>9}{'p99 ms':>9}")
    middle: dict[str, tuple[float, float]] = {}
    for name, loads in runs.items():
        rate = statistics.median(load.rate for load in loads)
        tail = statistics.median(load.percentile(0.99) for load in loads)
        cpu = statistics.median(load.cpu / load.requests * 1e6 for load in loads)
        half = statistics.median(load.percentile(0.5) for load in loads)
        print(f"{name:<10}{rate:>12,.0f}{cpu:>9.0f}{half:>9.1f}{tail:>9.1f}")
        middle[name] = rate, tail
    share = middle["seawall"][0] / middle["FastAPI"][0]
    tail = middle["seawall"][1] / middle["FastAPI"][1]
    missed = share < SHARE or tail > TAIL
    print(f"\nrequests/s: {share:.2f} of FastAPI's (goal {SHARE}); p99: {tail:.1f} times (goal {TAIL})")
    print("MISSED" if missed else "met")
    return missed


def _bodies(key: str) -> list[bytes]:
    random_ = random.Random(2)
    captions = make_captions(random_, 2000, ["abcdefghijklmnopqrstuvwxyz"], ["boat"])
    headers = [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]
    found = []
    for number in range(_ACCOUNTS):
        check = {
            # As many accounts as keep each far below the rate at which policy slows one down.
            "account": f"account-{number}",
            "prompt": captions[number % len(captions)],
            "negative_prompt": "blurry, low quality",
            "history": [captions[(number + step) % len(captions)] for step in (1, 2)],
            "surface": "chat",
            "model": "m",
        }
        found.append(_load.request("POST", "/v1/check/input", json.dumps(check).encode(), headers))
    return found


def _seal(home: Path, terms: list[str], environment: dict[str, str]) -> None:
    lines = ["name: nonsense", "version: 1", "owner: benchmark", "expires: 2099-01-01", "terms:"]
    lines += [f"  - {{category: adult_sexual, term: {json.dumps(term, ensure_ascii=False)}}}" for term in terms]
    pack = home / "pack.yaml"
    pack.write_text("\n".join(lines) + "\n", "utf-8")
    command = [sys.executable, "-m", "seawall", "packs", "seal", str(pack)]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@contextmanager
def _plain() -> Iterator[tuple[int, int]]:
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks._plain_app:app", "--host", HOST, "--port", str(port)]
    with _running(
        [*command, "--log-level", "warning", "--no-access-log"], os.environ.copy(), port, "/openapi.json"
    ) as pid:
        yield port, pid


@contextmanager
def _seawall(environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    port = _free_port()
    command = [sys.executable, "-m", "seawall", "serve", "--host", HOST, "--port", str(port)]
    with _running(command, environment, port, "/readyz") as pid:
        yield port, pid


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, path: str) -> Iterator[int]:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _answers(port, path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[2]} did not start")
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _soak(server: tuple[int, int], bodies: list[bytes], requests: int, connections: int) -> None:
    port, pid = server
    done = 0
    print(f"\n{'requests':>10}{'memory MB':>11}")
    while done < requests:
        load = asyncio.run(
            _load.run(HOST, port, lambda n: bodies[n % len(bodies)], seconds=20, connections=connections)
        )
        done += load.requests
        print(f"{done:>10,}{_load.resident_bytes([pid]) / 1e6:>11.0f}", flush=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
