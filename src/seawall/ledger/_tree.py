"""The tree in the database: its head, its tiles, and the one step that makes it grow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, tuple_, update

from seawall.ledger.errors import LedgerDamaged
from seawall.ledger.merkle import Frontier, NodeReader, leaf_hash
from seawall.ledger.tiles import Address, TileEdge, edge_addresses, node_reader
from seawall.store import insert_or_replace
from seawall.store.tables import ledger_event, ledger_head, ledger_tile

# 256 events of the largest size are 64 MiB.
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row of the tree: position, id of the event, and its canonical form."""

    index: int
    id: str
    data: bytes


def head(connection: Connection) -> Frontier:
    """Return the tree as far as its head describes it.

    Raises:
        LedgerDamaged: If the head is missing or cannot be that of a tree.
    """
    row = connection.execute(select(ledger_head.c.size, ledger_head.c.frontier)).first()
    if row is None:
        raise LedgerDamaged("the head of the tree is missing")
    try:
        return Frontier(row.size, row.frontier)
    except ValueError as error:
        raise LedgerDamaged(str(error)) from None


def append_group(connection: Connection, limit: int) -> int:
    """Append up to `limit` queued events in the order they were queued, and return how many.

    Args:
        connection: A write transaction; the caller makes sure that it is the only one that appends.
        limit: At most this many.

    Raises:
        LedgerDamaged: If the stored tiles are not those of the head.
    """
    queued = (
        select(ledger_event.c.seq, ledger_event.c.data)
        .where(ledger_event.c.leaf.is_(None))
        .order_by(ledger_event.c.seq)
        .limit(limit)
    )
    events = connection.execute(queued).all()
    if not events:
        return 0
    frontier = head(connection)
    edge = _edge(connection, frontier.size)
    hashes = [leaf_hash(event.data.encode()) for event in events]
    places = [{"of": event.seq, "place": frontier.size + at} for at, event in enumerate(events)]
    connection.execute(
        update(ledger_event).where(ledger_event.c.seq == bindparam("of")).values(leaf=bindparam("place")), places
    )
    changed = edge.extend(hashes)
    insert_or_replace(
        connection,
        ledger_tile,
        [{"level": level, "tile": tile, "hashes": data} for (level, tile), data in changed.items()],
    )
    frontier.extend(hashes)
    connection.execute(update(ledger_head).values(size=frontier.size, frontier=frontier.to_bytes()))
    return len(events)


def is_pending(connection: Connection) -> bool:
    """Return whether an event waits for its place in the tree."""
    waiting = select(ledger_event.c.seq).where(ledger_event.c.leaf.is_(None)).limit(1)
    return connection.execute(waiting).first() is not None


def leaves(connection: Connection, start: int, stop: int) -> Iterator[Leaf]:
    """Read the leaves from `start` to before `stop` in order, a bounded number at a time.

    Stops early where a leaf is missing; the reader must notice.
    """
    while start < stop:
        columns = select(ledger_event.c.leaf, ledger_event.c.id, ledger_event.c.data)
        wanted = columns.where(ledger_event.c.leaf >= start).order_by(ledger_event.c.leaf).limit(_CHUNK)
        rows = connection.execute(wanted).all()
        for row in rows:
            if row.leaf != start or start == stop:
                return
            yield Leaf(row.leaf, row.id, row.data.encode())
            start += 1
        if not rows:
            return


@contextmanager
def reader(connection: Connection) -> Iterator[NodeReader]:
    """Read subtree roots within one transaction.

    Raises:
        LedgerDamaged: If a tile that is read lacks hashes.
    """

    def load(address: Address) -> bytes:
        level, tile = address
        row = select(ledger_tile.c.hashes).where(ledger_tile.c.level == level, ledger_tile.c.tile == tile)
        return connection.execute(row).scalar() or b""

    try:
        yield node_reader(load)
    except ValueError as error:
        raise LedgerDamaged(str(error)) from None


def _edge(connection: Connection, size: int) -> TileEdge:
    wanted = tuple_(ledger_tile.c.level, ledger_tile.c.tile).in_(edge_addresses(size))
    rows = connection.execute(select(ledger_tile).where(wanted))
    try:
        return TileEdge(size, {(row.level, row.tile): row.hashes for row in rows})
    except ValueError as error:
        raise LedgerDamaged(str(error)) from None
