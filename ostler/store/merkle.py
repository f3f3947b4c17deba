"""The Merkle tree of RFC 9162, section 2.1: heads, inclusion proofs, consistency proofs. Pure.

A frontier is the roots of the perfect subtrees that a tree of some size consists of, largest first:
one for each 1 in the size's binary form. It is all that is needed to append and to give the head.
"""

import hashlib
from collections.abc import Iterable, Sequence

Hash = bytes
Frontier = tuple[Hash, ...]


def leaf_hash(content: bytes) -> Hash:
    """The hash of a leaf; the prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def pushed(frontier: Frontier, size: int, leaf: Hash) -> Frontier:
    """The frontier of a tree of `size` leaves after one more; its last root ends at that leaf."""
    kept, root = list(frontier), leaf
    while size & 1:
        root = node_hash(kept.pop(), root)
        size >>= 1
    return (*kept, root)


def frontier_ends(size: int) -> tuple[int, ...]:
    """The index of the last leaf of each perfect subtree in a tree of `size` leaves."""
    ends: list[int] = []
    covered = 0
    for power in reversed(range(size.bit_length())):
        if size >> power & 1:
            covered += 1 << power
            ends.append(covered - 1)
    return tuple(ends)


def root_of_frontier(frontier: Frontier) -> Hash:
    """The head of the tree that the frontier describes."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    *rest, root = frontier
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def root_of(leaves: Iterable[Hash]) -> Hash:
    """The head of the tree with these leaf hashes."""
    frontier: Frontier = ()
    for size, leaf in enumerate(leaves):
        frontier = pushed(frontier, size, leaf)
    return root_of_frontier(frontier)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


Range = tuple[int, int]
"""Leaves from the first, up to but without the second."""


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The ranges whose roots lead from leaf `index` to the head, lowest first (IndexError)."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    found: list[Range] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            found.append((middle, last))
            last = middle
        else:
            found.append((first, middle))
            first = middle
    return tuple(reversed(found))


def consistency_ranges(old: int, size: int) -> tuple[Range, ...]:
    """The ranges whose roots show that the tree of `old` leaves grew into that of `size`."""
    if not 0 < old <= size:
        raise IndexError(f"tree of {old} in a tree of {size}")
    found: list[Range] = []
    first, last = 0, size
    while old < last:
        middle = first + _split(last - first)
        if old <= middle:
            found.append((middle, last))
            last = middle
        else:
            found.append((first, middle))
            first = middle
    # A verifier has the old root already; of any other subtree it has to be told.
    own = ((first, last),) if first else ()
    return (*own, *reversed(found))


def inclusion_proof(index: int, leaves: Sequence[Hash]) -> tuple[Hash, ...]:
    """The hashes that lead from leaf `index` to the head, lowest first."""
    ranges = inclusion_ranges(index, len(leaves))
    return tuple(root_of(leaves[first:last]) for first, last in ranges)


def consistency_proof(first: int, leaves: Sequence[Hash]) -> tuple[Hash, ...]:
    """The hashes that show that the tree of the `first` leaves grew into the tree of all."""
    ranges = consistency_ranges(first, len(leaves))
    return tuple(root_of(leaves[start:end]) for start, end in ranges)


def includes(index: int, size: int, leaf: Hash, proof: Sequence[Hash], root: Hash) -> bool:
    """Whether the proof shows that `leaf` stands at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(step, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, step)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def extends(
    first: int, second: int, first_root: Hash, second_root: Hash, proof: Sequence[Hash]
) -> bool:
    """Whether the proof shows that the second tree only added to the first (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return first_root == second_root and not proof
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, step)
        here, last = here >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
