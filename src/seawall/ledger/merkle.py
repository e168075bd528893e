"""The Merkle tree of RFC 6962, section 2.1, as pure functions over SHA-256.

`Frontier` grows a tree by one leaf at a time in O(log n) memory. Proofs ask a `NodeReader` only for the roots of
complete, aligned subtrees, so that a store may keep those and answer in O(log n) reads.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""`(level, index) -> hash` of the complete subtree over leaves `index << level` up to `(index + 1) << level`."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its children."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree: its size, and the roots of its complete subtrees from left to right.

    Attributes:
        size: Number of leaves.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Take up a tree where `to_bytes` left it.

        Args:
            size: Number of leaves.
            peaks: The subtree roots, 32 bytes each.

        Raises:
            ValueError: If there are not as many roots as a tree of that size has.
        """
        if size < 0 or len(peaks) != HASH_BYTES * size.bit_count():
            raise ValueError("the frontier does not fit the size of the tree")
        self.size = size
        self._peaks = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        node, rest = leaf, self.size
        while rest & 1:
            node = node_hash(self._peaks.pop(), node)
            rest >>= 1
        self._peaks.append(node)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """Add leaves by their hashes, and return this tree."""
        for leaf in leaves:
            self.append(leaf)
        return self

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the subtree roots, 32 bytes each, left to right."""
        return b"".join(self._peaks)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree from the hashes of its leaves."""
    return Frontier().extend(leaves).root()


def root_at(size: int, read: NodeReader) -> bytes:
    """Return the root that the tree had at `size` leaves."""
    return _range_root(0, size, read) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Return the audit path of a leaf in the tree of `size` leaves, from the leaf up (RFC 6962, 2.1.1).

    Raises:
        ValueError: If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, read: NodeReader) -> list[bytes]:
    """Return the proof that the tree of `new` leaves extends that of `old` (RFC 6962, 2.1.2).

    Raises:
        ValueError: Unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree extends only a smaller one")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    if start:
        path.append(_range_root(start, end, read))
    return path[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2).

    Args:
        leaf: Hash of the leaf.
        index: Its position.
        size: Number of leaves of the tree.
        path: The audit path, from the leaf up.

    Raises:
        ValueError: If the path cannot belong to that position in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    node, position, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            raise ValueError("the audit path is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ValueError("the audit path is too short")
    return node


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that one tree extends another (RFC 9162, 2.1.4.2).

    Args:
        old: Size of the earlier tree.
        old_root: Its root.
        new: Size of the later tree.
        new_root: Its root.
        path: The proof, as `consistency_path` returns it.
    """
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    nodes = list(path)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_node = new_node = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = node_hash(node, old_node)
            new_node = node_hash(node, new_node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_node = node_hash(new_node, node)
        position >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and new_node == new_root


def _split(length: int) -> int:
    """The largest power of two below `length`, which is at least 2."""
    return 1 << (length - 1).bit_length() - 1


def _range_root(start: int, end: int, read: NodeReader) -> bytes:
    length = end - start
    if length & (length - 1) == 0:
        level = length.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(length)
    return node_hash(_range_root(start, middle, read), _range_root(middle, end, read))
