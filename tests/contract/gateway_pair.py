"""A gateway and the stand-in behind it, as processes, and how tests ask them."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY = re.compile(r".* on http://127\.0\.0\.1:(\d+)\n")
CONTROLS = "--detectors", "canary"


@dataclass
class Process:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    key: str | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        status, _, data = self.ask(method, path, body, **headers)
        return status, json.loads(data)


@contextmanager
def running(home: Path, log: Path, *arguments: str) -> Iterator[Process]:
    log.parent.mkdir(exist_ok=True, parents=True)
    # Runs also where the group is not in the table of commands yet.
    start = "from seawall.cli import _main; _main.COMMANDS.setdefault('gateway', ''); _main.main()"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", start, "gateway", "--port", "0", *arguments],
            env=os.environ | {"SEAWALL_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        with ThreadPoolExecutor(1) as pool:
            line = pool.submit(process.stdout.readline).result(90)
        found = READY.fullmatch(line)
        assert found, log.read_text()
        yield Process(process, int(found[1]), log)
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


def words(concepts: str) -> str:
    from seawall.canary.pack import Pack

    pack = Pack.load()
    return " and ".join(pack.concepts[each].words["en"] for each in concepts)


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "stand-in", "messages": [{"role": "user", "content": text}], **more}


def asked(model: Process) -> int:
    count: int = model.json("GET", "/_asked")[1]["asked"]
    return count


def events(data: bytes) -> list[Any]:
    found = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
    return [each if each == "[DONE]" else json.loads(each) for each in found]


CHAT = "/v1/chat/completions"
