"""The vault: bytes that must not lie about are kept encrypted, opened on the record, and destroyed for good.

A row and its complete file exist together; an opening is in the ledger before its first byte is handed out; a
destroyed object's key is gone before its file is.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from seawall.clock import Clock, system_clock, to_iso
from seawall.errors import NotFound, StorageFull
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store, StoreConflict, StoreLocked
from seawall.store.tables import vault_object as table
from seawall.vault import _rows
from seawall.vault._files import VaultFiles
from seawall.vault.errors import DigestMismatch, Held, KeyReused, ObjectDamaged, ObjectDestroyed, VaultKeyError
from seawall.vault.keys import KeyProvider, key_provider
from seawall.vault.objects import (
    MAX_REASON,
    Destroyed,
    Hold,
    VaultObject,
    id_of,
    media_type_of,
    name_of,
    purpose_of,
)
from seawall.vault.retention.recorded import RecordedHolds
from seawall.vault.stream import DATA_KEY_BYTES, SealedReader, seal
from seawall.vault.verify import Swept, Verification, sweep, verify

_READ_BYTES = 64 * 1024


class Vault:
    """Encrypted objects in a directory, with their keys and their history in a store.

    It may be shared between threads; other processes may use the same store and directory.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        keys: KeyProvider,
        root: Path,
        clock: Clock | None = None,
        *,
        holds: Sequence[Hold] = (),
    ) -> None:
        """Name the parts; nothing is read or created yet.

        Args:
            store: Holds a row an object.
            ledger: In the same store.
            keys: Wraps the objects' keys.
            root: The directory of the files.
            clock: Tells the time; default the store's.
            holds: Asked before a destruction, besides the holds that are recorded in the store, which always are.
        """
        self._store = store
        self._ledger = ledger
        self._keys = keys
        self._files = VaultFiles(root)
        self._clock = clock or store.clock
        self._holds = (RecordedHolds(store, self._clock), *holds)
        self._key_seen = False

    @property
    def store(self) -> Store:
        """The database that the rows are in."""
        return self._store

    def put(
        self,
        stream: BinaryIO,
        *,
        purpose: str,
        person: str,
        case: str | None = None,
        key: str | None = None,
        media_type: str | None = None,
        sha256: bytes | None = None,
    ) -> VaultObject:
        """Keep the bytes of a stream.

        Args:
            stream: Read to its end.
            purpose: Why they are kept; see `Purpose`.
            person: Who or what puts them in.
            case: The case that they belong to.
            key: Makes it idempotent. If an object was put under this key before, that one is returned, also when it
                is destroyed by now, and the stream is not read. The key itself is not stored.
            media_type: What they are, if the caller knows.
            sha256: The digest that they must have.

        Raises:
            DigestMismatch: If the digest is another; nothing is kept.
            KeyReused: If other bytes, or a thing of another purpose, were put under this key.
            StorageFull: If the disk or the database is full; nothing is kept.
            VaultKeyError: If the vault's key is lost, or not the one that is in use.
        """
        purpose = purpose_of(purpose)
        name_of(person, "the person")
        if case is not None:
            name_of(case, "the case")
        if media_type is not None:
            media_type_of(media_type)
        key_digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() if key is not None else None
        expected = sha256.hex() if sha256 is not None else None
        there = self._under(key_digest, purpose, expected)
        if there is not None:
            return there
        self._ready_key()
        object_id, data_key = secrets.token_hex(16), secrets.token_bytes(DATA_KEY_BYTES)
        binding = _binding(object_id, purpose)
        wrapped = self._keys.wrap(data_key, binding)

        def fill(file: BinaryIO) -> VaultObject:
            sealed = seal(stream, file, data_key, binding)
            if expected not in (None, sealed.sha256):
                raise DigestMismatch
            at = to_iso(self._clock())
            facts = (object_id, purpose, person, case, sealed.sha256, sealed.size, media_type, at, wrapped.key_id)
            return VaultObject(*facts, destroyed=None)

        item = self._files.write(object_id, fill)
        try:
            with self._store.begin() as connection:
                _rows.add(connection, item, wrapped, key_digest)
                self._ledger.record(connection, "vault.put", f"vault/{object_id}/put", _facts(item))
        except (StoreConflict, StorageFull, StoreLocked) as error:
            # These mean that nothing was committed. After any other error the row may be there: the file stays, and
            # a sweep removes it if there is none.
            self._files.discard(self._files.path(object_id))
            first = self._under(key_digest, purpose, item.sha256) if isinstance(error, StoreConflict) else None
            if first is None:
                raise
            return first
        return item

    @contextmanager
    def open(self, object_id: str, *, person: str, purpose: str, case: str | None = None) -> Iterator[BinaryIO]:
        """Give out an object's bytes for the length of a block, decrypted as they are read; they can be sought.

        The opening is in the ledger before the block begins. If it cannot be recorded, nothing is opened.

        Args:
            object_id: Which.
            person: Who opens it.
            purpose: What for, in a few words; recorded as given.
            case: In which case; default the object's own.

        Raises:
            NotFound: If there is no such object.
            ObjectDestroyed: If it was destroyed.
            ObjectDamaged: If its file is not the one that was written; also from a read, at the first bad chunk.
            VaultKeyError: If the key that wrapped its key is not here.
        """
        name_of(person, "the person")
        name_of(purpose, "the purpose")
        if case is not None:
            name_of(case, "the case")
        stored = self._live(object_id)
        with self._reader(stored) as reader:
            self._record_opened(stored.item, person, purpose, case)
            with io.BufferedReader(reader, _READ_BYTES) as buffered:
                yield buffered

    def destroy(self, object_id: str, *, person: str, reason: str) -> Destroyed:
        """Erase an object's key, so that its file says nothing to anybody, then remove the file.

        The row stays with the certificate. Destroying again returns the first certificate, and finishes what a
        crash interrupted.

        Raises:
            NotFound: If there is no such object.
            Held: If a hold forbids it.
        """
        name_of(person, "the person")
        name_of(reason, "the reason", longest=MAX_REASON)
        with self._store.begin() as connection:
            stored = _rows.find(connection, id_of(object_id), lock=True)
            if stored is None:
                raise _missing(object_id)
            certificate = stored.item.destroyed
            if certificate is None:
                self._expect_no_hold(stored.item)
                event = _rows.destroyed_event(object_id)
                certificate = Destroyed(object_id, to_iso(self._clock()), person, reason, event)
                _rows.erase_key(connection, certificate)
                body = _facts(stored.item) | {"person": person, "reason": reason, "key_id": stored.item.key_id}
                self._ledger.record(connection, "vault.destroyed", event, body)
        self._files.erase(object_id)
        self._ledger.append_pending()
        return certificate

    def get(self, object_id: str) -> VaultObject:
        """Return what may be shown of an object.

        Raises:
            NotFound: If there is no such object.
        """
        return self._find(object_id).item

    def objects(
        self, *, purpose: str | None = None, case: str | None = None, destroyed: bool | None = None
    ) -> Iterator[VaultObject]:
        """Go through the objects in the order of putting.

        Args:
            purpose: Only those of this purpose.
            case: Only those of this case.
            destroyed: Only those that are destroyed, or only those that are not.
        """
        conditions = []
        if purpose is not None:
            conditions.append(table.c.purpose == purpose_of(purpose))
        if case is not None:
            conditions.append(table.c.case_id == case)
        if destroyed is not None:
            conditions.append(table.c.wrapped_key.is_(None) if destroyed else table.c.wrapped_key.is_not(None))
        for page in _rows.pages(self._store, *conditions):
            for stored in page:
                yield stored.item

    def verify(self) -> Verification:
        """Read every object to its end, and look for files that belong to none; removes and shows nothing.

        Counts go into the ledger.
        """
        result = verify(self._store, self._files, self._clock(), self._reader)
        with self._store.begin() as connection:
            self._ledger.record(connection, "vault.verified", f"vault/verified/{_nonce()}", result.counts())
        self._ledger.append_pending()
        return result

    def sweep(self) -> Swept:
        """Finish interrupted destructions, and remove what interrupted puts left more than an hour ago."""
        result = sweep(self._store, self._files, self._clock())
        if result.total:
            with self._store.begin() as connection:
                self._ledger.record(connection, "vault.swept", f"vault/swept/{_nonce()}", result.counts())
            self._ledger.append_pending()
        return result

    @property
    def keys(self) -> KeyProvider:
        """What wraps the objects' keys."""
        return self._keys

    def count(self, *, key: str | None = None, but: str | None = None) -> int:
        """Return how many objects are not destroyed: those under one key, those under all others, or all."""
        return _rows.count(self._store, key=key, but=but)

    def record(self, kind: str, key: str, body: Mapping[str, Any]) -> None:
        """Write an event of the vault's keys to the ledger."""
        with self._store.begin() as connection:
            self._ledger.record(connection, kind, key, body)
        self._ledger.append_pending()

    def rewrap(self, new: KeyProvider, progress: Callable[[int, int], None] | None = None) -> int:
        """Wrap every object's key with another provider's key, and use that one from now on; no file is touched.

        It may be interrupted and run again. Objects that another process puts under the old key meanwhile need
        another run.

        Args:
            new: The other provider; or the same one, of which another key wraps now.
            progress: Called with how many objects are done, and of how many.

        Returns:
            How many were wrapped anew.

        Raises:
            VaultKeyError: If an object's key cannot be unwrapped. What was wrapped anew before stays so.
        """
        key_id = new.key_id() or new.create()
        total = 0
        every = self.count(but=key_id) if progress is not None else 0
        for page in _rows.pages(self._store, table.c.wrapped_key.is_not(None), table.c.key_id != key_id):
            renewed = []
            for stored in page:
                if stored.wrapped is not None:
                    binding = _binding(stored.item.id, stored.item.purpose)
                    renewed.append((stored, new.wrap(self._keys.unwrap(stored.wrapped, binding), binding)))
            with self._store.begin() as connection:
                count = sum(_rows.replace_key(connection, stored, wrapped) for stored, wrapped in renewed)
                body = {"objects": count, "key_id": key_id}
                self._ledger.record(connection, "vault.rewrapped", f"vault/rewrapped/{_nonce()}", body)
            total += count
            if progress is not None:
                progress(total, max(total, every))
        self._ledger.append_pending()
        self._keys = new
        return total

    @contextmanager
    def _reader(self, stored: _rows.Stored) -> Iterator[SealedReader]:
        item = stored.item
        if stored.wrapped is None:
            raise ObjectDestroyed(f"vault object {item.id} was destroyed")
        binding = _binding(item.id, item.purpose)
        data_key = self._keys.unwrap(stored.wrapped, binding)
        try:
            file = self._files.open(item.id)
        except FileNotFoundError:
            raise ObjectDamaged(f"the file of vault object {item.id} is missing") from None
        with file, SealedReader(file, data_key, binding, f"vault object {item.id}") as reader:
            yield reader

    def _record_opened(self, item: VaultObject, person: str, purpose: str, case: str | None) -> None:
        body = {
            "object": item.id,
            "sha256": item.sha256,
            "person": person,
            "purpose": purpose,
            "case": item.case if case is None else case,
        }
        with self._store.begin() as connection:
            now = _rows.find(connection, item.id, lock=True)
            if now is None or now.wrapped is None:
                raise ObjectDestroyed(f"vault object {item.id} was destroyed")
            self._ledger.record(connection, "vault.opened", f"vault/{item.id}/opened/{_nonce()}", body)
        self._ledger.append_pending()

    def _expect_no_hold(self, item: VaultObject) -> None:
        for hold in self._holds:
            why = hold.may_destroy(item)
            if why is not None:
                raise Held(f"vault object {item.id} is under a hold: {why}")

    def _under(self, key_digest: str | None, purpose: str, sha256: str | None) -> VaultObject | None:
        if key_digest is None:
            return None
        with self._store.read() as connection:
            stored = _rows.find_key(connection, key_digest)
        if stored is None:
            return None
        if stored.item.purpose != purpose or sha256 not in (None, stored.item.sha256):
            raise KeyReused(f"another object, {stored.item.id}, was put under this idempotency key")
        return stored.item

    def _ready_key(self) -> None:
        """Have a key to wrap with; create it only if nothing depends on another one."""
        if self._key_seen:
            return
        with self._store.read() as connection:
            used = _rows.newest_key(connection)
        if used is not None and not self._keys.has(used):
            raise VaultKeyError(
                f"the vault's key here is {self._keys.key_id() or 'missing'}, but its objects are wrapped with {used}",
                hint="restore that key from a backup; another is not used in its place",
            )
        if self._keys.key_id() is None:
            self._keys.create()
        self._key_seen = True

    def _live(self, object_id: str) -> _rows.Stored:
        stored = self._find(object_id)
        if stored.wrapped is None:
            raise ObjectDestroyed(f"vault object {object_id} was destroyed")
        return stored

    def _find(self, object_id: str) -> _rows.Stored:
        with self._store.read() as connection:
            stored = _rows.find(connection, id_of(object_id))
        if stored is None:
            raise _missing(object_id)
        return stored


@contextmanager
def open_vault(settings: Settings, *, clock: Clock = system_clock, holds: Sequence[Hold] = ()) -> Iterator[Vault]:
    """Open the vault that the settings name, with its store and its ledger, for the length of a block.

    Raises:
        StoreError: If the database cannot be used.
        VaultKeyError: If `SEAWALL_VAULT_KEY` is set and holds no key.
    """
    keys = key_provider(settings)
    settings.directory()
    with Store.open(settings.database_url, clock=clock) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield Vault(store, ledger, keys, settings.home / "vault", clock, holds=holds)
        ledger.append_pending()


def _binding(object_id: str, purpose: str) -> bytes:
    """Return what an object's key and file are bound to. The id has a fixed length, so no two pairs look alike."""
    return f"{object_id}{purpose}".encode()


def _facts(item: VaultObject) -> dict[str, object]:
    return {
        "object": item.id,
        "purpose": item.purpose,
        "person": item.person,
        "case": item.case,
        "sha256": item.sha256,
        "bytes": item.size,
    }


def _missing(object_id: str) -> NotFound:
    return NotFound(f"the vault has no object {object_id}", hint="see 'seawall vault ls'")


def _nonce() -> str:
    return secrets.token_hex(8)
