"""A manifest that `seawall clean` of this installation has signed: what it says of the data, and only then.

The line format is that of the clean manifest: a header, a line for each item, and a seal over all of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seawall.ledger import KeyFile, VerificationFailed, verify_signature
from seawall.ledger.keys import public_key
from seawall.policy.separation import Partition
from seawall.settings import Settings

SCHEMA = "seawall/clean-manifest/1"
CONTEXT = "clean-manifest"
_SEAL = frozenset({"sha256", "lines", "event", "key", "signature"})
_DIGEST_BYTES = 32


class NotSigned(Exception):
    """The manifest is not one that this installation signed."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a signed manifest says.

    Attributes:
        partitions: The sides that the data may be on; empty if nobody separated them.
        digests: SHA-256 of every item and file that was kept.
    """

    partitions: frozenset[Partition]
    digests: tuple[bytes, ...]


def read_sealed(text: str, settings: Settings) -> Sealed:
    """Read a manifest, and check that the key of this installation's ledger signed it.

    Raises:
        NotSigned: If it did not, or the manifest was changed since.
        KeyFileError: If the key cannot be used.
    """
    try:
        lines = text.encode().splitlines(keepends=True)
        seal = json.loads(lines[-1])["seal"]
        if set(seal) != _SEAL or not all(line.endswith(b"\n") for line in lines):
            raise NotSigned
        body = lines[:-1]
        digest = hashlib.sha256(b"".join(body)).hexdigest()
        if seal["sha256"] != digest or seal["lines"] != len(body):
            raise NotSigned
        _verify(seal, settings)
        return _read(body)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise NotSigned from None


def _verify(seal: dict[str, Any], settings: Settings) -> None:
    key = KeyFile(settings.home / "keys").load()
    if key is None:
        raise NotSigned
    fields = {"schema": SCHEMA, **{name: seal[name] for name in ("sha256", "lines", "event", "key")}}
    signed = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    try:
        verify_signature(public_key(key), CONTEXT, signed, base64.b64decode(seal["signature"], validate=True))
    except VerificationFailed:
        raise NotSigned from None


def _read(lines: list[bytes]) -> Sealed:
    header = json.loads(lines[0])
    if header["schema"] != SCHEMA:
        raise NotSigned
    partitions = frozenset(Partition(side) for side in header["partitions"])
    return Sealed(partitions, tuple(_digests(lines[1:])))


def _digests(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        row = json.loads(line)
        if "why" in row:
            continue
        digest = bytes.fromhex(row["sha256"])
        if len(digest) != _DIGEST_BYTES:
            raise ValueError("digest")
        yield digest
