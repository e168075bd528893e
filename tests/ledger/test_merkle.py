"""The tree against the recursive definitions of RFC 6962, and what verification refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    NodeReader,
    consistency_path,
    inclusion_path,
    is_consistent,
    leaf_hash,
    node_hash,
    root_at,
    root_from_inclusion,
    tree_root,
)
from seawall.ledger.tiles import TileEdge, edge_addresses, node_reader, tile_count

SIZES = st.integers(0, 130)
LEAVES = [leaf_hash(str(number).encode()) for number in range(131)]


def _below(length: int) -> int:
    power = 1
    while power * 2 < length:
        power *= 2
    return power


def rfc_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = _below(len(leaves))
    return node_hash(rfc_root(leaves[:k]), rfc_root(leaves[k:]))


def rfc_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _below(len(leaves))
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [rfc_root(leaves)]
    k = _below(len(leaves))
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], whole), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), rfc_root(leaves[:k])]


def _reader(size: int) -> NodeReader:
    tiles = TileEdge(0, {}).extend(LEAVES[:size])
    return node_reader(lambda address: tiles.get(address, b""))


@given(SIZES)
def test_the_root_is_that_of_the_recursion(size: int) -> None:
    assert tree_root(LEAVES[:size]) == root_at(size, _reader(130)) == rfc_root(LEAVES[:size])


@given(SIZES, SIZES)
def test_a_frontier_that_was_put_away_grows_as_if_it_had_not_been(first: int, second: int) -> None:
    size = min(first, second)
    before = Frontier().extend(LEAVES[:size])
    after = Frontier(size, before.to_bytes()).extend(LEAVES[size : max(first, second)])
    assert after.root() == rfc_root(LEAVES[: max(first, second)])


@given(st.integers(1, 130).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_an_audit_path_is_that_of_the_recursion_and_leads_to_the_root(place: tuple[int, int]) -> None:
    index, size = place
    path = inclusion_path(index, size, _reader(130))
    assert path == rfc_path(index, LEAVES[:size])
    assert root_from_inclusion(LEAVES[index], index, size, path) == rfc_root(LEAVES[:size])


@given(SIZES, SIZES)
def test_a_consistency_proof_is_that_of_the_recursion_and_holds(first: int, second: int) -> None:
    old, new = sorted((first, second))
    path = consistency_path(old, new, _reader(130))
    assert path == (rfc_subproof(old, LEAVES[:new], True) if old else [])
    assert is_consistent(old, rfc_root(LEAVES[:old]), new, rfc_root(LEAVES[:new]), path)


@given(st.integers(2, 130), st.data())
def test_no_other_place_size_or_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = rfc_path(index, LEAVES[:size])
    root = rfc_root(LEAVES[:size])
    other = data.draw(st.integers(0, size - 1).filter(lambda value: value != index))
    broken = data.draw(st.integers(0, len(path) - 1))
    wrong = [
        (LEAVES[index], other, size, path),
        (LEAVES[other], index, size, path),
        (LEAVES[index], index, size, path[:-1]),
        (LEAVES[index], index, size, [*path, root]),
        (LEAVES[index], index, size, [*path[:broken], LEAVES[130], *path[broken + 1 :]]),
    ]
    for leaf, at, count, nodes in wrong:
        try:
            assert root_from_inclusion(leaf, at, count, nodes) != root
        except ValueError:
            continue


@given(SIZES, SIZES, st.data())
def test_a_rewritten_history_is_never_consistent(first: int, second: int, data: st.DataObject) -> None:
    old, new = sorted((max(first, 1), max(second, 1)))
    changed = list(LEAVES[:new])
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"another")
    path = rfc_subproof(old, changed, True)
    assert not is_consistent(old, rfc_root(LEAVES[:old]), new, rfc_root(changed), path)


@given(SIZES, SIZES, st.lists(st.sampled_from(LEAVES[:9]), max_size=9))
def test_verifying_nonsense_is_refused_and_never_crashes(first: int, second: int, path: list[bytes]) -> None:
    if first != second and first:
        assert not is_consistent(first, LEAVES[10], second, LEAVES[11], path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_a_leaf_that_is_not_there_has_no_path(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_path(index, size, _reader(130))
    with pytest.raises(ValueError, match="no such leaf"):
        root_from_inclusion(LEAVES[0], index, size, [])


def test_a_tree_cannot_extend_a_larger_one() -> None:
    with pytest.raises(ValueError, match="smaller"):
        consistency_path(4, 3, _reader(130))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.data())
def test_tiles_grown_in_any_groups_answer_for_every_earlier_size(groups: list[int], data: st.DataObject) -> None:
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(sum(groups))]
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for group in groups:
        edge = TileEdge(size, {address: tiles[address] for address in edge_addresses(size)})
        tiles |= edge.extend(leaves[size : size + group])
        size += group
    assert len(tiles) == tile_count(size)
    read = node_reader(tiles.__getitem__)
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, old - 1))
    root = tree_root(leaves[:old])
    assert root_at(old, read) == root
    assert root_from_inclusion(leaves[index], index, old, inclusion_path(index, old, read)) == root
    assert is_consistent(old, root, size, tree_root(leaves), consistency_path(old, size, read))


def test_three_levels_of_tiles_agree_with_the_frontier() -> None:
    size = 256 * 256 + 300
    leaves = [number.to_bytes(32, "big") for number in range(size)]
    tiles = TileEdge(0, {}).extend(leaves)
    assert {level for level, _ in tiles} == {0, 1, 2}
    assert root_at(size, node_reader(tiles.__getitem__)) == tree_root(leaves)


def test_a_proof_reads_a_few_tiles_however_large_the_tree() -> None:
    size = 256 * 256 + 300
    tiles = TileEdge(0, {}).extend([number.to_bytes(32, "big") for number in range(size)])
    loaded: list[tuple[int, int]] = []

    def load(address: tuple[int, int]) -> bytes:
        loaded.append(address)
        return tiles[address]

    inclusion_path(12345, size, node_reader(load))
    assert len(loaded) <= 6


def test_tiles_that_do_not_fit_are_refused() -> None:
    tiles = TileEdge(0, {}).extend(LEAVES[:5])
    with pytest.raises(ValueError, match="do not fit"):
        TileEdge(6, tiles)
    with pytest.raises(ValueError, match="lacks hashes"):
        inclusion_path(0, 9, node_reader(lambda address: tiles[address]))
    with pytest.raises(ValueError, match="frontier"):
        Frontier(3, b"x" * 32)
