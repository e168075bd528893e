"""The ledger: an append-only Merkle tree of events with signed checkpoints, proofs and exports."""

from seawall.ledger.audit import read_checkpoint, verify_export
from seawall.ledger.errors import (
    EventConflict,
    EventError,
    KeyFileError,
    LedgerDamaged,
    NoteError,
    PublicKeyError,
    VerificationFailed,
)
from seawall.ledger.events import Event
from seawall.ledger.keys import KeyFile, KeyProvider
from seawall.ledger.ledger import Ledger, open_ledger, open_store
from seawall.ledger.notes import Checkpoint, PublicKey, open_note
from seawall.ledger.proofs import ConsistencyProof, InclusionProof, verify_inclusion
from seawall.ledger.results import Failure, Fault, VerifyResult
from seawall.ledger.signatures import verify_signature

__all__ = [
    "Checkpoint",
    "ConsistencyProof",
    "Event",
    "EventConflict",
    "EventError",
    "Failure",
    "Fault",
    "InclusionProof",
    "KeyFile",
    "KeyFileError",
    "KeyProvider",
    "Ledger",
    "LedgerDamaged",
    "NoteError",
    "PublicKey",
    "PublicKeyError",
    "VerificationFailed",
    "VerifyResult",
    "open_ledger",
    "open_note",
    "open_store",
    "read_checkpoint",
    "verify_export",
    "verify_inclusion",
    "verify_signature",
]
