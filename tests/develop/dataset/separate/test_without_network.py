"""With the network away: the shipped detectors answer for every photo, and nobody tries to reach anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from seawall.demo_photos import paths

# Loaded by the interpreter of every process that is started: a worker may not try either.
BLOCK = """
import os, socket
_connect = socket.socket.connect
def refuse(self, *address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        with open(os.environ["SEAWALL_TEST_TRIED"], "a") as file:
            file.write(f"{address}\\n")
        raise RuntimeError("a socket was to be connected")
    return _connect(self, *address)
socket.socket.connect = socket.socket.connect_ex = refuse
"""
SHIPPED = ("open-nsfw", "image-safety", "apparent-age", "term-packs")


def test_the_shipped_detectors_need_no_network(tmp_path: Path, seawall_home: Path) -> None:
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(BLOCK)
    tried = tmp_path / "tried"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "blocked"),
        "SEAWALL_HOME": str(seawall_home),
        "SEAWALL_TEST_TRIED": str(tried),
    }
    check = "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept RuntimeError: print('blocked')"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout.strip() == "blocked"
    tried.unlink()
    folder = next(iter(paths())).parent
    command = [sys.executable, "-m", "seawall", "separate", str(folder), "--out", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        [*command, "--detectors", ",".join(SHIPPED)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=240,
    )
    summary = json.loads(done.stdout)
    assert not tried.exists(), "somebody tried to connect"
    photos = len(list(paths()))
    images = summary["modalities"]["image"]["items"]
    assert images >= photos
    assert summary["unexamined"] == 0
    for name in SHIPPED[:3]:
        answers = summary["answers"][name]
        assert answers.get("ok", 0) + answers.get("abstain", 0) == images, (name, answers)
        assert answers["ok"] > images / 2
