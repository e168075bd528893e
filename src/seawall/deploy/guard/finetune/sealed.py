"""A manifest that `seawall clean` of this installation has signed: what it says of the data, and only then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from seawall.ledger import KeyFile, VerificationFailed
from seawall.ledger.keys import public_key
from seawall.ledger.manifests import BadManifest, read_lines, verify_seal
from seawall.policy.separation import Partition
from seawall.settings import Settings

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
    key = KeyFile(settings.home / "keys").load()
    if key is None:
        raise NotSigned
    try:
        file = BytesIO(text.encode())
        seal = verify_seal(file, public_key(key))
        file.seek(0)
        rows = read_lines(file, seal)
        header = next(rows, {})
        return Sealed(frozenset(Partition(side) for side in header["partitions"]), tuple(_digests(rows)))
    except (BadManifest, VerificationFailed, ValueError, TypeError, KeyError):
        raise NotSigned from None


def _digests(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        if "why" in row:
            continue
        digest = bytes.fromhex(row["sha256"])
        if len(digest) != _DIGEST_BYTES:
            raise ValueError("digest")
        yield digest
