"""The attestation: what was separated by what, in numbers, signed with the ledger's key.

It claims no more than was measured: how many items each rule placed, how many nobody could judge, and, once people have
looked at a random sample, an upper bound on what leaked. `attestation.json` is signed as it stands, byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.files import write_whole
from seawall.ledger import Ledger, PublicKey, VerificationFailed, verify_signature
from seawall.policy.separation import Partition, SeparationPolicy

from .outputs import PARTITIONS, SCORES
from .record import SeparateRecord

FILE_NAME = "attestation.json"
SIGNATURE = "attestation.sig"
SCHEMA = "seawall/separation-attestation/1"
CONTEXT = "separation-attestation"
"""What the signature is for, as `seawall.ledger.verify_signature` takes it."""


def write_attestation(
    out: Path,
    summary: Mapping[str, Any],
    policy: SeparationPolicy,
    detectors: Sequence[Mapping[str, Any]],
    receipts: str,
    ledger: Mapping[str, Any],
    record: SeparateRecord,
) -> dict[str, Any]:
    """Write the attestation and its signature.

    What an audit proved before stays in it as long as the files beside it are the same, byte for byte.

    Returns:
        The file's name and digest, for the summary.
    """
    partitions = {partition: summary["partitions"][partition.value] for partition in Partition}
    facts = {
        "schema": SCHEMA,
        "run_id": summary["run_id"],
        "at": to_iso(record.scanned.clock()),
        "items": summary["items"],
        "partitions": summary["partitions"],
        "rules": summary["rules"],
        "clusters": summary["clusters"],
        "abstentions": summary["abstentions"],
        "skipped": summary["skipped"],
        "errors": summary["errors"],
        "modalities": summary["modalities"],
        "answers": summary["answers"],
        "categories": summary["categories"],
        "policy": {"name": policy.name, "version": policy.version, "hash": policy.hash, "text": policy.text},
        "detectors": list(detectors),
        "lists": summary["lists"],
        "training_sets": [
            {"partitions": sorted(each), "items": sum(partitions[partition] for partition in each)}
            for each in policy.training_sets
        ],
        "leakage": _standing_leakage(out, record.scanned.ledger),
        "receipts": receipts,
        "files": {name: _digest(out / name) for name in (PARTITIONS, SCORES)},
        "ledger": {key: ledger[key] for key in ("size", "root", "event", "key_fingerprint")},
    }
    return _sign(out, facts, record.scanned.ledger)


def attest_leakage(out: Path, leakage: Mapping[str, Any], ledger: Ledger) -> None:
    """Write the result of an audit into an attestation that still stands, and sign it again.

    Args:
        out: Output directory of the separation.
        leakage: What the audit proves.
        ledger: The ledger whose key signed the attestation.

    Raises:
        NotFound: If there is no attestation.
        VerificationFailed: If it is not signed by this ledger's key, or is about other files.
    """
    facts = verify_attestation(out, ledger.public_key())
    signed = _sign(out, facts | {"leakage": dict(leakage)}, ledger)
    summary = json.loads((out / "summary.json").read_bytes()) | {"attestation": signed}
    write_whole(out / "summary.json", json.dumps(summary, indent=2).encode())


def _standing_leakage(out: Path, ledger: Ledger) -> Any:
    try:
        return verify_attestation(out, ledger.public_key())["leakage"]
    except (NotFound, VerificationFailed):
        return None


def _sign(out: Path, facts: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    data = (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode()
    signature = ledger.sign(CONTEXT, data)
    write_whole(out / FILE_NAME, data)
    write_whole(out / SIGNATURE, base64.b64encode(signature) + b"\n")
    return {"file": FILE_NAME, "sha256": hashlib.sha256(data).hexdigest()}


def verify_attestation(out: Path, key: PublicKey) -> dict[str, Any]:
    """Check that an attestation is signed, and that it is about the files beside it.

    Args:
        out: Output directory of a separation.
        key: The ledger's public key, from somewhere else than the directory.

    Returns:
        The attestation.

    Raises:
        VerificationFailed: If the signature is not this key's, or a file is not the one attested to.
        NotFound: If there is no attestation.
    """
    try:
        data = (out / FILE_NAME).read_bytes()
        signature = base64.b64decode((out / SIGNATURE).read_bytes().strip(), validate=True)
        facts: dict[str, Any] = json.loads(data)
    except FileNotFoundError:
        raise NotFound(f"{out} holds no attestation", hint="run 'seawall separate' first") from None
    except ValueError:
        raise VerificationFailed("the attestation or its signature is damaged") from None
    verify_signature(key, CONTEXT, data, signature)
    for name, digest in facts["files"].items():
        if not (out / name).is_file() or _digest(out / name) != digest:
            raise VerificationFailed(f"{name} is not the file that was attested to")
    return facts


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
