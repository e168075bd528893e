"""Verify an export of a seawall ledger without seawall: copy this file, and install only `cryptography`.

    python standalone.py EXPORT PUBLIC_KEY.pem [SAVED_CHECKPOINT]

Exit code 0: verified; 1: not; 2: usage. Get the key by another way than the export. Without a checkpoint that you
saved earlier, only integrity is proven: truncation and forks are not excluded.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

MAX_LINE = 256 * 1024
EVENT = {"v", "id", "key", "kind", "at", "body"}
Signed = tuple[str, int, bytes]


class Bad(Exception):
    """It does not verify."""


def canonical(value: Any) -> bytes:
    """Write JSON as a ledger does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def from_base64(text: str) -> bytes:
    """Decode, refusing a second spelling of the same bytes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Bad("malformed base64")
    return data


def open_note(note: str, key: Ed25519PublicKey) -> Signed:
    """Return origin, size and root of the C2SP checkpoint, if `key` signed it."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    origin = f"seawall/ledger/{sha256(raw).hexdigest()[:16]}"
    text, _, signatures = note.rpartition("\n\n")
    name, size, root, _time = text.split("\n")
    mark = f"\u2014 {origin} "
    for line in signatures.removesuffix("\n").split("\n"):
        blob = from_base64(line.removeprefix(mark)) if line.startswith(mark) else b""
        if name == origin and blob[:4] == sha256(origin.encode() + b"\n\x01" + raw).digest()[:4]:
            key.verify(blob[4:], f"{text}\n".encode())
            return origin, int(size), from_base64(root)
    raise Bad("the checkpoint is not signed by this key")


def tree_root(peaks: list[bytes]) -> bytes:
    """Fold the roots of the complete subtrees into that of the tree (RFC 6962, 2.1)."""
    root = peaks[-1] if peaks else sha256(b"").digest()
    for peak in reversed(peaks[:-1]):
        root = sha256(b"\x01" + peak + root).digest()
    return root


def verify(export: Path, key: Ed25519PublicKey, saved: Signed | None) -> tuple[int, bytes]:
    """Return size and root of an export that verifies."""
    peaks: list[bytes] = []
    size, closing, roots = 0, None, {0: tree_root([])}
    with export.open("rb") as file:
        header = file.readline(MAX_LINE + 1)
        while line := file.readline(MAX_LINE + 1):
            fields = json.loads(line)
            if closing or not isinstance(fields, dict) or canonical(fields) + b"\n" != line:
                raise Bad("a line is cut, not canonical JSON, or follows the checkpoint")
            if fields.keys() == {"checkpoint"}:
                closing = fields["checkpoint"]
                continue
            if fields.keys() != EVENT or sha256(fields["key"].encode()).hexdigest()[:32] != fields["id"]:
                raise Bad("a line is not an event")
            node, rest, size = sha256(b"\x00" + line[:-1]).digest(), size, size + 1
            while rest & 1:
                node, rest = sha256(b"\x01" + peaks.pop() + node).digest(), rest >> 1
            peaks.append(node)
            if saved and size == saved[1]:
                roots[size] = tree_root(peaks)
    if closing is None:
        raise Bad("it ends without its checkpoint")
    origin, signed, root = open_note(closing, key)
    first = canonical({"format": "seawall-ledger-export", "v": 1, "origin": origin, "size": signed})
    if header != first + b"\n" or size != signed or tree_root(peaks) != root:
        raise Bad("its events are not those that were signed")
    if saved and roots.get(saved[1]) != saved[2]:
        raise Bad("it does not extend the saved checkpoint: it was cut or forked")
    return size, root


def main(arguments: list[str]) -> int:
    """Verify what the command line names."""
    if len(arguments) not in (2, 3):
        sys.stderr.write(__doc__)
        return 2
    try:
        key = load_pem_public_key(Path(arguments[1]).read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise Bad("that is not an Ed25519 public key")
        saved = open_note(Path(arguments[2]).read_bytes().decode(), key) if arguments[2:] else None
        size, root = verify(Path(arguments[0]), key, saved)
    except (Bad, OSError, InvalidSignature, ValueError, TypeError, AttributeError, RecursionError) as error:
        sys.stderr.write(f"NOT VERIFIED: {error or 'a signature is wrong'}\n")
        return 1
    claim = f"it extends the saved checkpoint of size {saved[1]}" if saved else "truncation and forks are not excluded"
    sys.stdout.write(f"VERIFIED up to size {size}, root {root.hex()}; {claim}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
