"""An installation that is served, with people who sign in to it in a browser."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

READY = re.compile(r".* on (http://127\.0\.0\.1:\d+)\n")
PASSWORDS = {
    "root": "amber quay 41 tide walnut",
    "rita": "violet lantern harbour 27 quay",
    "sam": "copper ladder 19 meadow tin",
    "lena": "granite willow 83 harbour oat",
}
ROLES = {"root": "admin", "rita": "reviewer", "sam": "reviewer", "lena": "lead"}


@dataclass
class Site:
    """A server that runs.

    Attributes:
        home: Its home.
        address: Where it answers.
        key: An API key of the host.
    """

    home: Path
    address: str
    key: str
    pages: dict[str, Any] = field(default_factory=dict)

    def seawall(self, *arguments: str, typed: str | None = None) -> str:
        """Run a command in the home."""
        return command(self.home, *arguments, typed=typed)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask as the host does."""
        data = json.dumps(body).encode() if body is not None else None
        return self.send(method, path, data, "application/json", headers)

    def send(self, method: str, path: str, data: bytes | None, kind: str, headers: Mapping[str, str]) -> Any:
        wanted = {"authorization": f"Bearer {self.key}", "content-type": kind, **headers}
        request = urllib.request.Request(self.address + path, data, wanted, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{refused.code}: {refused.read().decode()}") from None

    def bring(self, data: bytes, **meta: Any) -> Any:
        """Bring the bytes of a noticed item."""
        mark = uuid.uuid4().hex
        as_json = "content-type: application/json"
        parts = [
            f'--{mark}\r\ncontent-disposition: form-data; name="meta"\r\n{as_json}\r\n\r\n'.encode(),
            json.dumps(meta).encode(),
            f'\r\n--{mark}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode(),
            data,
            f"\r\n--{mark}--\r\n".encode(),
        ]
        return self.send("POST", "/v1/evidence", b"".join(parts), f"multipart/form-data; boundary={mark}", {})


def command(home: Path, *arguments: str, typed: str | None = None) -> str:
    """Run a command; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments],
        env=os.environ | {"SEAWALL_HOME": str(home)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(home: Path, *arguments: str) -> Iterator[Site]:
    """Serve an installation with four people and a key, nothing is judged again by chance."""
    shipped = yaml.safe_load((files("seawall.maintain.review") / "quality.yaml").read_text("utf-8"))
    never = shipped | {"again": shipped["again"] | {"rate": 0, "severe_rate": 0}}
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "quality.yaml").write_text(yaml.safe_dump(never | {"rules": shipped["rules"] | {"repeated_rate": 0}}))
    for name, password in PASSWORDS.items():
        by = [] if name == "root" else ["--by", "root"]
        command(home, "users", "add", name, "--role", ROLES[name], "--password-stdin", *by, typed=f"{password}\n")
        if ROLES[name] in ("reviewer", "lead"):
            command(home, "users", "grant", name, "--by", "root", "--reason", "named for this")
    scopes = [part for scope in ("check", "evidence", "effects") for part in ("--scope", scope)]
    key = json.loads(command(home, "keys", "create", "host", *scopes, "--json"))["key"]
    with (home / "serve.log").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "seawall", "serve", "--port", "0", *arguments],
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
        assert found, (home / "serve.log").read_text()
        yield Site(home, found[1], key)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def picture(number: int) -> bytes:
    """Return a harmless picture with a string in it that nothing else has."""
    from PIL import Image, ImageDraw
    from PIL.PngImagePlugin import PngInfo

    made = Image.radial_gradient("L").resize((640, 480)).convert("RGB")
    draw = ImageDraw.Draw(made)
    draw.rectangle((40 + 45 * number, 60, 220 + 45 * number, 260), fill=(20 * number % 255, 120, 200))
    draw.ellipse((300, 150, 300 + 25 * (number + 3), 400), fill=(220, 180, 40))
    info = PngInfo()
    info.add_text("mark", mark_of(number))
    data = io.BytesIO()
    made.save(data, "PNG", pnginfo=info)
    return data.getvalue()


def mark_of(number: int) -> str:
    """Return the string that a picture carries."""
    return f"only-in-the-original-{number:04d}"
