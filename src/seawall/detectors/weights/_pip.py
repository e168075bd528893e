"""Having pip download pinned packages, the way the operator has set pip up. Nothing is installed, nothing is run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from seawall.detectors.errors import WeightsMissing

_SECONDS = 1800
_ADDRESS = re.compile(r"\S*(?:://|@)\S*|(?<!\w)/\S+")
_LONGEST = 300


def download(requirements: Iterable[str], directory: Path) -> None:
    """Download packages by name, version and digest.

    Raises:
        WeightsMissing: If pip is missing, fails, or takes longer than half an hour. Its last line is in the error,
            without addresses.
    """
    listed = directory / "requirements.txt"
    listed.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(listed), "-d", str(directory)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and arguments of our own
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed("pip did not finish in half an hour") from None
    except OSError as error:
        raise _failed(f"pip could not be started: {error.strerror}") from None
    if done.returncode:
        raise _failed(last_line(done.stderr or done.stdout))


def last_line(output: str) -> str:
    """Return the last line that says something, without addresses, paths and credentials."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("ERROR")] or lines or ["pip failed and said nothing"]
    return _ADDRESS.sub("…", said[-1])[:_LONGEST]


def _failed(message: str) -> WeightsMissing:
    return WeightsMissing(
        f"the model files could not be downloaded: {message}",
        hint="pip uses your own configuration (index, proxy, find-links); see whether 'pip download' works",
    )
