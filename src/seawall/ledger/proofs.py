"""Proofs as they leave the house: JSON that anyone can verify with the public key alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seawall.ledger.errors import EventError, NoteError
from seawall.ledger.events import Event, canonical, decode, parse_object
from seawall.ledger.merkle import HASH_BYTES, is_consistent, leaf_hash, root_from_inclusion
from seawall.ledger.notes import PublicKey, open_note
from seawall.ledger.results import Failure, Fault, VerifyResult

MAX_PROOF_BYTES = 1024 * 1024
_FORMAT = "seawall-ledger-proof"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an event is a leaf of the tree of a checkpoint.

    Attributes:
        event: The event.
        leaf: Its position, from 0.
        size: Number of events under the checkpoint.
        path: Audit path, from the leaf up.
        note: The signed checkpoint.
    """

    event: Event
    leaf: int
    size: int
    path: tuple[bytes, ...]
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return the proof as plain JSON."""
        return {
            "format": _FORMAT,
            "v": 1,
            "event": json.loads(self.event.encode()),
            "leaf": self.leaf,
            "size": self.size,
            "path": [node.hex() for node in self.path],
            "checkpoint": self.note,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read a proof.

        Raises:
            EventError: If it is not one.
        """
        try:
            if value["format"] != _FORMAT or value["v"] != 1:
                raise EventError("not an inclusion proof of a known version")
            event = decode(canonical(value["event"]))
            path = tuple(_digest(node) for node in value["path"])
            leaf, size, note = value["leaf"], value["size"], value["checkpoint"]
        except (KeyError, TypeError, ValueError):
            raise EventError("not an inclusion proof") from None
        if type(leaf) is not int or type(size) is not int or not isinstance(note, str):
            raise EventError("not an inclusion proof")
        return cls(event, leaf, size, path, note)

    def verify(self, key: PublicKey) -> VerifyResult:
        """Check the signature, and that the path leads from the event to the signed root."""
        try:
            checkpoint = open_note(self.note, key)
        except NoteError as error:
            return _failed(Fault.CHECKPOINT, error.message)
        if checkpoint.size != self.size:
            return _failed(Fault.PROOF, "the proof is for another size than its checkpoint")
        try:
            root = root_from_inclusion(leaf_hash(self.event.encode()), self.leaf, self.size, self.path)
        except ValueError as error:
            return _failed(Fault.PROOF, str(error))
        if root != checkpoint.root:
            return _failed(Fault.PROOF, "the event is not at this place in the signed ledger")
        return VerifyResult((), self.size, root.hex(), subject="proof")


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the ledger of a checkpoint extends an earlier one.

    Attributes:
        old_size: Size of the earlier ledger.
        old_root: Its root, which the verifier takes from a checkpoint of its own.
        path: The proof.
        note: The signed later checkpoint.
    """

    old_size: int
    old_root: bytes
    path: tuple[bytes, ...]
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return the proof as plain JSON."""
        return {
            "format": "seawall-ledger-consistency",
            "v": 1,
            "old_size": self.old_size,
            "old_root": self.old_root.hex(),
            "path": [node.hex() for node in self.path],
            "checkpoint": self.note,
        }

    def verify(self, key: PublicKey) -> VerifyResult:
        """Check the later checkpoint's signature, and that its tree begins with the earlier one."""
        try:
            latest = open_note(self.note, key)
        except NoteError as error:
            return _failed(Fault.CHECKPOINT, error.message)
        if not is_consistent(self.old_size, self.old_root, latest.size, latest.root, self.path):
            return _failed(Fault.FORKED, "the ledger does not extend the saved checkpoint")
        return VerifyResult((), latest.size, latest.root.hex(), saved=self.old_size, subject="consistency")


def verify_inclusion(proof: str | bytes | Mapping[str, Any], public_key_pem: str | bytes) -> VerifyResult:
    """Verify the output of `seawall ledger prove`, with no database at hand.

    Args:
        proof: The JSON, as text or parsed.
        public_key_pem: The operator's public key, got by another way than the proof.

    Raises:
        PublicKeyError: If that is not an Ed25519 public key.
    """
    key = PublicKey.from_pem(public_key_pem)
    try:
        if isinstance(proof, str):
            proof = proof.encode("utf-8", "surrogatepass")
        if isinstance(proof, bytes):
            if len(proof) > MAX_PROOF_BYTES:
                raise EventError("the proof is too long")
            proof = parse_object(proof)
        return InclusionProof.from_json(proof).verify(key)
    except EventError as error:
        return _failed(Fault.MALFORMED, error.message)


def _failed(fault: Fault, message: str) -> VerifyResult:
    return VerifyResult((Failure(fault, message),))


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != HASH_BYTES:
        raise EventError("a node of the path is not a SHA-256")
    return digest
