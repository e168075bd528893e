"""The signed manifest of cleaned data, one file that says all: what they are, what was removed, and who signs for it.

Line by line, in JSON: a header with the facts of the clean; files that hold items (`file`), kept items (`item`) and
removed ones (`why`), each with its SHA-256; and the seal, which signs the digest of every line before it. Any number of
lines is written and read one at a time, and none is believed before the signature is.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from seawall.ledger.notes import PublicKey
from seawall.ledger.signatures import verify_signature

CONTEXT = "clean-manifest"
"""What the ledger's key signs a manifest for."""
SCHEMA = "seawall/clean-manifest/1"
MAX_LINE = 4 << 20
"""Longest line that is read."""
_COPY = 1 << 20
_FIELDS = frozenset({"sha256", "lines", "event", "key", "signature"})


class BadManifest(Exception):
    """The file is not a signed manifest."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line.

    Attributes:
        sha256: Digest of all lines before it.
        lines: How many there are.
        event: Id of the ledger event that ends the clean.
        key: Name of the key that signs.
    """

    sha256: str
    lines: int
    event: str
    key: str

    def signed(self) -> bytes:
        """Return what is signed."""
        fields = {"schema": SCHEMA, "sha256": self.sha256, "lines": self.lines, "event": self.event, "key": self.key}
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _line(value: Mapping[str, Any]) -> bytes:
    """Return a value as a line of the manifest."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def write_body(path: Path, header: Mapping[str, Any], parts: Iterable[Path]) -> tuple[str, int]:
    """Write every line but the seal.

    Args:
        path: Where.
        header: The facts of the clean.
        parts: Files with the lines of each shard, in order.

    Returns:
        The digest of what was written, and the number of lines.
    """
    digest, lines = hashlib.sha256(), 1
    with path.open("wb") as file:
        first = _line({"schema": SCHEMA, **header})
        file.write(first)
        digest.update(first)
        for part in parts:
            with part.open("rb") as source:
                while data := source.read(_COPY):
                    file.write(data)
                    digest.update(data)
                    lines += data.count(b"\n")
    return digest.hexdigest(), lines


def write_seal(path: Path, seal: Seal, sign: Callable[[bytes], bytes]) -> None:
    """Add the seal."""
    signature = base64.b64encode(sign(seal.signed())).decode()
    fields = {"sha256": seal.sha256, "lines": seal.lines, "event": seal.event, "key": seal.key, "signature": signature}
    with path.open("ab") as file:
        file.write(_line({"seal": fields}))


def verify_seal(file: IO[bytes], key: PublicKey) -> Seal:
    """Read a manifest to its end; return its seal, whose digest is that of the lines read.

    Raises:
        BadManifest: If it has no seal, or was changed after it was sealed.
        VerificationFailed: If it is not this key that signed it.
    """
    seal, signature = _read_seal(file)
    verify_signature(key, CONTEXT, seal.signed(), signature)
    return seal


def _read_seal(file: IO[bytes]) -> tuple[Seal, bytes]:
    digest, lines, last = hashlib.sha256(), 0, b""
    for data in _lines(file):
        if last:
            digest.update(last)
            lines += 1
        last = data
    fields = _object(last).get("seal")
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise BadManifest("the manifest has no seal")
    if fields["sha256"] != digest.hexdigest() or fields["lines"] != lines:
        raise BadManifest("the manifest was changed after it was signed")
    try:
        signature = base64.b64decode(fields["signature"], validate=True)
    except (ValueError, TypeError):
        raise BadManifest("the manifest's signature is damaged") from None
    return Seal(fields["sha256"], lines, str(fields["event"]), str(fields["key"])), signature


def read_lines(file: IO[bytes], seal: Seal) -> Iterator[dict[str, Any]]:
    """Yield the header and then every line before the seal, of a manifest whose signature was checked.

    Raises:
        BadManifest: If it is not what was checked.
    """
    digest = hashlib.sha256()
    for number, data in enumerate(islice(_lines(file), seal.lines)):
        digest.update(data)
        value = _object(data)
        if number == 0 and value.get("schema") != SCHEMA:
            raise BadManifest("the manifest is of a kind that this version does not read")
        yield value
    if digest.hexdigest() != seal.sha256:
        raise BadManifest("the manifest changed while it was read")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while data := file.readline(MAX_LINE):
        if not data.endswith(b"\n"):
            raise BadManifest("the manifest is cut, or is no manifest")
        yield data


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise BadManifest("the manifest holds a line that is not JSON") from None
    if not isinstance(value, dict):
        raise BadManifest("the manifest holds a line that is no object")
    return value
