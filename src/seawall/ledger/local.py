"""Verifying the operator's own database: every event, tile and checkpoint, against the signed roots.

Reads one snapshot, changes nothing, and stops at the first thing that does not fit, naming the events between
which it lies.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select, tuple_

from seawall.ledger import _tree
from seawall.ledger.audit import compare_saved
from seawall.ledger.errors import EventError, KeyFileError, LedgerDamaged, NoteError
from seawall.ledger.events import decode
from seawall.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash
from seawall.ledger.notes import Checkpoint, PublicKey, open_note
from seawall.ledger.results import Failure, Fault, VerifyResult
from seawall.ledger.tiles import WIDTH, Address, TileEdge, hash_count, tile_count
from seawall.store import Store
from seawall.store.tables import ledger_checkpoint, ledger_event, ledger_tile


class _Broken(Exception):
    def __init__(self, fault: Fault, message: str) -> None:
        self.failure = Failure(fault, message)


def verify_database(store: Store, key: PublicKey | None, saved: str | None) -> VerifyResult:
    """Verify the ledger in a store.

    Args:
        store: The database.
        key: The local public key; None if none was ever created.
        saved: A signed checkpoint that was kept elsewhere.

    Raises:
        KeyFileError: If there is no key, and something that only a key can check.
    """
    try:
        with store.read() as connection:
            return _Verification(connection, key, saved).run()
    except _Broken as broken:
        return VerifyResult((broken.failure,))
    except LedgerDamaged as error:
        return VerifyResult((Failure(Fault.INDEX, error.message),))


class _Verification:
    """One pass over the snapshot that a connection sees."""

    def __init__(self, connection: Connection, key: PublicKey | None, saved: str | None) -> None:
        self._connection = connection
        self._key = key
        self._saved = self._open(saved, Fault.SAVED_CHECKPOINT) if saved is not None else None
        self._frontier = Frontier()
        self._edge = TileEdge(0, {})
        self._hashes: list[bytes] = []
        self._signed = (0, EMPTY_ROOT)
        self._root_then: bytes | None = None
        self._misfit = ""

    def run(self) -> VerifyResult:
        """Go through all the leaves, then compare the ends."""
        head = _tree.head(self._connection)
        checkpoints = self._checkpoints()
        expected = next(checkpoints, None)
        self._keep_saved_root()
        while expected is not None and expected.size == 0:
            expected = self._meet(expected, checkpoints)
        for leaf in _tree.leaves(self._connection, 0, head.size):
            self._take(leaf)
            while expected is not None and expected.size == self._frontier.size:
                expected = self._meet(expected, checkpoints)
        size = self._frontier.size
        if size != head.size:
            raise _Broken(Fault.GAP, f"event {size} of {head.size} is missing")
        if expected is not None:
            raise _Broken(Fault.TRUNCATED, f"it has {size} events; a checkpoint was signed at {expected.size}")
        if self._frontier.root() != head.root():
            raise self._changed(size)
        self._expect_tiles(size)
        failures = compare_saved(self._saved, size, self._root_then) if self._saved else ()
        if failures:
            return VerifyResult(failures)
        signed, root = self._signed
        if self._saved and self._saved.size > signed:
            signed, root = self._saved.size, self._saved.root
        saved = self._saved.size if self._saved else None
        return VerifyResult((), signed, root.hex(), size - signed, saved)

    def _take(self, leaf: _tree.Leaf) -> None:
        try:
            event = decode(leaf.data)
        except EventError as error:
            raise _Broken(Fault.MALFORMED, f"event {leaf.index}: {error.message}") from None
        if event.id != leaf.id:
            raise _Broken(Fault.INDEX, f"event {leaf.index} is filed under the id of another")
        digest = leaf_hash(leaf.data)
        self._frontier.append(digest)
        self._keep_saved_root()
        self._hashes.append(digest)
        if len(self._hashes) == WIDTH:
            self._compare_tiles()

    def _meet(self, expected: Checkpoint, rest: Iterator[Checkpoint]) -> Checkpoint | None:
        root = self._frontier.root()
        if root != expected.root:
            raise self._changed(expected.size)
        self._signed = (expected.size, root)
        return next(rest, None)

    def _changed(self, size: int) -> _Broken:
        self._compare_tiles(whole=False)
        where = self._misfit or f"somewhere from event {self._signed[0]} to before {size}"
        return _Broken(Fault.CHANGED, f"an event was edited, replaced or moved after it was recorded: {where}")

    def _keep_saved_root(self) -> None:
        if self._saved and self._saved.size == self._frontier.size:
            self._root_then = self._frontier.root()

    def _checkpoints(self) -> Iterator[Checkpoint]:
        place = tuple_(ledger_checkpoint.c.size, ledger_checkpoint.c.seq)
        last = (-1, -1)
        while rows := self._connection.execute(
            select(ledger_checkpoint).where(place > last).order_by(*place).limit(WIDTH)
        ).all():
            for row in rows:
                checkpoint = self._open(row.note, Fault.CHECKPOINT)
                if checkpoint.size != row.size:
                    message = f"the checkpoint filed at {row.size} was signed at {checkpoint.size}"
                    raise _Broken(Fault.CHECKPOINT, message)
                yield checkpoint
            last = (rows[-1].size, rows[-1].seq)

    def _open(self, note: str, fault: Fault) -> Checkpoint:
        if self._key is None:
            raise KeyFileError(
                "there are checkpoints to verify, and the signing key is missing", hint="restore it from a backup"
            )
        try:
            return open_note(note, self._key)
        except NoteError as error:
            raise _Broken(fault, error.message) from None

    def _compare_tiles(self, *, whole: bool = True) -> None:
        changed = self._edge.extend(self._hashes)
        self._hashes.clear()
        for address, hashes in changed.items():
            # A tile that is still growing is compared when it is full, or at the end.
            if not whole or address not in self._edge.tiles:
                self._compare(address, hashes)

    def _compare(self, address: Address, hashes: bytes) -> None:
        level, tile = address
        row = select(ledger_tile.c.hashes).where(ledger_tile.c.level == level, ledger_tile.c.tile == tile)
        stored = self._connection.execute(row).scalar() or b""
        if stored[: len(hashes)] == hashes or self._misfit:
            return
        self._misfit = f"the stored hashes of level {level}, tile {tile} differ"
        if level == 0 and len(stored) >= len(hashes):
            at = next(at for at in range(len(hashes)) if stored[at] != hashes[at]) // HASH_BYTES
            self._misfit = f"event {tile * WIDTH + at} does not fit its stored hash"

    def _expect_tiles(self, size: int) -> None:
        self._compare_tiles()
        for address, hashes in self._edge.tiles.items():
            self._compare(address, hashes)
        if self._misfit:
            raise _Broken(Fault.INDEX, f"{self._misfit}; the events themselves are those that were recorded")
        tiles = select(func.count(), func.sum(func.length(ledger_tile.c.hashes))).select_from(ledger_tile)
        beyond = select(func.count()).select_from(ledger_event).where(ledger_event.c.leaf >= size)
        stored = tuple(self._connection.execute(tiles).one())
        if stored != (tile_count(size), hash_count(size) * HASH_BYTES or None) or self._connection.scalar(beyond):
            raise _Broken(Fault.INDEX, "the database holds rows that are not part of the tree")
