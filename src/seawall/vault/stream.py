"""The file format: a header, then chunks sealed with AES-256-GCM in the STREAM construction.

No byte is given out before its chunk was authenticated in its place, for its object; the end is authenticated too.
The format is written down in docs/decisions/0004-vault-format.md.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seawall.vault.errors import ObjectCut, ObjectDamaged, VaultError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DATA_KEY_BYTES = 32
HEADER_BYTES = 49
TAG_BYTES = 16
CHUNK_BITS = 18

_HEADER = struct.Struct(">8sBB32s7s")
_NONCE = struct.Struct(">7sIB")
_MAGIC = b"SEAVAULT"
_VERSION = 1
_CHUNK_BITS_ALLOWED = range(16, 21)
_MAX_CHUNKS = 1 << 32
_INFO = b"seawall/vault/stream/1"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What went through `seal`.

    Attributes:
        size: Number of bytes.
        sha256: Their SHA-256, in hex.
    """

    size: int
    sha256: str


class _Cipher:
    """Key, nonces and associated data of one file."""

    def __init__(self, header: bytes, data_key: bytes, binding: bytes, name: str) -> None:
        magic, version, bits, salt, self._prefix = _HEADER.unpack(header)
        if magic != _MAGIC or version != _VERSION or bits not in _CHUNK_BITS_ALLOWED:
            raise ObjectDamaged(f"{name} does not begin as a vault file does")
        self.chunk = 1 << bits
        self._binding = header + binding
        self._key = AESGCM(HKDF(SHA256(), DATA_KEY_BYTES, salt, _INFO).derive(data_key))

    @classmethod
    def new(cls, data_key: bytes, binding: bytes, bits: int) -> tuple[Self, bytes]:
        header = _HEADER.pack(_MAGIC, _VERSION, bits, secrets.token_bytes(32), secrets.token_bytes(7))
        return cls(header, data_key, binding, "a new file"), header

    def seal(self, number: int, last: bool, data: memoryview, into: memoryview) -> None:
        self._key.encrypt_into(self._nonce(number, last), data, self._binding, into)

    def open(self, number: int, last: bool, data: memoryview, into: memoryview) -> bool:
        try:
            self._key.decrypt_into(self._nonce(number, last), data, self._binding, into)
        except InvalidTag:
            return False
        return True

    def _nonce(self, number: int, last: bool) -> bytes:
        return _NONCE.pack(self._prefix, number, last)


def seal(source: BinaryIO, sink: BinaryIO, data_key: bytes, binding: bytes, *, chunk_bits: int = CHUNK_BITS) -> Sealed:
    """Encrypt a stream.

    Args:
        source: Read to its end.
        sink: Receives the file.
        data_key: 32 bytes that seal nothing else.
        binding: What the file belongs to; to open it takes the same.
        chunk_bits: Logarithm of the chunk size.

    Raises:
        VaultError: If `source` gives out no bytes but has not ended, or is too long.
    """
    cipher, header = _Cipher.new(data_key, binding, chunk_bits)
    sink.write(header)
    digest = hashlib.sha256()
    size = number = 0
    now, following = memoryview(bytearray(cipher.chunk)), memoryview(bytearray(cipher.chunk))
    sealed = memoryview(bytearray(cipher.chunk + TAG_BYTES))
    length = _fill(source, now)
    while True:
        # Whether a full chunk is the last is known once the next one is read.
        more = _fill(source, following) if length == cipher.chunk else 0
        digest.update(now[:length])
        size += length
        cipher.seal(number, more == 0, now[:length], sealed[: length + TAG_BYTES])
        sink.write(sealed[: length + TAG_BYTES])
        if more == 0:
            return Sealed(size, digest.hexdigest())
        number += 1
        if number == _MAX_CHUNKS:
            raise VaultError("the stream is too long for one object")
        now, following, length = following, now, more


def _fill(source: BinaryIO, into: memoryview) -> int:
    filled = 0
    while filled < len(into):
        data: bytes | None = source.read(len(into) - filled)
        if data is None:
            raise VaultError("the stream is not ready", hint="give a blocking stream")
        if not data:
            break
        into[filled : filled + len(data)] = data
        filled += len(data)
    return filled


class SealedReader(io.RawIOBase):
    """The plaintext of a file, authenticated chunk by chunk as it is read; it can seek.

    A reader that meets a bad chunk raises there, and at every later read. One that stops earlier is told nothing.
    """

    def __init__(self, file: BinaryIO, data_key: bytes, binding: bytes, name: str) -> None:
        """Read the header.

        Args:
            file: The vault file, which must be able to seek; closing it is left to the caller.
            data_key: What `seal` was given.
            binding: What `seal` was given.
            name: What errors call it.

        Raises:
            ObjectDamaged: If it is not a vault file.
        """
        super().__init__()
        self._file = file
        self._length = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or self._length < HEADER_BYTES + TAG_BYTES:
            raise ObjectCut(f"{name} ends within its first bytes")
        self._cipher = _Cipher(header, data_key, binding, name)
        self._name = name
        self._step = self._cipher.chunk + TAG_BYTES
        self._count = -(-(self._length - HEADER_BYTES) // self._step)
        self._sealed = memoryview(bytearray(self._step))
        self._plain = memoryview(bytearray(self._cipher.chunk))
        self._number = -1
        self._filled = 0
        self._place = 0
        self._refusal: ObjectDamaged | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place; from the end, the end is authenticated first.

        Raises:
            ObjectDamaged: If the end is not authentic.
            ValueError: If the place is before the start.
        """
        if whence == os.SEEK_END:
            self._load(self._count - 1)
            offset += (self._count - 1) * self._cipher.chunk + self._filled
        elif whence == os.SEEK_CUR:
            offset += self._place
        if offset < 0:
            raise ValueError("a place before the start")
        self._place = offset
        return offset

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer from the present chunk, and return how many bytes there were; 0 at the authentic end.

        Raises:
            ObjectDamaged: If the chunk is not the one that was written there.
        """
        number, start = divmod(self._place, self._cipher.chunk)
        # Past the last chunk, the end is vouched for by that chunk alone.
        self._load(min(number, self._count - 1))
        if number >= self._count or start >= self._filled:
            return 0
        view = memoryview(buffer).cast("B")
        count: int = min(len(view), self._filled - start)
        view[:count] = self._plain[start : start + count]
        self._place += count
        return count

    def _load(self, number: int) -> None:
        if self._refusal is not None:
            raise self._refusal
        if number == self._number:
            return
        self._number = -1
        last = number == self._count - 1
        expected = min(self._step, self._length - HEADER_BYTES - number * self._step)
        self._file.seek(HEADER_BYTES + number * self._step)
        sealed = self._sealed[:expected]
        if _fill(self._file, sealed) < expected or expected < TAG_BYTES:
            raise self._refuse(cut=True)
        plain = self._plain[: expected - TAG_BYTES]
        if not self._cipher.open(number, last, sealed, plain):
            cut = last and self._cipher.open(number, False, sealed, plain)
            self._plain[:] = bytes(len(self._plain))
            raise self._refuse(cut=cut)
        self._filled = len(plain)
        self._number = number

    def _refuse(self, *, cut: bool) -> ObjectDamaged:
        if cut:
            self._refusal = ObjectCut(f"{self._name} ends too early")
        else:
            self._refusal = ObjectDamaged(f"{self._name} is not as it was written")
        return self._refusal
