"""Flags leave an installation in one signed file, when a person says so; a host can tell whose they are.

`FILE.sig` is the signature of `FILE` as it stands, byte for byte, with the key of the installation's ledger.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.deploy.local.errors import FlagRefused
from seawall.deploy.local.flags import Flag, FlagBook
from seawall.errors import NotFound, UsageError
from seawall.files import storage, write_whole
from seawall.ledger import PublicKey, VerificationFailed, open_ledger, verify_signature
from seawall.settings import Settings

SCHEMA = "seawall/local-flags/1"
CONTEXT = "local-flags"
"""What the signature is for, as `seawall.ledger.verify_signature` takes it."""

MAX_BYTES = 256 << 20


def export_flags(settings: Settings, path: Path, *, notes: bool = False, clock: Clock = system_clock) -> int:
    """Write every flag to a file, and its signature beside it; return how many there are.

    Args:
        settings: The installation.
        path: The file; it may not exist yet.
        notes: Whether the persons' own sentences go along.
        clock: Tells the time.

    Raises:
        FlagsDamaged: If a flag was changed after it was kept; nothing is written then.
        UsageError: If the file exists already.
    """
    if path.exists() or _signature_of(path).exists():
        raise UsageError(f"{path} exists already")
    flags = FlagBook(settings).verified()
    with open_ledger(settings) as ledger:
        key = ledger.public_key()
        facts: dict[str, Any] = {
            "schema": SCHEMA,
            "at": to_iso(clock()),
            "installation": key.key_id,
            "flags": [flag.to_dict(notes=notes) for flag in flags],
        }
        data = (json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
        signature = ledger.sign(CONTEXT, data)
    with storage(path):
        write_whole(path, data)
        write_whole(_signature_of(path), base64.b64encode(signature) + b"\n")
    return len(flags)


def read_export(path: Path, key: PublicKey) -> list[Flag]:
    """Return the flags of an export, for whoever takes them in.

    Args:
        path: The file; its signature lies beside it.
        key: The installation's public key, from somewhere else than the file.

    Raises:
        NotFound: If the file or its signature is missing.
        VerificationFailed: If the signature is not this key's, or the file was changed.
        FlagRefused: If it is signed, and yet no export of flags.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        signature = base64.b64decode(_signature_of(path).read_bytes().strip(), validate=True)
    except FileNotFoundError as error:
        raise NotFound(f"no such file: {error.filename}") from None
    except binascii.Error:
        raise VerificationFailed("the signature cannot be read") from None
    if len(data) > MAX_BYTES:
        raise FlagRefused("the export is too long")
    verify_signature(key, CONTEXT, data, signature)
    try:
        facts = json.loads(data)
        listed = facts["flags"] if facts["schema"] == SCHEMA and facts["installation"] == key.key_id else None
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise FlagRefused("this is no export of flags")
    return [Flag.from_dict(each) for each in listed]


def _signature_of(path: Path) -> Path:
    return path.with_name(path.name + ".sig")
