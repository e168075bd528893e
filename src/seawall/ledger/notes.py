"""Checkpoints: the size and root of the tree, signed.

The text is a C2SP tlog-checkpoint (origin, size, root, and one extension line with the time) within a C2SP signed
note with an Ed25519 signature. The origin names the key, so that a checkpoint cannot pass for another ledger's.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from seawall.ledger.errors import NoteError, PublicKeyError
from seawall.ledger.merkle import HASH_BYTES

MAX_NOTE_BYTES = 16 * 1024
_ED25519 = b"\x01"
_DASH = "\u2014"
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key that checkpoints are verified with.

    Attributes:
        raw: Its 32 bytes.
    """

    raw: bytes

    @classmethod
    def from_pem(cls, pem: str | bytes) -> Self:
        """Read an SPKI PEM.

        Raises:
            PublicKeyError: If it is anything else; a private key is refused too.
        """
        data = pem.encode() if isinstance(pem, str) else pem
        try:
            key = load_pem_public_key(data)
        except ValueError:
            raise PublicKeyError() from None
        if not isinstance(key, Ed25519PublicKey):
            raise PublicKeyError()
        return cls(key.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def to_pem(self) -> str:
        """Return the SPKI PEM."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def key_id(self) -> str:
        """The first 64 bits of the SHA-256 of the key, in hex."""
        return sha256(self.raw).hexdigest()[:16]

    @property
    def origin(self) -> str:
        """The name of the ledger that this key signs."""
        return f"seawall/ledger/{self.key_id}"

    @property
    def note_id(self) -> bytes:
        """The four bytes that C2SP puts before a signature to name the key."""
        return sha256(self.origin.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    @property
    def verifier_key(self) -> str:
        """The key in C2SP's one-line form, as witnesses take it."""
        return f"{self.origin}+{self.note_id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a ledger at a moment.

    Attributes:
        origin: The ledger.
        size: Number of events.
        root: Root of the tree over them, 32 bytes.
        at: When it was signed, RFC 3339.
    """

    origin: str
    size: int
    root: bytes
    at: str

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {self.at}\n"

    def sign(self, key: Ed25519PrivateKey) -> str:
        """Return the signed note.

        Args:
            key: Must be the key that the origin names.
        """
        public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        signature = base64.b64encode(public.note_id + key.sign(self.text().encode())).decode()
        return f"{self.text()}\n{_DASH} {public.origin} {signature}\n"


def open_note(note: str, key: PublicKey) -> Checkpoint:
    """Check a note's signature and read the checkpoint in it.

    Args:
        note: The signed note. Signatures by other keys, such as a witness's, are passed over.
        key: The key that must have signed it.

    Raises:
        NoteError: If the note is malformed, names another ledger, or bears no signature of this key.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError("the checkpoint is too long")
    text, blank, signatures = note.rpartition("\n\n")
    text += "\n"
    if not blank or not signatures.endswith("\n"):
        raise NoteError("the checkpoint is not a signed note")
    checkpoint = _parse(text)
    if checkpoint.origin != key.origin:
        raise NoteError("the checkpoint names another ledger, or is not signed by this key")
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != _DASH or not name or not encoded:
            raise NoteError("the checkpoint has a malformed signature line")
        blob = _from_base64(encoded)
        if name == key.origin and blob[:4] == key.note_id:
            try:
                Ed25519PublicKey.from_public_bytes(key.raw).verify(blob[4:], text.encode())
            except InvalidSignature:
                raise NoteError("the checkpoint was changed after it was signed") from None
            return checkpoint
    raise NoteError("the checkpoint is not signed by this key")


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 5 or not lines[3].startswith("time "):
        raise NoteError("the checkpoint does not have the lines of a seawall checkpoint")
    origin, size, root, time, _ = lines
    if not _SIZE.fullmatch(size):
        raise NoteError("the checkpoint's size is not a number")
    digest = _from_base64(root)
    if len(digest) != HASH_BYTES:
        raise NoteError("the checkpoint's root is not a SHA-256")
    return Checkpoint(origin, int(size), digest, time.removeprefix("time "))


def _from_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("the checkpoint holds malformed base64") from None
    if base64.b64encode(data).decode() != text:
        raise NoteError("the checkpoint holds malformed base64")
    return data
