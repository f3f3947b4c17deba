"""Laws of the tree, against the recursive definitions of RFC 9162."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.store import merkle
from ostler.store.merkle import Hash

LEAVES = st.lists(st.binary(max_size=4).map(merkle.leaf_hash), min_size=1, max_size=70)


def naive_root(leaves: list[Hash]) -> Hash:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    below = naive_root(leaves[:split]) + naive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + below).digest()


def test_the_empty_tree_and_the_leaf_prefix_are_those_of_the_standard() -> None:
    assert merkle.root_of([]) == hashlib.sha256(b"").digest()
    assert merkle.leaf_hash(b"") == hashlib.sha256(b"\x00").digest()


@given(LEAVES)
def test_growing_leaf_by_leaf_gives_the_recursive_root(leaves: list[Hash]) -> None:
    assert merkle.root_of(leaves) == naive_root(leaves)


@given(LEAVES)
def test_the_subtrees_that_end_at_the_named_leaves_are_the_frontier(leaves: list[Hash]) -> None:
    frontier: merkle.Frontier = ()
    subtrees: list[Hash] = []
    for size, leaf in enumerate(leaves):
        frontier = merkle.pushed(frontier, size, leaf)
        subtrees.append(frontier[-1])
    assert tuple(subtrees[end] for end in merkle.frontier_ends(len(leaves))) == frontier


@given(LEAVES, st.data())
def test_a_leaf_is_included_where_it_stands_and_nowhere_else(
    leaves: list[Hash], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = merkle.inclusion_proof(index, leaves), merkle.root_of(leaves)
    assert merkle.includes(index, len(leaves), leaves[index], proof, root)
    assert not merkle.includes(index, len(leaves), merkle.leaf_hash(b"other"), proof, root)
    assert not merkle.includes(len(leaves), len(leaves), leaves[index], proof, root)
    assert not merkle.includes(index, len(leaves), leaves[index], (*proof, root), root)
    assert not merkle.includes(index, len(leaves), leaves[index], proof, merkle.leaf_hash(root))


@given(LEAVES, st.data())
def test_a_tree_extends_its_own_beginnings_and_no_others(
    leaves: list[Hash], data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, len(leaves)))
    old, new = merkle.root_of(leaves[:first]), merkle.root_of(leaves)
    proof = merkle.consistency_proof(first, leaves)
    assert merkle.extends(first, len(leaves), old, new, proof)
    forged = merkle.root_of([merkle.leaf_hash(b"forged"), *leaves[1:first]])
    assert not merkle.extends(first, len(leaves), forged, new, proof) or forged == old
    assert not merkle.extends(first, len(leaves), old, merkle.leaf_hash(new), proof)
    assert not merkle.extends(len(leaves) + 1, len(leaves), old, new, proof)


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(index, [b"a", b"b"])
