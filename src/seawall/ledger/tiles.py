"""How the tree is kept: tiles of up to 256 hashes, so that a group of events rewrites a handful of rows.

Tile `(level, tile)` holds the roots of the complete subtrees of 256**level leaves numbered from `256 * tile` on.
Hashes within a full tile never change; a proof reads one or two tiles a level and works out what lies between.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from seawall.ledger.merkle import HASH_BYTES, NodeReader, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES

Address = tuple[int, int]


def edge_addresses(size: int) -> list[Address]:
    """Return the tiles of a tree of `size` leaves that are begun and not full, one a level at most."""
    addresses = []
    level = 0
    while count := size >> HEIGHT * level:
        if count % WIDTH:
            addresses.append((level, count >> HEIGHT))
        level += 1
    return addresses


def tile_count(size: int) -> int:
    """Return how many tiles a tree of `size` leaves has."""
    total = 0
    while size:
        total += -(-size // WIDTH)
        size >>= HEIGHT
    return total


def hash_count(size: int) -> int:
    """Return how many hashes the tiles of a tree of `size` leaves hold."""
    total = 0
    while size:
        total += size
        size >>= HEIGHT
    return total


class TileEdge:
    """The right edge of a growing tree.

    Attributes:
        size: Number of leaves.
        tiles: The tiles that are begun and not full.
    """

    __slots__ = ("size", "tiles")

    def __init__(self, size: int, tiles: Mapping[Address, bytes]) -> None:
        """Take up a tree.

        Args:
            size: Number of leaves.
            tiles: The tiles at `edge_addresses(size)`.

        Raises:
            ValueError: If a tile is missing, or holds more or fewer hashes than it must.
        """
        self.size = size
        self.tiles: dict[Address, bytes] = {}
        for level, tile in edge_addresses(size):
            hashes = tiles.get((level, tile), b"")
            if len(hashes) != (size >> HEIGHT * level) % WIDTH * HASH_BYTES:
                raise ValueError("the stored tiles do not fit the size of the tree")
            self.tiles[level, tile] = hashes

    def extend(self, leaves: Sequence[bytes]) -> dict[Address, bytes]:
        """Add leaves by their hashes, and return every tile that changed."""
        changed: dict[Address, bytes] = {}
        level, hashes = 0, list(leaves)
        while hashes:
            first = self.size >> HEIGHT * (level + 1)
            data = self.tiles.pop((level, first), b"") + b"".join(hashes)
            hashes = []
            for at in range(0, len(data), TILE_BYTES):
                address = (level, first + at // TILE_BYTES)
                tile = changed[address] = data[at : at + TILE_BYTES]
                if len(tile) == TILE_BYTES:
                    hashes.append(_root(tile))
                else:
                    self.tiles[address] = tile
            level += 1
        self.size += len(leaves)
        return changed


def node_reader(load: Callable[[Address], bytes]) -> NodeReader:
    """Return a reader of subtree roots over stored tiles, which loads each tile once.

    Args:
        load: Returns a tile's hashes, or fewer bytes than are needed if it is damaged.

    Raises:
        ValueError: From the reader, if a tile lacks the hashes that are asked of it.
    """
    cache: dict[Address, bytes] = {}

    def read(level: int, index: int) -> bytes:
        height, within = divmod(level, HEIGHT)
        start = index << within
        address = (height, start >> HEIGHT)
        if address not in cache:
            cache[address] = load(address)
        at = start % WIDTH * HASH_BYTES
        part = cache[address][at : at + (HASH_BYTES << within)]
        if len(part) != HASH_BYTES << within:
            raise ValueError("a stored tile lacks hashes")
        return _root(part)

    return read


def _root(hashes: bytes) -> bytes:
    row: Iterable[bytes] = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    nodes = list(row)
    while len(nodes) > 1:
        nodes = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
    return nodes[0]
