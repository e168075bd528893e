"""The ledger: facts are queued with the caller's own writes, then appended to the tree in groups by one writer.

A queued event and its place in the tree are one row, so however a process dies an event is queued or is one leaf,
never both and never two.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select

from seawall.clock import Clock, to_iso
from seawall.errors import NotFound
from seawall.ledger import _queue, _tree
from seawall.ledger.errors import KeyFileError, LedgerDamaged
from seawall.ledger.events import decode, event_id
from seawall.ledger.export import write_export
from seawall.ledger.keys import KeyFile, KeyProvider, public_key
from seawall.ledger.local import verify_database
from seawall.ledger.merkle import Frontier, consistency_path, inclusion_path, root_at
from seawall.ledger.notes import Checkpoint, PublicKey, open_note
from seawall.ledger.proofs import ConsistencyProof, InclusionProof
from seawall.ledger.results import VerifyResult
from seawall.ledger.signatures import signed_text
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import ledger_checkpoint, ledger_event

GROUP = 1000
_WRITER = "ledger"


class Ledger:
    """The append-only record in a store.

    Building one does nothing; `Ledger.open` also repairs what a crash left queued.

    Args:
        store: The database.
        keys: Keeps the signing key.
        clock: Tells the time; default the store's.
        group: How many events one transaction appends at most.
    """

    def __init__(self, store: Store, keys: KeyProvider, clock: Clock | None = None, *, group: int = GROUP) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock or store.clock
        self._group = group

    @classmethod
    def open(cls, store: Store, keys: KeyProvider, clock: Clock | None = None) -> Self:
        """Return the ledger of a store, with every committed event in its tree."""
        ledger = cls(store, keys, clock)
        ledger.append_pending()
        return ledger

    @property
    def size(self) -> int:
        """Number of events in the tree; queued ones do not count yet."""
        with self._store.read() as connection:
            return _tree.head(connection).size

    def root(self) -> str:
        """Return the root of the tree, in hex."""
        with self._store.read() as connection:
            return _tree.head(connection).root().hex()

    def record(self, connection: Connection, kind: str, key: str, body: Mapping[str, Any]) -> None:
        """Queue an event in the caller's transaction: it is in the ledger if and only if that commits.

        Args:
            connection: From `Store.begin`.
            kind: What sort of thing happened, for example `scan.finished`.
            key: What makes it unique. The same key with the same kind and body is the same event.
            body: The facts, as plain JSON: ids, digests and counts; never content, hash values or labels.

        Raises:
            EventConflict: If another event was recorded under this key.
            EventError: If the event is too long or not plain JSON.
        """
        self.record_all(connection, [(kind, key, body)])

    def record_all(self, connection: Connection, events: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Queue many events, each `(kind, key, body)`, as `record` does one."""
        _queue.put(connection, to_iso(self._clock()), events)

    def append_pending(self) -> int:
        """Append every queued event to the tree, and return how many there were.

        Raises:
            LedgerDamaged: If the stored tree is not the one that its head describes.
        """
        with self._store.read() as connection:
            if not _tree.is_pending(connection):
                return 0
        total = 0
        while True:
            with self._store.begin(alone=_WRITER) as connection:
                count = _tree.append_group(connection, self._group)
            total += count
            if count < self._group:
                return total

    def public_key(self) -> PublicKey:
        """Return the key to verify this ledger with; the first call creates it.

        Raises:
            KeyFileError: If the key is lost, unreadable, or not the one that signed so far.
        """
        with self._store.read() as connection:
            return public_key(self._signing_key(connection))

    def checkpoint(self) -> tuple[Checkpoint, str]:
        """Append what is queued, sign the tree as it stands, and keep the checkpoint.

        Returns:
            The checkpoint, and the signed note to hand to auditors.

        Raises:
            LedgerDamaged: If the stored tree does not extend the last checkpoint; nothing is signed then.
            KeyFileError: If the key is lost, unreadable, or not the one that signed so far.
        """
        self.append_pending()
        with self._store.begin(alone=_WRITER) as connection:
            key = self._signing_key(connection)
            public = public_key(key)
            head = _tree.head(connection)
            self._expect_sound(connection, head, public)
            checkpoint = Checkpoint(public.origin, head.size, head.root(), to_iso(self._clock()))
            note = checkpoint.sign(key)
            row = {"size": checkpoint.size, "key_id": public.key_id, "note": note}
            connection.execute(insert(ledger_checkpoint), row)
        return checkpoint, note

    def sign(self, context: str, data: bytes) -> bytes:
        """Sign something other than the tree with the ledger's key.

        Args:
            context: What sort of thing it is; a signature for one context is none for another.
            data: What is signed, by its digest.

        Raises:
            KeyFileError: If the key is lost, unreadable, or not the one that signed so far.
        """
        with self._store.read() as connection:
            return self._signing_key(connection).sign(signed_text(context, data))

    def prove(self, event: str) -> InclusionProof:
        """Return the proof that an event is in the ledger, under a checkpoint that covers it.

        Args:
            event: The id of the event, or its key.

        Raises:
            NotFound: If there is no such event.
            LedgerDamaged: If the stored tree does not lead to the signed root.
        """
        self.append_pending()
        with self._store.read() as connection:
            row = connection.execute(
                select(ledger_event.c.leaf, ledger_event.c.data).where(ledger_event.c.id.in_((event, event_id(event))))
            ).first()
            note = self._latest_note(connection)
        if row is None or row.leaf is None:
            raise NotFound("the ledger has no event with this id or key")
        public = self.public_key()
        if note is None or open_note(note, public).size <= row.leaf:
            _, note = self.checkpoint()
        size = open_note(note, public).size
        with self._store.read() as connection, _tree.reader(connection) as read:
            path = inclusion_path(row.leaf, size, read)
        proof = InclusionProof(decode(row.data.encode()), row.leaf, size, tuple(path), note)
        if not proof.verify(public).ok:
            raise LedgerDamaged("the stored tree does not lead to the signed root")
        return proof

    def prove_consistency(self, saved: Checkpoint) -> ConsistencyProof:
        """Return the proof that the ledger of today extends a checkpoint that somebody saved.

        Raises:
            LedgerDamaged: If it does not: it was cut, or its history was rewritten.
        """
        latest, note = self.checkpoint()
        if saved.size > latest.size:
            raise LedgerDamaged(f"the ledger has {latest.size} events; the saved checkpoint has {saved.size}")
        with self._store.read() as connection, _tree.reader(connection) as read:
            path = consistency_path(saved.size, latest.size, read)
        proof = ConsistencyProof(saved.size, saved.root, tuple(path), note)
        if not proof.verify(self.public_key()).ok:
            raise LedgerDamaged("the ledger does not extend the saved checkpoint")
        return proof

    def export(self, path: Path) -> Checkpoint:
        """Write every event and a fresh checkpoint to one file for an auditor.

        Raises:
            LedgerDamaged: If the stored events do not lead to the signed root; nothing is written then.
            UsageError: If the file cannot be written.
            StorageFull: If there is no space left.
        """
        checkpoint, note = self.checkpoint()
        write_export(self._store, path, checkpoint, note)
        return checkpoint

    def verify(self, saved: str | None = None) -> VerifyResult:
        """Verify the database against its own checkpoints, changing nothing.

        Args:
            saved: A signed checkpoint that was kept elsewhere.
        """
        key = self._keys.load()
        return verify_database(self._store, public_key(key) if key else None, saved)

    def _signing_key(self, connection: Connection) -> Ed25519PrivateKey:
        signed_by = connection.execute(
            select(ledger_checkpoint.c.key_id).order_by(ledger_checkpoint.c.seq.desc()).limit(1)
        ).scalar()
        key = self._keys.load()
        if key is None:
            if signed_by is not None:
                raise KeyFileError(
                    f"the signing key {signed_by} is missing, and this ledger has checkpoints signed with it",
                    hint="restore it from a backup; a new key is not created in its place",
                )
            key = self._keys.create()
        if signed_by not in (None, public_key(key).key_id):
            raise KeyFileError(
                f"the signing key is {public_key(key).key_id}, but this ledger was signed with {signed_by}",
                hint="restore the right key from a backup",
            )
        return key

    def _expect_sound(self, connection: Connection, head: Frontier, key: PublicKey) -> None:
        """Refuse to sign a tree whose parts disagree, or that forks from what was signed before."""
        note = self._latest_note(connection)
        with _tree.reader(connection) as read:
            if root_at(head.size, read) != head.root():
                raise LedgerDamaged("the stored tree and its head disagree; nothing was signed")
            if note is not None:
                last = open_note(note, key)
                if last.size > head.size or root_at(last.size, read) != last.root:
                    raise LedgerDamaged("the stored tree does not extend its last checkpoint; nothing was signed")

    @staticmethod
    def _latest_note(connection: Connection) -> str | None:
        newest = ledger_checkpoint.c.size.desc(), ledger_checkpoint.c.seq.desc()
        note: str | None = connection.execute(select(ledger_checkpoint.c.note).order_by(*newest).limit(1)).scalar()
        return note


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """Open the store and the ledger that the settings name, repaired, for the length of a block.

    Raises:
        StoreError: If the database cannot be used.
    """
    with open_store(settings) as store:
        yield Ledger.open(store, KeyFile(settings.home / "keys"))


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name, in a private state directory."""
    settings.directory()
    return Store.open(settings.database_url)
