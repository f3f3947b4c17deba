"""Proofs from the hashes that entries carry, without reading the log: `log n` steps of `log n`.

An entry's `subtree` is the root of the largest perfect subtree that ends at it; every other node of
the tree is a few of these put together. Whether they are right only `ostler audit verify` can say,
which grows the tree again; a proof that was made of wrong ones does not hold.
"""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from ostler.core.errors import VerificationFailed
from ostler.store.merkle import (
    Hash,
    Range,
    consistency_ranges,
    frontier_ends,
    inclusion_ranges,
    node_hash,
    root_of_frontier,
)
from ostler.store.models import AuditEntryRow

_AT_ONCE = 500


def inclusion(session: Session, index: int, size: int) -> tuple[Hash, ...]:
    """The hashes that lead from an entry to the head of the first `size` (IndexError)."""
    return _roots(session, inclusion_ranges(index, size))


def consistency(session: Session, old: int, size: int) -> tuple[Hash, ...]:
    """The hashes that show that the log of `old` entries grew into that of `size` (IndexError)."""
    return _roots(session, consistency_ranges(old, size))


def root_at(session: Session, size: int) -> Hash:
    """The head of the first `size` entries (VerificationFailed when some are missing)."""
    if size == 0:
        return root_of_frontier(())
    [root] = _roots(session, [(0, size)])
    return root


def _roots(session: Session, ranges: Sequence[Range]) -> tuple[Hash, ...]:
    parts = [tuple(_perfect(first, last)) for first, last in ranges]
    known = _stored(session, sorted({n for many in parts for part in many for n in _needed(*part)}))
    return tuple(root_of_frontier(tuple(_node(known, *part) for part in many)) for many in parts)


def _perfect(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees of a range that begins where one begins: last leaf, and height."""
    before = first
    for end in frontier_ends(last - first):
        size = first + end + 1 - before
        yield first + end, size.bit_length() - 1
        before += size


def _needed(end: int, height: int) -> Iterator[int]:
    """The entries whose hashes make up the subtree of a height that ends at `end`."""
    yield end
    # The entry at its end carries a larger one: what is on the left of each smaller one is joined.
    if end >> height & 1:
        for level in range(height):
            yield end - (1 << level)


def _node(known: dict[int, tuple[Hash, Hash]], end: int, height: int) -> Hash:
    leaf, subtree = known[end]
    if not end >> height & 1:
        return subtree
    node = leaf
    for level in range(height):
        node = node_hash(known[end - (1 << level)][1], node)
    return node


def _stored(session: Session, indexes: Sequence[int]) -> dict[int, tuple[Hash, Hash]]:
    """Leaf and subtree of some entries."""
    found: dict[int, tuple[Hash, Hash]] = {}
    for start in range(0, len(indexes), _AT_ONCE):
        some = indexes[start : start + _AT_ONCE]
        query = select(AuditEntryRow.index, AuditEntryRow.leaf, AuditEntryRow.subtree).where(
            col(AuditEntryRow.index).in_(some)
        )
        try:
            found |= {i: (bytes.fromhex(a), bytes.fromhex(b)) for i, a, b in session.exec(query)}
        except ValueError as error:
            raise VerificationFailed(
                "a hash of the audit log is none", "`ostler audit verify` names it"
            ) from error
    if len(found) != len(indexes):
        missing = next(index for index in indexes if index not in found)
        raise VerificationFailed(
            f"entry {missing} of the audit log is missing", "`ostler audit verify` names all"
        )
    return found
